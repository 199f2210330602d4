/**
 * Palettes: one list of values for a tensor, one scale a group of weights, so that value = list[code] · scale. The list is
 * the least Σ(w − ŵ)² (k-means in one dimension, by Lloyd's rounds on the sorted weights); its first value is 0 and stays
 * 0, for pruned weights. Scales are the largest magnitudes, values lie in −1..1 and are halves. It must not know graphs.
 * Source: Lloyd 1982, "Least squares quantization in PCM"; where rounds begin: Panter and Dite 1951 (density to the power 1/3).
 */
import { codeBits } from '../../tensor/encoding.ts';
import type { Granularity, PalettePrecision } from '../../tensor/encoding.ts';
import { floatToHalf, halfToFloat } from '../../tensor/float16.ts';
import { nearestIn } from './codec.ts';
import { fromRows, toRows } from './rows.ts';
import { roundScales } from './scales.ts';

const ROUNDS = 25;
/** Weights are counted in so many equal bins of −1..1: finer than halves are over most of it. */
const BINS = 8192;
/** Looking up so many codes takes about 10 ms. */
const ELEMENTS_BETWEEN_PAUSES = 2 ** 17;

export interface PaletteSpec {
  readonly precision: PalettePrecision;
  readonly granularity: Granularity;
  readonly scaleType: 'float32' | 'float16';
}

export interface PaletteCodes {
  readonly codes: Uint8Array;
  readonly codebook: Float32Array;
  readonly scales: Float32Array;
  readonly scaleExponent: number;
}

/** @param values finite */
export async function palettize(
  values: Float32Array,
  dims: readonly number[],
  spec: PaletteSpec,
  pause: () => Promise<void>,
): Promise<PaletteCodes> {
  const rows = toRows(values, dims, spec.granularity);
  const largest = new Float32Array(rows.count);
  for (let i = 0; i < rows.values.length; i++) {
    const r = Math.floor(i / rows.columns);
    largest[r] = Math.max(largest[r], Math.abs(rows.values[i]));
  }
  const { scales, scaleExponent } = roundScales(largest, spec.scaleType);
  await pause();
  const codebook = fitCodebook(
    countedWeights(rows.values, rows.columns, scales),
    2 ** codeBits(spec.precision),
  );
  const find = nearestIn(codebook);
  const codes = new Uint8Array(rows.values.length);
  for (let i = 0; i < codes.length; i++) {
    const scale = scales[Math.floor(i / rows.columns)];
    codes[i] = scale === 0 ? 0 : find(rows.values[i] / scale);
    if (i % ELEMENTS_BETWEEN_PAUSES === ELEMENTS_BETWEEN_PAUSES - 1) await pause();
  }
  return { codes: fromRows(codes, dims, spec.granularity) as Uint8Array, codebook, scales, scaleExponent };
}

/** Weights by bin of w / scale: how much an error there counts (Σ scale²), and where in the bin they lie. */
interface Counted {
  readonly mass: Float64Array;
  /** Σ scale² · w / scale. */
  readonly moment: Float64Array;
}

function countedWeights(values: Float32Array, columns: number, scales: Float32Array): Counted {
  const mass = new Float64Array(BINS);
  const moment = new Float64Array(BINS);
  for (let i = 0; i < values.length; i++) {
    const scale = scales[Math.floor(i / columns)];
    if (scale === 0) continue;
    const x = values[i] / scale;
    const bin = Math.min(BINS - 1, Math.floor(((x + 1) / 2) * BINS));
    mass[bin] += scale * scale;
    moment[bin] += scale * scale * x;
  }
  return { mass, moment };
}

/** `levels` values: 0, then the others in rising order. Fewer different weights than values: the last is repeated. */
function fitCodebook({ mass, moment }: Counted, levels: number): Float32Array {
  const before = sumsBefore(mass);
  const momentBefore = sumsBefore(moment);
  let centres = firstCentres(mass, levels - 1);
  for (let round = 0; round < ROUNDS; round++) {
    const all = [...centres, 0].sort((a, b) => a - b);
    const zeroAt = all.indexOf(0);
    const moved = all.map((centre, i) => {
      if (i === zeroAt) return 0;
      const from = i === 0 ? 0 : binOf((all[i - 1] + centre) / 2);
      const to = i === all.length - 1 ? BINS : binOf((centre + all[i + 1]) / 2);
      const total = before[to] - before[from];
      return total > 0 ? (momentBefore[to] - momentBefore[from]) / total : centre;
    });
    centres = moved.filter((_, i) => i !== zeroAt);
  }
  const halves = centres.map((x) => halfToFloat(floatToHalf(x))).sort((a, b) => a - b);
  return Float32Array.from([0, ...halves]);
}

const binOf = (x: number): number => Math.min(BINS, Math.max(0, Math.round(((x + 1) / 2) * BINS)));

function sumsBefore(counts: Float64Array): Float64Array {
  const out = new Float64Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) out[i + 1] = out[i] + counts[i];
  return out;
}

/** Spread so that their density is that of the weights to the power 1/3, which is best for many values. */
function firstCentres(mass: Float64Array, count: number): number[] {
  const spread = sumsBefore(mass.map((m) => Math.cbrt(m)));
  const total = spread[spread.length - 1];
  const centres: number[] = [];
  let bin = 0;
  for (let i = 0; i < count; i++) {
    const share = ((i + 0.5) / count) * total;
    while (bin < BINS - 1 && spread[bin + 1] < share) bin++;
    centres.push(((bin + 0.5) / BINS) * 2 - 1);
  }
  return centres;
}
