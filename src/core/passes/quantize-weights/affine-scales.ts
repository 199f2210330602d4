/** Scales and zero points of groups whose range need not be symmetric. It must not know how codes are stored. */
import type { KernelSet } from '../../tensor/kernel-set.ts';
import { CLIP_FACTORS, ELEMENTS_BETWEEN_PAUSES } from './clip-factors.ts';
import type { Rows } from './rows.ts';

export async function affineScales(
  rows: Rows,
  high: number,
  clip: 'none' | 'mse',
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<{ scales: Float32Array; zeroPoints: Uint8Array }> {
  const { min, max } = await kernels.minmaxRows(rows.values, rows.count, rows.columns);
  const scales = new Float32Array(rows.count);
  const zeroPoints = new Uint8Array(rows.count);
  let since = 0;
  for (let r = 0; r < rows.count; r++) {
    since += clip === 'mse' ? rows.columns : 0;
    if (since > ELEMENTS_BETWEEN_PAUSES) {
      await pause();
      since = 0;
    }
    const row = rows.values.subarray(r * rows.columns, (r + 1) * rows.columns);
    const low = Math.min(0, min[r]);
    const top = Math.max(0, max[r]);
    let least = Infinity;
    for (const factor of clip === 'mse' ? CLIP_FACTORS : [1]) {
      const candidate = affineOf(low * factor, top * factor, high);
      const error = clip === 'mse' ? affineError(row, candidate, high) : 0;
      if (error >= least) continue;
      least = error;
      scales[r] = candidate.scale;
      zeroPoints[r] = candidate.zero;
    }
  }
  return { scales, zeroPoints };
}

interface Affine {
  readonly scale: number;
  readonly zero: number;
}

function affineOf(low: number, top: number, high: number): Affine {
  const scale = Math.fround((top - low) / high);
  const zero = scale === 0 ? 0 : Math.min(high, Math.max(0, Math.round(-low / scale)));
  return { scale, zero };
}

function affineError(row: Float32Array, { scale, zero }: Affine, high: number): number {
  if (scale === 0) return 0;
  let sum = 0;
  for (const x of row) {
    const code = Math.min(high, Math.max(0, Math.round(x / scale) + zero));
    const error = x - (code - zero) * scale;
    sum += error * error;
  }
  return sum;
}
