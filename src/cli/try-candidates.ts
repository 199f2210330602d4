/** Makes the recipes that tuning proposes, times and evaluates them against the original, and judges what came out. */
import { concatParts } from '../core/bytes/spans.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import type { DataPart } from '../core/dataset/types.ts';
import { PareError } from '../core/errors.ts';
import type { Goal, GoalFacts } from '../core/goal/types.ts';
import type { PartComparison, TaskComparison } from '../core/metrics/tasks/types.ts';
import type { AgreementMeasurement, LatencyMeasurement } from '../core/metrics/types.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import type { Recipe } from '../core/recipe/types.ts';
import {
  computesOtherwise,
  judgeCandidate,
  type Judged,
  type TriedCandidate,
} from '../core/search/recommend.ts';
import type { TuneCandidate } from '../core/search/types.ts';
import type { TargetId } from '../core/targets/types.ts';
import type { Checkpoint } from '../data/types.ts';
import type { DownloadFile } from '../runtime/contract.ts';
import { measureInNode } from '../runtime/node-measure.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import { makeVariant, variantFileName, type MadeVariant } from '../worker/make-variant.ts';
import { modelInputs, readSampleFeeds } from '../worker/sample-feeds.ts';
import { evaluateModels } from './evaluate.ts';
import { filesOf } from './model-files.ts';
import type { OpenCalibration } from './open-calibration.ts';
import type { OpenModel } from './open-model.ts';

export interface TryingHost {
  readonly opened: OpenModel;
  readonly goal: Goal;
  readonly target: TargetId;
  readonly threads: number;
  readonly seed: number;
  /** Calibration samples that recipes look at. */
  readonly samples: number;
  readonly calibration: OpenCalibration;
  /** Samples that no search sees are there to confirm the choice: then all others choose. */
  readonly heldBack: boolean;
  readonly runner: GraphRunner;
  readonly checkpoint: Checkpoint;
}

export interface Tried {
  readonly candidate: TuneCandidate;
  /** With the number of samples that it looked at. */
  readonly recipe: Recipe;
  readonly made: MadeVariant;
  /** What was judged. */
  readonly asked: TriedCandidate;
  /** Of what was judged: the accuracy may be on one half of the samples alone. */
  readonly facts: GoalFacts;
  readonly latency: LatencyMeasurement | null;
  /** On all samples that are evaluated. */
  readonly comparison: TaskComparison | null;
  /** On the samples that it was judged by. */
  readonly by: PartComparison | null;
  /** Of the outputs to the original's; null where that was not measured. */
  readonly cosine: number | null;
  readonly judged: Judged;
  /** Why something was not measured. */
  readonly notMeasured: readonly string[];
}

/** Of timing for each candidate: a ratio is then known to about one percent on a quiet machine. */
const TIMING_MILLIS = 8000;

export async function tryCandidates(
  candidates: readonly TuneCandidate[],
  host: TryingHost,
  original: () => Promise<Predictor>,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const checkpoint: Checkpoint = (fraction, doing) =>
      host.checkpoint(
        (i + fraction) / candidates.length,
        `recipe ${i + 1} of ${candidates.length}: ${doing}`,
      );
    tried.push(await tryCandidate(candidate, { ...host, checkpoint }, original));
  }
  return tried;
}

/** When it is first asked for: without labelled data nothing is evaluated. Sessions live as long as the process. */
export function openedOnce(open: () => Promise<Predictor>): () => Promise<Predictor> {
  let opened: Promise<Predictor> | undefined;
  return () => (opened ??= open());
}

