/** Stored arrays and columns of a table as a model's input. It must not know files or models. */
import { PareError } from '../../core/errors.ts';
import type { ArrayFit, ColumnsFit } from '../../core/dataset/types.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { RawValue } from '../types.ts';
import { encode, store } from './values.ts';
import type { FeedType, ValueArray } from './values.ts';

type RawArray = Extract<RawValue, { readonly kind: 'array' }>;

/**
 * Writes one sample at `at`.
 * @throws PareError `data-invalid` when the sample has another size than the model takes, or holds NaN or infinity.
 */
export function writeArray(raw: RawArray, fit: ArrayFit, type: FeedType, out: ValueArray, at: number): void {
  const count = elementCount(fit.dims);
  if (raw.values.length !== count) {
    throw new PareError(
      'data-invalid',
      `The sample has ${raw.values.length} values [${raw.dims.join(', ')}]; the model takes ${count} [${fit.dims.join(', ')}].`,
      { at: fit.source },
    );
  }
  const values = fit.transpose === undefined ? raw.values : transposed(raw, fit.transpose, fit.source);
  if ((type === 'float32' || type === 'float64') && typeof values[0] === 'number') {
    writeFloats(values as ArrayLike<number>, fit, out as Float32Array, at);
    return;
  }
  for (let i = 0; i < count; i++) {
    const x = Number(values[i]);
    if (!Number.isFinite(x)) throw notFinite(x, i, fit.source);
    store(out, at + i, encode(type, (x * fit.scale - fit.mean) / fit.std));
  }
}

/** The common case, without a call for each value. */
function writeFloats(values: ArrayLike<number>, fit: ArrayFit, out: Float32Array, at: number): void {
  const { scale, mean, std, source } = fit;
  const count = values.length;
  if (scale === 1 && mean === 0 && std === 1) out.set(values, at);
  else for (let i = 0; i < count; i++) out[at + i] = (values[i] * scale - mean) / std;
  // x − x is 0 for every finite x and NaN for the others; NaN stays in a sum.
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] - values[i];
  if (sum === 0) return;
  const bad = Array.prototype.findIndex.call(values, (x: number) => !Number.isFinite(x));
  throw notFinite(values[bad], bad, source);
}

function notFinite(value: number, position: number, source: string): PareError {
  const what = Number.isNaN(value) ? 'NaN' : 'infinity';
  return new PareError('data-invalid', `The sample holds ${what} (value ${position} of '${source}').`, {
    at: source,
  });
}

/** The values in the order that the axes in their new order give. */
function transposed(raw: RawArray, axes: readonly number[], source: string): ArrayLike<number | bigint> {
  const rank = raw.dims.length;
  if (axes.length !== rank || new Set(axes).size !== rank || axes.some((axis) => !(axis < rank))) {
    throw new PareError(
      'data-invalid',
      `The sample has ${rank} axes [${raw.dims.join(', ')}]; they cannot be put in the order ${axes.join(', ')}.`,
      { at: source },
    );
  }
  const strides = raw.dims.map((_, i) => elementCount(raw.dims.slice(i + 1)));
  const dims = axes.map((axis) => raw.dims[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const index = dims.map(() => 0);
  const out: (number | bigint)[] = new Array<number | bigint>(raw.values.length);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = raw.values[from];
    for (let axis = rank - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < dims[axis]) break;
      from -= steps[axis] * dims[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * Writes the wanted columns of one row at `at`.
 * @param names of the stored columns, in their order.
 * @throws PareError `data-invalid` when a column is not there or its value is no number.
 */
export function writeColumns(
  raw: RawArray,
  names: readonly string[],
  fit: ColumnsFit,
  type: FeedType,
  out: ValueArray,
  at: number,
): void {
  const count = elementCount(fit.dims);
  if (fit.columns.length !== count) {
    throw new PareError(
      'data-invalid',
      `The description names ${fit.columns.length} columns; the model takes ${count} values [${fit.dims.join(', ')}].`,
    );
  }
  for (const [i, column] of fit.columns.entries()) {
    const position = names.indexOf(column);
    if (position < 0) {
      throw new PareError('data-invalid', `The table has no column '${column}'.`, { at: column });
    }
    const x = Number(raw.values[position]);
    if (!Number.isFinite(x)) {
      throw new PareError('data-invalid', `Column '${column}' holds no number here.`, { at: column });
    }
    const mean = fit.mean[i] ?? fit.mean[0] ?? 0;
    const std = fit.std[i] ?? fit.std[0] ?? 1;
    store(out, at + i, encode(type, (x * fit.scale - mean) / std));
  }
}
