/**
 * Whether one MatMul or Gemm is all that reads a weight, so that an operator with packed weights can stand for both. It
 * must not know encodings.
 */
import { floatAttribute, intAttribute } from './attributes.ts';
import type { GraphEditor } from './draft.ts';
import type { Node } from './ir.ts';
import type { WeightLayer } from './weights.ts';

export interface MatrixUse {
  readonly node: Node;
  /** Value that is multiplied with the weight. */
  readonly input: string;
  readonly output: string;
  /** Added to the product. */
  readonly bias?: string;
}

/** A string says why not. @param main editor of the main graph */
export function matrixUse(layer: WeightLayer, main: GraphEditor): MatrixUse | string {
  const [consumer] = layer.consumers;
  if (layer.consumers.length !== 1 || main.uses(layer.value).length !== 1) return 'several operators read it';
  const { node, input } = consumer;
  if (layer.graph !== '' || consumer.graph !== '' || node.inputs[input] !== layer.value) {
    return 'it is read through another operator or graph';
  }
  const { dims, dataType } = layer.tensor;
  if (input !== 1 || dims.length !== 2 || (dataType !== 'float32' && dataType !== 'float16')) {
    return 'it is no float matrix on the right';
  }
  if (node.domain !== '' && node.domain !== 'ai.onnx') return `${node.opType} is no ONNX operator`;
  if (main.valueInfos.some(({ name }) => name === layer.value)) return 'the graph describes it as a value';
  const found = { node, input: node.inputs[0], output: node.outputs[0] };
  if (node.opType === 'MatMul') return found;
  if (node.opType !== 'Gemm') return `${node.opType} is no MatMul or Gemm`;
  const bias = node.inputs[2] ?? '';
  const plain =
    floatAttribute(node, 'alpha', 1) === 1 &&
    (bias === '' || floatAttribute(node, 'beta', 1) === 1) &&
    intAttribute(node, 'transA', 0) === 0;
  if (!plain) return 'the Gemm scales its operands or turns the first one';
  return bias === '' ? found : { ...found, bias };
}