async function tryCandidate(
  candidate: TuneCandidate,
  host: TryingHost,
  original: () => Promise<Predictor>,
): Promise<Tried> {
  const { opened, calibration, runner, checkpoint, goal } = host;
  const recipe: Recipe = { ...candidate.recipe, seed: host.seed, calibration: { samples: host.samples } };
  const made = await makeVariant(opened.model, recipe, variantFileName(opened.path), {
    runner,
    calibration: calibration.calibration.forRecipe(recipe),
    now: () => performance.now(),
    checkpoint: (fraction, doing) => checkpoint(0.3 * fraction, doing),
  });
  const variant = filesOfMade(made, opened.path);
  const notMeasured: string[] = [];
  const { latency, agreement } = await timed(variant, host, notMeasured);
  const comparison = await evaluated(variant, original, host, notMeasured);
  const cosine = agreement?.cosine ?? null;
  // Where others confirm, one half alone chooses.
  const by = host.heldBack ? comparison : (comparison?.halves?.choosing ?? comparison);
  const asked: TriedCandidate = {
    facts: {
      bytes: made.bytes,
      millis: latency && { value: latency.variantMillis, ...latency.variantInterval },
      speedup: latency && { value: latency.speedup, ...latency.speedupInterval },
      memoryBytes: null,
      accuracy: accuracyOf(by),
    },
    originalBytes: opened.bytes,
    computesOtherwise: computesOtherwise(recipe, made.steps),
    timedOnMadeUp: latency?.inputs === 'synthetic',
    unanswered: comparison?.unanswered,
    cosine,
  };
  const judged = judgeCandidate(goal, asked);
  const { facts } = asked;
  return { candidate, recipe, made, asked, facts, latency, comparison, by, cosine, judged, notMeasured };
}

/** @param path of the original */
export function filesOfMade({ written }: MadeVariant, path: string): readonly DownloadFile[] {
  return [
    { name: variantFileName(path), parts: [concatParts(written.model)] },
    ...written.data.map(({ name, parts }) => ({ name, parts: [concatParts(parts)] })),
  ];
}

async function timed(
  variant: readonly DownloadFile[],
  { opened, calibration, target, threads, seed, checkpoint }: TryingHost,
  notMeasured: string[],
): Promise<{ readonly latency: LatencyMeasurement | null; readonly agreement: AgreementMeasurement | null }> {
  if (target !== 'ort-wasm') {
    notMeasured.push(`speed: ${target} is not this runtime`);
    return { latency: null, agreement: null };
  }
  const original = filesOf(opened);
  const { set } = calibration;
  const request = { provider: 'wasm', threads, seed, dimensions: {}, budgetMillis: TIMING_MILLIS } as const;
  const result = await measureInNode(
    { ...request, original, variant },
    {
      checkpoint: (fraction, doing) => checkpoint(0.3 + 0.4 * fraction, doing),
      ...(set === undefined
        ? {}
        : {
            samples: async (count: number) =>
              readSampleFeeds(set.dataset, set.config, await modelInputs(original), count),
          }),
    },
  );
  for (const { what, reason } of result.notMeasured)
    if (what === 'latency') notMeasured.push(`speed: ${reason}`);
  return { latency: result.latency, agreement: result.agreement };
}

/** Null where it cannot be, with the reason in `notMeasured`. */
export async function evaluated(
  variant: readonly DownloadFile[],
  original: () => Promise<Predictor>,
  { calibration, threads, checkpoint }: Pick<TryingHost, 'calibration' | 'threads' | 'checkpoint'>,
  notMeasured: string[],
  part: DataPart = 'evaluation',
): Promise<TaskComparison | null> {
  const { set } = calibration;
  if (set === undefined || set.config.task.kind === 'agreement') {
    notMeasured.push('accuracy: no labelled data was given that fits an output of the model');
    return null;
  }
  try {
    const smaller = await openNodePredictor(variant, threads);
    const { comparison } = await evaluateModels(smaller, await original(), {
      ...set,
      part,
      fitted: '',
      checkpoint: (fraction, doing) => checkpoint(0.7 + 0.3 * fraction, doing),
    });
    return comparison;
  } catch (error) {
    if (!(error instanceof PareError) || error.code !== 'runtime-refused') throw error;
    notMeasured.push(`accuracy: ${error.message}`);
    return null;
  }
}

export function accuracyOf(comparison: PartComparison | null): GoalFacts['accuracy'] {
  if (comparison === null) return null;
  const { metric, value, difference, interval, higherIsBetter } = comparison;
  const unit = metric === 'mae' ? 'plain' : 'fraction';
  return { value, difference, ...interval, higherIsBetter, unit };
}
