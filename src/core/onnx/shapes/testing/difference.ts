/** How far two sets of outputs are apart. Tests and benchmarks only. */
import { elementCount } from '../../../tensor/dtype.ts';
import type { HostTensor } from '../../graph-runner.ts';
import { rawTensor } from '../../build.ts';
import { floatValues, integerValues, isFloatType } from '../values.ts';

export interface Difference {
  /** Largest |x − y|; Infinity when names, types, sizes or NaNs differ. */
  readonly abs: number;
  /** The same, of each output relative to its largest |x|. */
  readonly rel: number;
}

const DIFFERENT: Difference = { abs: Infinity, rel: Infinity };

function numbers({ dataType, dims, bytes }: HostTensor): Float64Array | undefined {
  const tensor = rawTensor('', dataType, dims, bytes);
  if (isFloatType(dataType)) return floatValues(tensor);
  const whole = integerValues(tensor, elementCount(dims));
  return whole === undefined ? undefined : Float64Array.from(whole, Number);
}

export function difference(
  a: ReadonlyMap<string, HostTensor>,
  b: ReadonlyMap<string, HostTensor>,
): Difference {
  let worst: Difference = { abs: 0, rel: 0 };
  if (a.size !== b.size) return DIFFERENT;
  for (const [name, left] of a) {
    const right = b.get(name);
    if (right?.dataType !== left.dataType || right.dims.join() !== left.dims.join()) return DIFFERENT;
    const [x, y] = [numbers(left), numbers(right)];
    if (x === undefined || y === undefined) return DIFFERENT;
    let [most, largest] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      const [p, q] = [x[i] ?? NaN, y[i] ?? NaN];
      if (Object.is(p, q)) continue;
      const apart = Math.abs(p - q);
      if (Number.isNaN(apart)) return DIFFERENT;
      most = Math.max(most, apart);
    }
    for (const value of x) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    worst = {
      abs: Math.max(worst.abs, most),
      rel: Math.max(worst.rel, largest === 0 ? most : most / largest),
    };
  }
  return worst;
}
