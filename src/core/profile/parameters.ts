/** How many trained numbers a model holds. It must not know what they cost. */
import type { Model } from '../onnx/ir.ts';
import { forEachTensor } from '../onnx/walk.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { elementCount } from '../tensor/dtype.ts';
import type { DataType } from '../tensor/dtype.ts';

const FLOATS: ReadonlySet<DataType> = new Set([
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
]);

/**
 * Every floating-point constant, and weights that were quantized before.
 * @param weights the model's own, from listWeights
 */
export function countParameters(model: Model, weights: readonly WeightLayer[]): number {
  const counted = new Set(weights.map(({ tensor }) => tensor));
  let count = weights.reduce((total, { elements }) => total + elements, 0);
  forEachTensor(model, (tensor) => {
    if (counted.has(tensor) || !FLOATS.has(tensor.dataType)) return;
    const elements = elementCount(tensor.dims);
    if (Number.isSafeInteger(elements) && elements > 0) count += elements;
  });
  return count;
}
