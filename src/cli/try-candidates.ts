/** Makes the recipes that tuning proposes, times and evaluates them against the original, and judges what came out. */
import { concatParts } from '../core/bytes/spans.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import { PareError } from '../core/errors.ts';
import type { Goal, GoalFacts } from '../core/goal/types.ts';
import type { TaskComparison } from '../core/metrics/tasks/types.ts';
import type { AgreementMeasurement, LatencyMeasurement } from '../core/metrics/types.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import type { Recipe } from '../core/recipe/types.ts';
import { computesOtherwise, judgeCandidate, type Judged } from '../core/search/recommend.ts';
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
import { formatBytes, formatPercent } from './table.ts';

export interface TryingHost {
  readonly opened: OpenModel;
  readonly goal: Goal;
  readonly target: TargetId;
  readonly threads: number;
  readonly seed: number;
  /** Calibration samples that recipes look at. */
  readonly samples: number;
  readonly calibration: OpenCalibration;
  readonly runner: GraphRunner;
  readonly checkpoint: Checkpoint;
}

export interface Tried {
  readonly candidate: TuneCandidate;
  /** With the number of samples that it looked at. */
  readonly recipe: Recipe;
  readonly made: MadeVariant;
  readonly facts: GoalFacts;
  readonly latency: LatencyMeasurement | null;
  readonly comparison: TaskComparison | null;
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
): Promise<Tried[]> {
  const tried: Tried[] = [];
  const original = openedOnce(() => openNodePredictor(filesOf(host.opened), host.threads));
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
function openedOnce(open: () => Promise<Predictor>): () => Promise<Predictor> {
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
  const variant: DownloadFile[] = [
    { name: variantFileName(opened.path), parts: [concatParts(made.written.model)] },
    ...made.written.data.map(({ name, parts }) => ({ name, parts: [concatParts(parts)] })),
  ];
  const notMeasured: string[] = [];
  const { latency, agreement } = await timed(variant, host, notMeasured);
  const comparison = await evaluated(variant, original, host, notMeasured);
  const facts = factsOf(made.bytes, latency, comparison);
  const judged = judgeCandidate(goal, {
    facts,
    originalBytes: opened.bytes,
    computesOtherwise: computesOtherwise(recipe, made.steps),
    unanswered: comparison?.unanswered,
    cosine: agreement?.cosine,
  });
  const cosine = agreement?.cosine ?? null;
  return { candidate, recipe, made, facts, latency, comparison, cosine, judged, notMeasured };
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

async function evaluated(
  variant: readonly DownloadFile[],
  original: () => Promise<Predictor>,
  { calibration, threads, checkpoint }: TryingHost,
  notMeasured: string[],
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
      part: 'evaluation',
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

function factsOf(
  bytes: number,
  latency: LatencyMeasurement | null,
  comparison: TaskComparison | null,
): GoalFacts {
  return {
    bytes,
    millis: latency && { value: latency.variantMillis, ...latency.variantInterval },
    speedup: latency && { value: latency.speedup, ...latency.speedupInterval },
    memoryBytes: null,
    accuracy: comparison && {
      value: comparison.value,
      difference: comparison.difference,
      ...comparison.interval,
      higherIsBetter: comparison.higherIsBetter,
    },
  };
}

export function candidateJson({ candidate, recipe, facts, comparison, latency, judged, notMeasured }: Tried) {
  return {
    recipe,
    choice: candidate.choice,
    predicted: { source: 'predicted', ...candidate.predicted },
    measured: { source: 'measured', bytes: facts.bytes, latency, comparison },
    recommended: judged.recommended,
    reasons: judged.reasons,
    kept: candidate.kept,
    notMeasured,
  };
}

const KEPT_LINES = 12;

export function candidateText(tried: Tried, number: number, best: boolean): string[] {
  const { candidate, facts, latency, comparison, judged, notMeasured } = tried;
  const counts = new Map<string, number>();
  for (const option of Object.values(candidate.choice)) counts.set(option, (counts.get(option) ?? 0) + 1);
  const mix = [...counts].map(([option, count]) => `${count} × ${option}`).join(', ');
  const speed =
    latency === null
      ? 'speed not measured'
      : `${latency.speedup.toFixed(2)} × as fast [${latency.speedupInterval.low.toFixed(2)}, ${latency.speedupInterval.high.toFixed(2)}]`;
  const accuracy = comparison === null ? 'accuracy not measured' : comparison.sentence;
  const { kept } = candidate;
  return [
    `${best ? '★' : ' '} ${number}. ${mix}`,
    `     ${formatBytes(facts.bytes)} (${formatPercent(facts.bytes / candidate.predicted.bytes)} of what was predicted); ${speed}; ${accuracy} (measured)`,
    `     ${judged.recommended ? 'keeps to the goal' : 'not recommended'}${judged.reasons.length === 0 ? '' : `: ${judged.reasons.join(' ')}`}`,
    ...notMeasured.map((reason) => `     not measured: ${reason}`),
    ...(best
      ? kept
          .slice(0, KEPT_LINES)
          .map(({ layer, option, reason }) => `     ${layer} stays ${option}: ${reason}`)
      : []),
    ...(best && kept.length > KEPT_LINES
      ? [`     and ${kept.length - KEPT_LINES} layers more (--json lists them)`]
      : []),
  ];
}
