/**
 * How far the outputs of a changed model are from those of the original, as one number that can be added up over layers.
 * Labels are never looked at. It must not know what was changed.
 *
 * kl: mean Kullback–Leibler divergence KL(p ‖ q) of the class probabilities, nats a sample.
 * nsr: Σ(x − y)² / Σx², the mean over the outputs.
 * Both: as bad as can be where one number is none any more that was one in the original. A model that gives NaN for one
 * sample of a few dozen gives it for some of every user's.
 */
import type { HostTensor } from '../onnx/graph-runner.ts';
import {
  addDivergence,
  addPair,
  classCount,
  NO_DIVERGENCE,
  NO_PAIRS,
  winners,
} from '../metrics/agreement.ts';
import type { DivergenceSums, PairSums } from '../metrics/agreement.ts';
import { halvesToFloats } from '../tensor/float16.ts';

export type DamageMetric = 'kl' | 'nsr';

export const METRIC_TEXT: Readonly<Record<DamageMetric, string>> = {
  kl: 'KL divergence of the class probabilities from those of the original, nats a sample',
  nsr: 'noise-to-signal ratio of the outputs against those of the original',
};

/** As bad as can be: the least float32 probability for a certain class, −ln 2⁻¹²⁶. */
const LOST = 126 * Math.LN2;

type Values = Float32Array | Float64Array;

/** Floats of an output; undefined for other types: whole numbers are decisions, and have no distance. */
export function floatsOf({ dataType, bytes }: HostTensor): Values | undefined {
  const aligned = (width: number): Uint8Array => (bytes.byteOffset % width === 0 ? bytes : bytes.slice());
  if (dataType === 'float32') {
    const own = aligned(4);
    return new Float32Array(own.buffer, own.byteOffset, own.byteLength / 4);
  }
  if (dataType === 'float64') {
    const own = aligned(8);
    return new Float64Array(own.buffer, own.byteOffset, own.byteLength / 8);
  }
  if (dataType === 'float16') {
    const own = aligned(2);
    return halvesToFloats(new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2));
  }
  return undefined;
}

/** `kl` where the outputs with numbers are one row of class scores a sample; else `nsr`. */
export function chooseMetric(
  asked: 'auto' | DamageMetric,
  outputs: ReadonlyMap<string, HostTensor>,
): { readonly metric: DamageMetric; readonly outputs: readonly string[] } {
  const floats = [...outputs].filter(([, tensor]) => floatsOf(tensor) !== undefined);
  const rows = floats.filter(([, { dims }]) => dims.length > 1 && classCount(dims) !== undefined);
  const scores = asked === 'nsr' ? [] : rows;
  if (scores.length > 0 && (asked === 'kl' || scores.length === floats.length))
    return { metric: 'kl', outputs: scores.map(([name]) => name) };
  return { metric: 'nsr', outputs: floats.map(([name]) => name) };
}

/** Sums over batches. */
export class DamageSum {
  readonly #metric: DamageMetric;
  readonly #divergence = new Map<string, DivergenceSums>();
  readonly #pairs = new Map<string, PairSums>();
  #expectedLoss = 0;
  #rows = 0;
  /** A number of the original is NaN or infinite in the changed model. */
  #broken = false;

  constructor(metric: DamageMetric) {
    this.#metric = metric;
  }

  /** @param rows samples that count; a fixed batch may repeat the last one behind them. */
  add(name: string, original: HostTensor, changed: HostTensor, rows: number): void {
    const x = counted(original, rows);
    const y = counted(changed, rows);
    if (x === undefined || y === undefined || x.length !== y.length) return;
    this.#broken ||= x.some((value, i) => Number.isFinite(value) && !Number.isFinite(y[i]));
    if (this.#metric === 'nsr') {
      this.#pairs.set(name, addPair(this.#pairs.get(name) ?? NO_PAIRS, x, y));
      return;
    }
    const classes = classCount(original.dims) ?? x.length;
    this.#divergence.set(name, addDivergence(this.#divergence.get(name) ?? NO_DIVERGENCE, x, y, classes));
    const before = winners(x, classes);
    const after = winners(y, classes);
    before.forEach((winner, i) => {
      // Where nothing was a number before, there is nothing to lose.
      if (winner < 0) return;
      this.#rows++;
      if (winner !== after[i])
        this.#expectedLoss += lostProbability(x, i * classes, classes, winner, after[i]);
    });
  }

  /** In the metric's unit. */
  value(): number {
    if (this.#broken) return LOST;
    const all =
      this.#metric === 'kl'
        ? [...this.#divergence.values()].map(divergenceOf)
        : [...this.#pairs.values()].map(ratioOf);
    return all.length === 0 ? 0 : all.reduce((sum, one) => sum + one, 0) / all.length;
  }

  /**
   * Accuracy that is lost if the original's probabilities are right about how often it is: where another class wins, the
   * original's probability of its own winner less that of the new one, the mean over samples. Needs no label. Undefined
   * where there are no classes.
   */
  expectedLoss(): number | undefined {
    if (this.#rows === 0) return undefined;
    return this.#broken ? 1 : this.#expectedLoss / this.#rows;
  }
}

function lostProbability(
  scores: Values,
  from: number,
  classes: number,
  before: number,
  after: number,
): number {
  if (after < 0) return 1;
  const row = Float64Array.from({ length: classes }, (_, c) => scores[from + c]);
  const sum = row.reduce((total, score) => total + score, 0);
  if (Math.abs(sum - 1) <= SUM_TOLERANCE && row.every((score) => score >= 0)) return row[before] - row[after];
  const top = row[before];
  const total = row.reduce((all, score) => all + Math.exp(score - top), 0);
  return (1 - Math.exp(row[after] - top)) / total;
}

/** As for divergences: half floats round each of a thousand probabilities. */
const SUM_TOLERANCE = 1e-2;

/** Rows that are skipped were no numbers in the original: they tell nothing. */
function divergenceOf({ nats, rows }: DivergenceSums): number {
  return rows === 0 ? 0 : nats / rows;
}

function ratioOf({ xx, noise }: PairSums): number {
  if (noise === 0) return 0;
  return xx === 0 ? LOST : Math.min(LOST, noise / xx);
}

/** The rows that count, where the first dimension is the batch. */
function counted(tensor: HostTensor, rows: number): Values | undefined {
  const values = floatsOf(tensor);
  const batch = tensor.dims[0];
  if (values === undefined || batch === undefined || batch <= rows || values.length % batch !== 0)
    return values;
  return values.subarray(0, (values.length / batch) * rows);
}
