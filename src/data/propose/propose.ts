/**
 * How a set fits a model, found by trying: which data feeds which input, which preprocessing the labels speak for,
 * what the outputs mean. Everything that was tried is told. It must not know runtimes.
 */
import type { DataConfig, InputFit, Proposal, Task } from '../../core/dataset/types.ts';
import type { Predictor } from '../../core/dataset/predictor.ts';
import { PareError } from '../../core/errors.ts';
import { createScorer, type Outputs } from '../../core/metrics/tasks/scorer.ts';
import { createBatcher } from '../fit/batcher.ts';
import { scoreRow } from '../evaluate/score-row.ts';
import type { FailedRecord } from '../../core/metrics/tasks/types.ts';
import type { Checkpoint, Dataset } from '../types.ts';
import type { SampleScore } from './choose.ts';
import { proposeUnlabelled } from './decided.ts';
import { customOf, labelKindOf, readingsOf, type LabelKind, type Reading } from './readings.ts';
import { planInputs, type InputPlan } from './plan-inputs.ts';
import { runRounds, type RoundsResult } from './rounds.ts';
import { sampleScore } from './sample-score.ts';
import { trialOrder } from './subset.ts';
import { Trials } from './trials.ts';
import { describeAttempts, METRIC_NAMES, unreadProblems } from './wording.ts';

export interface ProposeOptions {
  readonly seed: number;
  readonly checkpoint: Checkpoint;
  /** Milliseconds of a clock that does not jump. */
  readonly now?: () => number;
  /** Trying ends about here, with fewer samples on slow models; a first look at each way is never left out. */
  readonly budgetMillis?: number;
}

const BUDGET_MILLIS = 25_000;
/** Where nothing could be timed, because samples failed. */
const MOST_MILLIS = 10_000;
/** As many samples as the last round takes. */
const MOST_SAMPLES = 500;
/** Runs before anything is known of the model's speed. */
const TIMED_SAMPLES = 8;

/**
 * Best task first; agreement with the original, which needs no labels, is always the last.
 * @throws PareError `data-invalid` when nothing in the set can feed the model, the runtime's own errors when it refuses
 * every way, and `cancelled` by the checkpoint.
 */
export async function propose(
  dataset: Dataset,
  predictor: Predictor,
  options: ProposeOptions,
): Promise<readonly Proposal[]> {
  if (dataset.length === 0) throw new PareError('data-invalid', `${dataset.name} holds no samples.`);
  await options.checkpoint(0, 'looking at data and model');
  const label = labelKindOf(dataset);
  const plan = await planInputs(dataset, predictor.inputs, customOf(dataset, predictor.outputs, label));
  if (typeof plan === 'string') {
    // What was missing may be what could not be opened.
    const broken = dataset.problems.find(({ severity }) => severity === 'error');
    const message = broken === undefined ? plan : `${plan} ${broken.message}`;
    throw new PareError('data-invalid', message, { hint: 'Add data of the kind that the model takes.' });
  }
  const order = trialOrder(dataset, options.seed, MOST_SAMPLES, label !== 'none');
  const probe = await probeModel(dataset, predictor, plan, order);
  const { readings, problems } = readingsOf(dataset, label, probe.outputs, probe.rows);
  const config = (inputs: Readonly<Record<string, InputFit>>, task: Task, classes: readonly string[]) =>
    describe(dataset, options.seed, inputs, task, classes);
  if (readings.length === 0) {
    const unlabelled = await proposeUnlabelled(dataset, predictor, plan, order, probe, options);
    const { inputs, unread, tried, ...rest } = unlabelled;
    const told = [...problems, ...unreadProblems(unread, tried, false)];
    return [{ config: config(inputs, { kind: 'agreement' }, []), ...rest, problems: told }];
  }
  const { result, unread } = await tryAll(
    dataset,
    predictor,
    plan,
    order,
    readings,
    options,
    spreadOf(dataset, label),
  );
  const [winner] = result.attempts;
  const reading = readings[winner.reading];
  const inputs = plan.fits(winner.values, winner.size);
  const told = describeAttempts(dataset, plan, readings, result, reading.task.kind);
  const labelled: Proposal = {
    config: config(inputs, reading.task, reading.classes),
    metric: METRIC_NAMES[reading.task.kind],
    attempts: told.attempts,
    evidence: told.evidence,
    sure: told.sure,
    problems: [...problems, ...told.problems, ...unreadProblems(unread, winner.scores.length, true)],
  };
  return [labelled, withoutLabels(labelled, config(inputs, { kind: 'agreement' }, []))];
}

/** The same inputs, for comparing a variant with its original only. */
function withoutLabels({ sure }: Proposal, config: DataConfig): Proposal {
  const evidence = 'Read in the same way, without the labels: how far a variant agrees with the original.';
  return { config, metric: METRIC_NAMES.agreement, attempts: [], evidence, sure, problems: [] };
}

