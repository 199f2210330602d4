/** Arguments of the matrix kernels from a case: H or U, grids, codes to start from. It must not know backends. */
import type { RowGrids } from '../../core/tensor/kernel-set.ts';
import { inverseCholesky } from '../inverse-cholesky/reference.ts';
import type { Case, Numbers } from './cases.ts';
import { makeArray } from './cases.ts';
import { gramOf, gridsOf } from './second-order.ts';

export interface MatrixInputs {
  /** columns × columns. */
  readonly h: Float32Array;
  /** The h of the case, or the factor of the H that its calibration gives. */
  readonly u: Float32Array;
  readonly grids: RowGrids;
  /** rows × columns. */
  readonly codes: Int8Array;
}

/** A copy that starts `lead` elements into its buffer. */
function moved(values: Float32Array, lead: number): Float32Array {
  const copy = new Float32Array(values.length + lead).subarray(lead);
  copy.set(values);
  return copy;
}

const known = new WeakMap<Case, { h: Float32Array; u: Float32Array }>();

/** H and U of the calibration, made once a case. */
function calibrated(test: Case): { h: Float32Array; u: Float32Array } {
  const { calibration } = test.spec;
  const n = test.columns;
  const zero = new Float32Array(n * n);
  if (calibration === undefined) return { h: zero, u: zero };
  let made = known.get(test);
  if (made === undefined) {
    const h = gramOf(n, calibration.samples, calibration.damping, calibration.seed);
    made = { h, u: inverseCholesky(h, n) ?? zero };
    known.set(test, made);
  }
  return made;
}

function gridsOfCase({ spec, rows, columns }: Case, x: Numbers, lead: number): RowGrids {
  const [low, high] = [Number(spec.args?.['low'] ?? -8), Number(spec.args?.['high'] ?? 7)];
  const groupSize = spec.groupSize ?? Math.max(1, columns);
  const made = gridsOf(x as Float32Array, rows, columns, { low, high, groupSize });
  const count = made.scales.length;
  const { scales, zeroPoints } = spec;
  return {
    ...made,
    scales: scales === undefined ? made.scales : (makeArray(scales, 'float32', count, lead) as Float32Array),
    ...(zeroPoints && { zeroPoints: makeArray(zeroPoints, 'int32', count, lead) as Int32Array }),
  };
}

/** @param x the weights, or the inputs. @param lead elements of misalignment. */
export function matrixInputs(test: Case, x: Numbers, lead: number): MatrixInputs {
  const { spec, rows, columns } = test;
  const square = columns * columns;
  const given = spec.h && (makeArray(spec.h, 'float32', square, lead) as Float32Array);
  const { h, u } = calibrated(test);
  return {
    h: given ?? moved(h, lead),
    u: given ?? moved(u, lead),
    grids: gridsOfCase(test, x, lead),
    codes: makeArray(spec.codes ?? { repeat: [0] }, 'int8', rows * columns, lead) as Int8Array,
  };
}
