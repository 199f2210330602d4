/**
 * Without labels that fit: which preprocessing makes the model most decided while it still tells samples apart. A hint,
 * never a certainty. It must not know labels.
 */
import type { InputFit, Proposal } from '../../core/dataset/types.ts';
import type { Predictor } from '../../core/dataset/predictor.ts';
import { classProbabilities } from '../../core/metrics/tasks/classification.ts';
import { classCount } from '../../core/metrics/agreement.ts';
import type { Outputs } from '../../core/metrics/tasks/scorer.ts';
import type { FailedRecord } from '../../core/metrics/tasks/types.ts';
import type { Checkpoint, Dataset } from '../types.ts';
import type { InputPlan } from './plan-inputs.ts';
import { Trials } from './trials.ts';
import { METRIC_NAMES, titleOf } from './wording.ts';

/** Samples for each way; each keeps a vector of probabilities. */
const SAMPLES = 32;

export interface Unlabelled extends Omit<Proposal, 'config' | 'problems'> {
  readonly inputs: Readonly<Record<string, InputFit>>;
  /** Of the `tried` samples. */
  readonly unread: readonly FailedRecord[];
  readonly tried: number;
}

export async function proposeUnlabelled(
  dataset: Dataset,
  predictor: Predictor,
  plan: InputPlan,
  order: readonly number[],
  probe: { readonly outputs: Outputs; readonly rows: number },
  { checkpoint }: { readonly checkpoint: Checkpoint },
): Promise<Unlabelled> {
  const output = [...probe.outputs].find(([, tensor]) => (classCount(tensor.dims) ?? 0) > 2)?.[0];
  const unknown = 'No labels that fit the outputs: only the agreement with the original can be measured.';
  if (output === undefined || plan.values.length === 1 || order.length < 2) {
    return {
      inputs: plan.fits(0, 0),
      metric: METRIC_NAMES.agreement,
      attempts: [],
      evidence: `${unknown} ${only(plan)}`,
      sure: false,
      unread: [],
      tried: 0,
    };
  }
  const task = { output, values: 'logits' } as const;
  const trials = new Trials<Float64Array | null>(dataset, predictor, order, (outputs, position, rows) => {
    const found = outputs === null ? '' : classProbabilities(task, outputs, position, rows);
    return typeof found === 'string' ? null : found;
  });
  const attempts: { title: string; score: number; samples: number; values: number }[] = [];
  for (let values = 0; values < plan.values.length; values++) {
    const step = (): Promise<void> =>
      checkpoint(values / plan.values.length, `trying ${plan.values[values]}`);
    const rows = await trials.first(String(values), plan.fits(values, 0), SAMPLES, step);
    const vectors = rows.filter((row) => row !== null);
    const title = titleOf(plan, values, 0);
    attempts.push({ title, score: decidedness(vectors), samples: vectors.length, values });
  }
  attempts.sort((a, b) => b.score - a.score || a.values - b.values);
  const [best] = attempts;
  return {
    inputs: plan.fits(best.values, 0),
    metric: 'decidedness',
    attempts: attempts.map(({ title, score, samples }) => ({ title, score, samples })),
    evidence: `${unknown} With ${best.title} the model tells the ${best.samples} samples looked at apart most clearly; that is a hint, no proof.`,
    sure: false,
    unread: trials.unread(),
    tried: Math.min(SAMPLES, order.length),
  };
}

function only(plan: InputPlan): string {
  const title = titleOf(plan, 0, 0);
  const more = plan.values.length * plan.sizes.length;
  if (more === 1) return title === '' ? 'The data fits as it is.' : `The data fits in one way: ${title}.`;
  return `Nothing tells the ${more} ways to feed it apart; the customary one is proposed: ${title}.`;
}

/**
 * Mutual information of sample and class, H(mean p) − mean H(p), as a share of the most there can be. Wrong values
 * drive a model to one answer for everything (first term small) or to none (second term large).
 * Source: Bridle, Heading & MacKay, Unsupervised classifiers, NIPS 1991.
 */
function decidedness(rows: readonly Float64Array[]): number {
  if (rows.length < 2) return 0;
  const classes = rows[0].length;
  const mean = new Float64Array(classes);
  let own = 0;
  for (const row of rows) {
    own += entropy(row) / rows.length;
    for (let c = 0; c < classes; c++) mean[c] += row[c] / rows.length;
  }
  return Math.max(0, Math.min(1, (entropy(mean) - own) / Math.log(Math.min(classes, rows.length))));
}

function entropy(p: Float64Array): number {
  let sum = 0;
  for (const x of p) if (x > 0) sum -= x * Math.log(x);
  return sum;
}
