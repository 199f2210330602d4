/** Models that the end-to-end tests make for themselves. It must not know the page. */
import { concatParts, spanOf } from '../../src/core/bytes/spans.ts';
import type { Attribute, Model, Node, Tensor, ValueInfo } from '../../src/core/onnx/ir.ts';
import { writeModel } from '../../src/core/onnx/write.ts';
import { seededRandom } from '../../scripts/sample/random.ts';
import type { DroppedFile } from './studio-page.ts';

const node = (
  opType: string,
  inputs: readonly string[],
  output: string,
  domain = '',
  attributes: readonly Attribute[] = [],
): Node => ({
  name: output,
  opType,
  domain,
  overload: '',
  inputs,
  outputs: [output],
  attributes,
  docString: '',
});

const row = (name: string, width: number): ValueInfo => ({
  name,
  type: { kind: 'tensor', elementType: 'float32', shape: [1, width] },
  docString: '',
});

/** Normal values that keep the spread of a signal through MatMul and Relu. */
function weights(name: string, width: number, seed: number): Tensor {
  const random = seededRandom(seed);
  const values = new Float32Array(width * width).map(() => random.normal() * Math.sqrt(2 / width));
  const bytes = new Uint8Array(values.buffer);
  return {
    name,
    dataType: 'float32',
    dims: [width, width],
    data: { kind: 'raw', bytes: spanOf(bytes) },
    docString: '',
  };
}

function model(
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  width: number,
  domains: readonly string[],
): Model {
  const output = nodes.at(-1)?.outputs[0] ?? 'x';
  return {
    irVersion: 8,
    opsets: [{ domain: '', version: 17 }, ...domains.map((domain) => ({ domain, version: 1 }))],
    producerName: 'pare e2e',
    producerVersion: '',
    domain: '',
    modelVersion: 1n,
    docString: '',
    metadata: [],
    functions: [],
    graph: {
      name: 'made',
      nodes,
      initializers,
      sparseInitializers: [],
      inputs: [row('x', width)],
      outputs: [row(output, width)],
      valueInfos: [],
      docString: '',
    },
  };
}

/** `layers` × (MatMul → Relu) of `width`: 4 · layers · width² bytes of weights. */
export function chain(layers: number, width: number): Model {
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  let at = 'x';
  for (let i = 0; i < layers; i++) {
    initializers.push(weights(`w${i}`, width, i + 1));
    nodes.push(node('MatMul', [at, `w${i}`], `m${i}`), node('Relu', [`m${i}`], `r${i}`));
    at = `r${i}`;
  }
  return model(nodes, initializers, width, []);
}

/** A chain that ends in an operator no runtime has: weights can be compressed, nothing can be run. */
export function chainWithUnknownOperator(width: number): Model {
  const base = chain(2, width);
  const unknown = node('Whatever', ['r1'], 'y', 'com.example');
  return model([...base.graph.nodes, unknown], base.graph.initializers, width, ['com.example']);
}

export function asFile(name: string, made: Model): DroppedFile {
  return { name, bytes: concatParts(writeModel(made).model) };
}

/** The same model with its weights in a second file, as large models are kept. */
export function asTwoFiles(name: string, made: Model): readonly DroppedFile[] {
  const location = `${name}.data`;
  const outside = (tensor: Tensor): Tensor => {
    if (tensor.data.kind !== 'raw') return tensor;
    const { bytes } = tensor.data;
    const entries = [{ key: 'location', value: location }];
    return {
      ...tensor,
      data: { kind: 'external', location, offset: 0, length: bytes.length, entries, bytes },
    };
  };
  const graph = { ...made.graph, initializers: made.graph.initializers.map(outside) };
  const written = writeModel({ ...made, graph }, { externalize: 'keep', dataFileName: location });
  return [
    { name, bytes: concatParts(written.model) },
    ...written.data.map((file) => ({ name: file.name, bytes: concatParts(file.parts) })),
  ];
}
