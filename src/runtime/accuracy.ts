/**
 * Labelled accuracy of two models on the same samples, paired. It must not know where the samples come from; only
 * this may be called accuracy.
 */
import { classCount, winners } from '../core/metrics/agreement.ts';
import { mcnemarExact, pairedCounts, pairedDifference } from '../core/metrics/statistics.ts';
import type { AccuracyMeasurement } from '../core/metrics/types.ts';
import { elementCount } from '../core/tensor/dtype.ts';
import type { LabelledSet } from './contract.ts';
import { numbersOf } from './compare.ts';
import { readInputs } from './inputs.ts';
import type { Session } from './session.ts';

export type AccuracyFound =
  | { readonly ok: true; readonly accuracy: AccuracyMeasurement }
  | { readonly ok: false; readonly reason: string };

/** Samples a run where the batch is free: larger batches save little and cost memory. */
const BATCH = 32;

/**
 * Top-1 of both models. Only models with one float32 input and a class vector as their first output can be scored.
 * @throws PareError when a run fails.
 */
export async function measureAccuracy(
  original: Session,
  variant: Session,
  dataset: LabelledSet,
  checkpoint: (fraction: number) => Promise<void>,
): Promise<AccuracyFound> {
  const samples = dataset.dims[0] ?? 0;
  if (
    samples === 0 ||
    elementCount(dataset.dims) !== dataset.values.length ||
    dataset.labels.length !== samples
  ) {
    return {
      ok: false,
      reason: `The labelled data is inconsistent: dims [${dataset.dims.join(', ')}], ${dataset.values.length} values, ${dataset.labels.length} labels.`,
    };
  }
  const inputs = readInputs(original.ort);
  if (!inputs.ok) return inputs;
  const input = inputs.inputs.find((each) => each.name === dataset.input);
  if (input === undefined || inputs.inputs.length !== 1 || input.dataType !== 'float32') {
    return {
      ok: false,
      reason: `The labelled data fits one float32 input '${dataset.input}', which this model does not have alone.`,
    };
  }
  const batch = typeof input.shape[0] === 'number' ? input.shape[0] : BATCH;
  const scored: { original: boolean[]; variant: boolean[] } = { original: [], variant: [] };
  // A fixed batch that does not divide the samples leaves the rest out; the sample count says so.
  for (let from = 0; from < samples; from += batch) {
    const count = Math.min(batch, samples - from);
    if (typeof input.shape[0] === 'number' && count < batch) break;
    for (const side of ['original', 'variant'] as const) {
      const session = side === 'original' ? original : variant;
      const right = await scoreBatch(session, dataset, from, count);
      if (right === undefined) {
        return { ok: false, reason: 'The first output is no class vector: no top-1 accuracy.' };
      }
      scored[side].push(...right);
    }
    await checkpoint((from + count) / samples);
  }
  return conclude(dataset.name, scored.original, scored.variant);
}

/** Which of the samples [from, from + count) the session gets right. */
async function scoreBatch(
  session: Session,
  dataset: LabelledSet,
  from: number,
  count: number,
): Promise<boolean[] | undefined> {
  const size = dataset.values.length / (dataset.dims[0] ?? 1);
  const slice = dataset.values.slice(from * size, (from + count) * size);
  const feeds = session.feeds(
    new Map([
      [
        dataset.input,
        {
          dataType: 'float32' as const,
          dims: [count, ...dataset.dims.slice(1)],
          bytes: new Uint8Array(slice.buffer),
        },
      ],
    ]),
  );
  const outputs = await session.run(feeds);
  const first = outputs[session.ort.outputNames[0] ?? ''];
  const scores = first === undefined ? undefined : numbersOf(first);
  const classes = first === undefined ? undefined : classCount(first.dims);
  if (scores === undefined || classes === undefined || scores.length !== count * classes) return undefined;
  return winners(scores, classes).map((winner, i) => winner === dataset.labels[from + i]);
}

function conclude(name: string, original: readonly boolean[], variant: readonly boolean[]): AccuracyFound {
  const counts = pairedCounts(original, variant);
  const samples = original.length;
  if (samples === 0)
    return { ok: false, reason: 'The fixed batch of the model is larger than the labelled data.' };
  const { difference, interval } = pairedDifference(counts);
  return {
    ok: true,
    accuracy: {
      source: 'measured',
      metric: 'top1',
      value: (counts.both + counts.secondOnly) / samples,
      baseline: (counts.both + counts.firstOnly) / samples,
      difference,
      interval,
      pValue: mcnemarExact(counts),
      samples,
      dataset: name,
    },
  };
}
