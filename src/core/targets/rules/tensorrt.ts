/**
 * What TensorRT's parser and optimizer ask of explicit quantization beyond scales and zero points. It must not know passes.
 * Sources: https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/quantized-types-explicit-quantization.html,
 * https://github.com/onnx/onnx-tensorrt/blob/main/docs/operators.md
 */
import { isOp } from '../../onnx/build.ts';
import type { Node } from '../../onnx/ir.ts';
import { count } from './operators.ts';
import { isIntegerLayer, nameOf } from './qdq-view.ts';
import type { QdqView } from './qdq-view.ts';
import type { Breach } from './types.ts';

export function tensorrtBreaches(view: QdqView): Breach[] {
  return [...biasBreaches(view), ...residualBreaches(view)];
}

function biasBreaches(view: QdqView): Breach[] {
  const where = view.graph.nodes
    .filter((node) => isOp(node, 'DequantizeLinear') && view.quantizationOf(node)?.type === 'int32')
    .map(nameOf);
  if (where.length === 0) return [];
  return [
    {
      rule: 'tensorrt-float-bias',
      kind: 'dialect',
      severity: 'error',
      what: `${count(where.length, 'bias', 'biases')} in 32-bit integers.`,
      where,
      why: 'The parser reads DequantizeLinear of 8-bit and 4-bit codes only and refuses the file.',
      fix: 'Apply the recipe again for this target: the bias then stays in floats.',
    },
  ];
}

/** An Add that one side of which comes from an integer layer, and whose other side is not quantized. */
function residualBreaches(view: QdqView): Breach[] {
  const where = view.graph.nodes.filter((node) => isOp(node, 'Add') && isHalfQuantized(node, view));
  if (where.length === 0) return [];
  return [
    {
      rule: 'tensorrt-residual',
      kind: 'dialect',
      severity: 'warning',
      what: `${count(where.length, 'addition')} at the end of a residual block with only one input quantized.`,
      where: where.map(nameOf),
      why: 'TensorRT fuses a convolution with the addition behind it only when both inputs are quantized; else the block is computed in floats and converted there and back.',
      fix: 'Apply the recipe again for this target.',
    },
  ];
}

function isHalfQuantized(node: Node, view: QdqView): boolean {
  const sides = node.inputs.map((value, input) => {
    const quantized = view.inputOf(node, input);
    return {
      constant: view.constants.has(value) || quantized?.codes !== undefined,
      quantized: quantized !== undefined,
      // A convolution that goes straight into the addition is fused with it; its side needs no pair.
      fused: isFusedProducer(view.producers.get(value), view),
    };
  });
  if (sides.some(({ constant }) => constant)) return false;
  return sides.some((side) => side.quantized) && !sides.every((side) => side.quantized || side.fused);
}

function isFusedProducer(node: Node | undefined, view: QdqView): boolean {
  return node !== undefined && isIntegerLayer(node, view);
}
