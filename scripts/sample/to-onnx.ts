/**
 * The trained network as an ONNX model. It must not know training or files.
 * BatchNormalization stays a node of its own: the sample is there to show what folding does.
 */
import { spanOf } from '../../src/core/bytes/spans.ts';
import type { Attribute, Dimension, Model, Node, Tensor, ValueInfo } from '../../src/core/onnx/ir.ts';
import { NORM_EPSILON, type Parameter } from './layers.ts';
import type { Floats } from './gemm.ts';
import type { ConvStage, Network } from './network.ts';

export const INPUT_NAME = 'image';
export const OUTPUT_NAME = 'logits';
/** Opset 17 and IR 8: what onnxruntime has read since 1.12. */
const OPSET = 17;
const IR_VERSION = 8;

const node = (
  name: string,
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Attribute[] = [],
): Node => ({ name, opType, domain: '', overload: '', inputs, outputs: [output], attributes, docString: '' });

const ints = (name: string, values: readonly number[]): Attribute => ({
  name,
  kind: 'ints',
  value: values.map(BigInt),
});
const int = (name: string, value: number): Attribute => ({ name, kind: 'int', value: BigInt(value) });
const float = (name: string, value: number): Attribute => ({ name, kind: 'float', value });

function tensor(name: string, dims: readonly number[], values: Floats): Tensor {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(i * 4, value, true));
  return { name, dataType: 'float32', dims, data: { kind: 'raw', bytes: spanOf(bytes) }, docString: '' };
}

const weight = (p: Parameter): Tensor => tensor(p.name, p.dims, p.value);

const value = (name: string, shape: readonly Dimension[]): ValueInfo => ({
  name,
  type: { kind: 'tensor', elementType: 'float32', shape },
  docString: '',
});

function stageNodes(
  stage: ConvStage,
  input: string,
): { nodes: Node[]; initializers: Tensor[]; output: string } {
  const { name, norm } = stage;
  const kernel = stage.weight.dims.slice(2);
  const padding = kernel[0] === 3 ? 1 : 0;
  const mean = tensor(`${name}.norm.mean`, norm.scale.dims, norm.runningMean);
  const variance = tensor(`${name}.norm.variance`, norm.scale.dims, norm.runningVariance);
  const convolved = `${name}.conv`;
  const normalized = `${name}.normalized`;
  const output = `${name}.out`;
  return {
    output,
    initializers: [weight(stage.weight), weight(norm.scale), weight(norm.bias), mean, variance],
    nodes: [
      node(`${name}/conv`, 'Conv', [input, stage.weight.name], convolved, [
        ints('dilations', [1, 1]),
        int('group', stage.groups),
        ints('kernel_shape', kernel),
        ints('pads', [padding, padding, padding, padding]),
        ints('strides', [stage.stride, stage.stride]),
      ]),
      node(
        `${name}/norm`,
        'BatchNormalization',
        [convolved, norm.scale.name, norm.bias.name, mean.name, variance.name],
        normalized,
        [float('epsilon', NORM_EPSILON)],
      ),
      node(`${name}/relu`, 'Relu', [normalized], output),
    ],
  };
}

/** Conv → BatchNormalization → Relu for every stage, then GlobalAveragePool → Flatten → Gemm. */
export function toOnnx(network: Network, description: string): Model {
  const { input, classes } = network.plan;
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  let at = INPUT_NAME;
  for (const stage of network.stages) {
    const part = stageNodes(stage, at);
    nodes.push(...part.nodes);
    initializers.push(...part.initializers);
    at = part.output;
  }
  const { head } = network;
  nodes.push(
    node('pool', 'GlobalAveragePool', [at], 'pooled'),
    node('flatten', 'Flatten', ['pooled'], 'features', [int('axis', 1)]),
    node('classifier', 'Gemm', ['features', head.weight.name, head.bias.name], OUTPUT_NAME, [
      int('transB', 1),
    ]),
  );
  initializers.push(weight(head.weight), weight(head.bias));
  return {
    irVersion: IR_VERSION,
    opsets: [{ domain: '', version: OPSET }],
    producerName: 'pare sample',
    producerVersion: '1',
    domain: '',
    modelVersion: 1n,
    docString: description,
    metadata: [],
    functions: [],
    graph: {
      name: 'digits',
      nodes,
      initializers,
      sparseInitializers: [],
      inputs: [value(INPUT_NAME, ['N', input.channels, input.height, input.width])],
      outputs: [value(OUTPUT_NAME, ['N', classes])],
      valueInfos: [],
      docString: '',
    },
  };
}
