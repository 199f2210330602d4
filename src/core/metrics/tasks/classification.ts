/** Class scores to a record: prediction, confidence, rank of the truth. It must not know names of classes. */
import type { ClassificationTask } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { argmax } from '../agreement.ts';
import { outputRow } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Truth } from './truth.ts';

type Outputs = ReadonlyMap<string, HostTensor>;

/**
 * Scores of one sample's classes as the model put them out. A single value becomes two: [0, x] for a logit, whose
 * softmax is the logistic function of x, else [1 − x, x].
 * @returns a sentence when the output is no list of class scores.
 */
function classScores(
  task: Pick<ClassificationTask, 'output' | 'values'>,
  outputs: Outputs,
  row: number,
  rows: number,
): Float64Array | string {
  const view = outputRow(outputs, task.output, row, rows);
  if (typeof view === 'string') return view;
  const { values, from, count, dims } = view;
  if (count === 0 || dims.some((size) => size > 1 && size !== count)) {
    return `the output "${task.output}" has the shape [${dims.join(', ')}] for one sample, which is no list of classes`;
  }
  const scores = new Float64Array(Math.max(2, count));
  if (count === 1)
    scores.set(task.values === 'logits' ? [0, values[from]] : [1 - values[from], values[from]]);
  else for (let c = 0; c < count; c++) scores[c] = values[from + c];
  if (scores.some(Number.isNaN)) return 'the model put out values that are no numbers (NaN)';
  return scores;
}

/**
 * Probabilities of one sample's classes: the softmax of logits, else the output as it is.
 * @returns a sentence when the output is no list of class scores.
 */
export function classProbabilities(
  task: Pick<ClassificationTask, 'output' | 'values'>,
  outputs: Outputs,
  row: number,
  rows: number,
): Float64Array | string {
  const scores = classScores(task, outputs, row, rows);
  if (typeof scores === 'string' || task.values === 'probabilities') return scores;
  const { top, sum } = expSum(scores);
  return scores.map((score) => shifted(score, top) / sum);
}

/** Largest score and Σ exp(score − top): no exponential can overflow, and the sum is at least 1. */
function expSum(scores: Float64Array): { top: number; sum: number } {
  let top = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > top) top = score;
  let sum = 0;
  for (const score of scores) sum += shifted(score, top);
  return { top, sum };
}

/** ∞ − ∞ is no number: classes that score infinitely share what there is. */
function shifted(score: number, top: number): number {
  return score === top ? 1 : Math.exp(score - top);
}

/** The `most` likeliest classes, best first, the earlier of equals first. */
export function topClasses(
  probabilities: ArrayLike<number>,
  most: number,
): { readonly classIndex: number; readonly confidence: number }[] {
  const best: { classIndex: number; confidence: number }[] = [];
  for (let c = 0; c < probabilities.length; c++) {
    const confidence = probabilities[c];
    if (best.length === most && confidence <= best[most - 1].confidence) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].confidence < confidence) at--;
    best.splice(at, 0, { classIndex: c, confidence });
    if (best.length > most) best.pop();
  }
  return best;
}

export function scoreClass(
  task: ClassificationTask,
  outputs: Outputs,
  row: number,
  rows: number,
  truth: Truth,
): Outcome | string {
  const scores = classScores(task, outputs, row, rows);
  if (typeof scores === 'string') return scores;
  const count = scores.length;
  // Prediction and rank come from the scores themselves: small probabilities would become equal zeros.
  const predicted = argmax(scores, 0, count);
  const probability = task.values === 'logits' ? 1 / expSum(scores).sum : scores[predicted];
  const confidence = Math.min(1, Math.max(0, probability));
  if (truth.kind !== 'class') return { kind: 'class', truth: -1, predicted, confidence, rank: -1 };
  const { classIndex } = truth;
  if (classIndex < 0 || classIndex >= count) {
    return `the label is class ${classIndex}, and the model has the classes 0 to ${count - 1}`;
  }
  const rank = rankOf(scores, classIndex);
  return { kind: 'class', truth: classIndex, predicted, confidence, rank };
}

/** How many classes score higher. Of equal scores the first class wins, as it does in the prediction. */
function rankOf(scores: ArrayLike<number>, classIndex: number): number {
  const own = scores[classIndex];
  let higher = 0;
  for (let c = 0; c < scores.length; c++) {
    if (scores[c] > own || (scores[c] === own && c < classIndex)) higher++;
  }
  return higher;
}