function describe(
  dataset: Dataset,
  seed: number,
  inputs: Readonly<Record<string, InputFit>>,
  task: Task,
  classes: readonly string[],
): DataConfig {
  return {
    format: 'pare-data',
    version: 1,
    name: dataset.name,
    inputs,
    task,
    classes,
    split: { seed, calibration: 0, holdBack: 0 },
    exclude: [],
  };
}

export interface Probe {
  readonly outputs: Outputs;
  readonly rows: number;
}

/** Samples that are tried until one can be read. */
const PROBED = 20;

/** One run, to see what comes out. Ways that the model refuses are passed over until one is taken. */
async function probeModel(
  dataset: Dataset,
  predictor: Predictor,
  plan: InputPlan,
  order: readonly number[],
): Promise<Probe> {
  let refusal: unknown;
  let unread: string | undefined;
  for (let size = 0; size < plan.sizes.length; size++) {
    const batcher = createBatcher(dataset, { inputs: plan.fits(0, size) }, predictor.inputs, { samples: 1 });
    for (const index of order.slice(0, PROBED)) {
      const batch = await batcher.make([index]);
      unread ??= batch.failed[0]?.reason;
      if (batch.rows.length === 0) continue;
      try {
        return { outputs: await predictor.run(batch.feeds), rows: batch.size };
      } catch (error) {
        refusal ??= error;
        break;
      }
    }
  }
  if (refusal !== undefined) throw refusal as Error;
  throw new PareError(
    'data-invalid',
    `None of the first ${Math.min(PROBED, order.length)} samples can be used: ${unread ?? 'there are none with a label'}`,
    {
      hint: 'Look at the problems that are listed with the data.',
    },
  );
}

/** Of number labels: their mean distance from their middle, so that a model that knows nothing scores about 0. */
function spreadOf(dataset: Dataset, label: LabelKind): number {
  const values: number[] = [];
  const step = Math.max(1, dataset.length / 1000);
  for (let at = 0; at < dataset.length; at += step) {
    const found = dataset.info(Math.floor(at)).label;
    if (found?.kind === 'numbers') values.push(...found.values);
    else if (label === 'class' && found?.kind === 'class') values.push(Number(found.name));
  }
  const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = finite[finite.length >> 1] ?? 0;
  const mean = finite.reduce((sum, x) => sum + Math.abs(x - middle), 0) / Math.max(1, finite.length);
  return mean > 0 ? mean : 1;
}

async function tryAll(
  dataset: Dataset,
  predictor: Predictor,
  plan: InputPlan,
  order: readonly number[],
  readings: readonly Reading[],
  { checkpoint, now = () => performance.now(), budgetMillis = BUDGET_MILLIS }: ProposeOptions,
  spread: number,
): Promise<{ readonly result: RoundsResult; readonly unread: readonly FailedRecord[] }> {
  const scorers = readings.map(({ task, classes }) =>
    createScorer(task, { classes, ports: predictor.outputs }),
  );
  const trials = new Trials<readonly SampleScore[]>(
    dataset,
    predictor,
    order,
    (outputs, position, rows, row) =>
      readings.map((reading, i) => {
        if (outputs === null || row === null) return { score: 0, weight: 1 };
        return sampleScore(scoreRow(scorers[i], reading, outputs, row, position, rows), spread);
      }),
  );
  const start = now();
  // The fastest seen: the first runs also compile codecs, and other programs only ever slow a run down.
  let sampleMillis = Infinity;
  const run = async (values: number, size: number, count: number) => {
    const title = plan.values[values];
    const before = { millis: now(), runs: trials.runs };
    const found = await trials.first(`${values} ${size}`, plan.fits(values, size), count, () =>
      checkpoint(
        Math.min(0.99, (now() - start) / budgetMillis),
        `trying ${title === '' ? 'the inputs' : title}`,
      ),
    );
    const runs = trials.runs - before.runs;
    if (runs >= TIMED_SAMPLES / 2) sampleMillis = Math.min(sampleMillis, (now() - before.millis) / runs);
    return readings.map((_, reading) => found.map((scores) => scores[reading]));
  };
  for (const samples of [TIMED_SAMPLES, 2 * TIMED_SAMPLES]) await run(0, 0, samples);
  const result = await runRounds({
    values: plan.reordered.map((reordered) => ({ reordered })),
    sizes: plan.sizes.length,
    readings: readings.length,
    available: order.length,
    run,
    affordable: (share) => {
      const left = 1.5 * budgetMillis - (now() - start);
      return (
        Math.max(0, Math.min(share * budgetMillis, left)) /
        Math.max(0.001, Math.min(sampleMillis, MOST_MILLIS))
      );
    },
  });
  return { result, unread: trials.unread() };
}
