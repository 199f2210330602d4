/**
 * What 16-bit floats lose: values beyond 65,504 become infinite or are cut off, values below 2⁻²⁵ become 0. Counted on
 * the weights; activations by their ranges on samples. It must not know who made the file.
 * Source: IEEE 754 binary16.
 */
import type { ValueRange } from '../calibration/types.ts';
import { intAttribute } from '../onnx/attributes.ts';
import { isOp } from '../onnx/build.ts';
import type { Model, Tensor } from '../onnx/ir.ts';
import { inferByRule } from '../onnx/shapes/infer.ts';
import { readWeight } from '../onnx/weights.ts';
import { allNodes } from '../targets/rules/operators.ts';
import { DATA_TYPES } from '../tensor/dtype.ts';

/** Largest finite half; 65,520 and more round to infinity. */
export const HALF_MAX = 65_504;
const ROUNDS_TO_INFINITY = 65_520;
/** Half of the smallest subnormal, 2⁻²⁴: this and less round to 0. */
export const HALF_FLUSH = 2 ** -25;
/** Below this halves are subnormal: fewer and fewer digits are left. */
export const HALF_NORMAL = 2 ** -14;

export interface HalfLoss {
  readonly overflowing: number;
  readonly flushed: number;
  readonly elements: number;
  readonly largest: number;
}

/** @param values before they became halves. */
export function halfLoss(values: Float32Array): HalfLoss {
  let overflowing = 0;
  let flushed = 0;
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > largest) largest = size;
    if (size >= ROUNDS_TO_INFINITY) overflowing++;
    else if (size > 0 && size <= HALF_FLUSH) flushed++;
  }
  return { overflowing, flushed, elements: values.length, largest };
}

const HALF_CODE = DATA_TYPES.indexOf('float16');

/** Whether the graph computes in halves, not just stores them: a value that is no constant is cast to float16, or one comes in. */
export function computesInHalf(model: Model): boolean {
  const constants = new Set(model.graph.initializers.map(({ name }) => name));
  const coming = model.graph.inputs.some(
    ({ name, type }) => !constants.has(name) && type?.elementType === 'float16',
  );
  return (
    coming ||
    allNodes(model).some(
      (node) =>
        isOp(node, 'Cast') && intAttribute(node, 'to', 0) === HALF_CODE && !constants.has(node.inputs[0]),
    )
  );
}

/** Values of the main graph that are halves at some moment: written as such, cast to it, or cast from it. */
export function halfValues(model: Model): ReadonlySet<string> {
  const found = new Set<string>();
  const facts = inferByRule(model).of(model.graph);
  for (const node of model.graph.nodes) {
    for (const output of node.outputs) if (facts.get(output)?.type === 'float16') found.add(output);
    if (!isOp(node, 'Cast')) continue;
    if (intAttribute(node, 'to', 0) === HALF_CODE) found.add(node.inputs[0]);
    if (facts.get(node.inputs[0])?.type === 'float16') found.add(node.outputs[0]);
  }
  return found;
}

/** The floats a stored half was made from: of the encoding, or the tensor of the same name in the original. */
export function floatsBehindHalf(
  tensor: Tensor,
  original: ReadonlyMap<string, Tensor>,
): Float32Array | undefined {
  const before = original.get(tensor.name);
  if (tensor.data.kind === 'encoded') {
    if (tensor.data.encoding.precision !== 'fp16') return undefined;
    const encoded = tensor.data.original;
    // A step that computes in halves has rounded it, too.
    return readWeight(encoded.dataType === 'float16' && before?.dataType === 'float32' ? before : encoded);
  }
  if (tensor.dataType !== 'float16') return undefined;
  return before?.dataType === 'float32' ? readWeight(before) : undefined;
}

/** Largest absolute value of a range. */
export function reach({ min, max }: ValueRange): number {
  return Math.max(Math.abs(min), Math.abs(max));
}
