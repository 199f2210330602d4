/**
 * Runs two sessions on the same inputs, made up or the user's own, and says how close the outputs are. It must not call
 * that accuracy, and it must not know where the models come from.
 */
import {
  addDivergence,
  addPair,
  classCount,
  cosineOf,
  NO_DIVERGENCE,
  NO_PAIRS,
  sqnrDbOf,
  winners,
} from '../core/metrics/agreement.ts';
import type { DivergenceSums, PairSums } from '../core/metrics/agreement.ts';
import type { AgreementMeasurement } from '../core/metrics/types.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { makeFeeds } from './feeds.ts';
import type { ValueRange } from './feeds.ts';
import { isState } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import type { OrtTensor } from './ort.ts';
import type { Session } from './session.ts';

/** Made-up samples for agreement: enough for a top-1 of 1/16 steps, few enough to wait for. */
export const AGREEMENT_SAMPLES = 16;
/** Real ones differ more from each other. */
export const AGREEMENT_DATA_SAMPLES = 64;

/** A float output as numbers; undefined for what is no float tensor. */
export function numbersOf(value: OrtTensor): ArrayLike<number> | undefined {
  if (value.type === 'float32' || value.type === 'float64') return value.data as Float32Array | Float64Array;
  if (value.type !== 'float16') return undefined;
  const data: unknown = value.data;
  // Where the engine has Float16Array the runtime gives that, else the bit patterns.
  return data instanceof Uint16Array ? Float64Array.from(data, halfToNumber) : (data as ArrayLike<number>);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

interface OutputRecord {
  readonly name: string;
  sums: PairSums;
  /** Class rows of both sides that have the same winner, and all class rows. */
  same: number;
  rows: number;
  divergence: DivergenceSums;
  leftOut: string | undefined;
}

export type AgreementFound =
  | { readonly ok: true; readonly agreement: AgreementMeasurement }
  | { readonly ok: false; readonly reason: string };

interface Pacing {
  readonly samples: number;
  /** Called after each sample; false = no time for more. */
  readonly goOn: (done: number) => Promise<boolean>;
}

export interface CompareOptions extends Pacing {
  readonly inputs: readonly ModelInput[];
  readonly sizes: DimensionSizes;
  readonly seed: number;
  readonly range: ValueRange;
}

type Feeds = ReadonlyMap<string, HostTensor>;
type Told = Pick<AgreementMeasurement, 'inputs' | 'range' | 'dimensions'>;

/** @throws PareError when a run fails. */
export function compareOnSynthetic(
  original: Session,
  variant: Session,
  options: CompareOptions,
): Promise<AgreementFound> {
  const { inputs, sizes, seed, range } = options;
  const feeds = (sample: number): Feeds => makeFeeds(inputs, sizes, seed, sample, range);
  return compare(original, variant, feeds, options, { inputs: 'synthetic', range, dimensions: sizes });
}

/**
 * On the user's own samples.
 * @throws PareError when a run fails.
 */
export function compareOnData(
  original: Session,
  variant: Session,
  samples: readonly Feeds[],
  { sizes, goOn }: Pick<CompareOptions, 'sizes' | 'goOn'>,
): Promise<AgreementFound> {
  const pacing = { samples: samples.length, goOn };
  return compare(original, variant, (i) => samples[i], pacing, { inputs: 'data', dimensions: sizes });
}

async function compare(
  original: Session,
  variant: Session,
  feeds: (sample: number) => Feeds,
  pacing: Pacing,
  told: Told,
): Promise<AgreementFound> {
  const records: OutputRecord[] = original.ort.outputNames.map((name) => ({
    name,
    sums: NO_PAIRS,
    same: 0,
    rows: 0,
    divergence: NO_DIVERGENCE,
    leftOut: undefined,
  }));
  let samples = 0;
  while (samples < pacing.samples) {
    const tensors = feeds(samples);
    const x = await original.run(original.feeds(tensors));
    const y = await variant.run(variant.feeds(tensors));
    for (const record of records) compareOutput(record, x[record.name], y[record.name]);
    samples++;
    if (!(await pacing.goOn(samples))) break;
  }
  return conclude(records, samples, told);
}

type Value = OrtTensor | undefined;

function compareOutput(record: OutputRecord, x: Value, y: Value): void {
  if (record.leftOut !== undefined) return;
  const a = x === undefined ? undefined : numbersOf(x);
  const b = y === undefined ? undefined : numbersOf(y);
  if (x === undefined || y === undefined || a === undefined || b === undefined) {
    const type = x?.type;
    record.leftOut =
      y === undefined ? 'The variant does not have it.' : `It holds ${type ?? 'no tensor'}, not floats.`;
    return;
  }
  if (a.length !== b.length) {
    record.leftOut = `Original [${x.dims.join(', ')}] and variant [${y.dims.join(', ')}] differ in size.`;
    return;
  }
  record.sums = addPair(record.sums, a, b);
  const classes = classCount(x.dims) ?? distributionWidth(x.dims, a);
  if (classes === undefined) return;
  const first = winners(a, classes);
  const second = winners(b, classes);
  record.rows += first.length;
  record.same += first.filter((winner, i) => winner >= 0 && winner === second[i]).length;
  record.divergence = addDivergence(record.divergence, a, b, classes);
}

/** A softmax leaves a row off 1 by rounding only: 2⁻²³ for each of some thousand terms. */
const DISTRIBUTION_TOLERANCE = 1e-3;

/** Size of the last axis when every row along it is a distribution (a sequence of characters, a grid of cells). */
function distributionWidth(dims: readonly number[], values: ArrayLike<number>): number | undefined {
  const width = dims.at(-1);
  if (dims.length < 3 || width === undefined || width < 2 || values.length === 0) return undefined;
  for (let row = 0; row < values.length; row += width) {
    let sum = 0;
    for (let i = 0; i < width; i++) {
      if (!(values[row + i] >= 0)) return undefined;
      sum += values[row + i];
    }
    if (Math.abs(sum - 1) > DISTRIBUTION_TOLERANCE) return undefined;
  }
  return width;
}

function conclude(records: readonly OutputRecord[], samples: number, told: Told): AgreementFound {
  const compared = records.filter((r) => r.leftOut === undefined && r.sums.elements > 0);
  const broken = compared.find((r) => r.sums.variantNonFinite > 0);
  if (broken !== undefined) {
    return {
      ok: false,
      reason: `The variant gives NaN or infinity in output '${broken.name}' for ${broken.sums.variantNonFinite} of ${broken.sums.elements} numbers where the original gives finite ones.`,
    };
  }
  const usable = compared.filter((r) => r.sums.originalNonFinite < r.sums.elements);
  if (usable.length === 0) {
    const why = records[0]?.leftOut ?? 'The original itself gives no finite number.';
    return { ok: false, reason: `No output can be compared. '${records[0]?.name ?? ''}': ${why}` };
  }
  const plain = usable.filter((r) => !isState(r));
  const counting = plain.length > 0 ? plain : usable;
  const classified = counting.find((r) => r.rows > 0);
  const leftOut = records.flatMap((r) =>
    r.leftOut === undefined ? [] : [{ name: r.name, reason: r.leftOut }],
  );
  return {
    ok: true,
    agreement: {
      source: 'measured',
      ...told,
      samples,
      cosine: Math.min(...counting.map((r) => cosineOf(r.sums))),
      sqnrDb: Math.min(...counting.map((r) => sqnrDbOf(r.sums))),
      ...(classified === undefined ? {} : classFigures(classified)),
      outputs: usable.map((r) => ({ name: r.name, cosine: cosineOf(r.sums), sqnrDb: sqnrDbOf(r.sums) })),
      ...(leftOut.length === 0 ? {} : { leftOut }),
    },
  };
}

function classFigures({
  same,
  rows,
  divergence,
}: OutputRecord): Pick<AgreementMeasurement, 'top1' | 'divergenceNats'> {
  return {
    top1: same / rows,
    ...(divergence.rows === 0 ? {} : { divergenceNats: divergence.nats / divergence.rows }),
  };
}
