/** Runs a model, or two, over one part of a set: records of samples, paired into figures. It must not know files or formats. */
import type { DataConfig, DataPart } from '../core/dataset/types.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import type { SampleRecord } from '../core/metrics/tasks/types.ts';
import { concludeEvaluation } from '../data/evaluate/conclude.ts';
import { createEvaluator } from '../data/evaluate/evaluate.ts';
import type { Checkpoint, Dataset } from '../data/types.ts';
import type { Evaluated } from './measure-report.ts';

export interface EvaluationOptions {
  readonly dataset: Dataset;
  readonly config: DataConfig;
  readonly part: DataPart;
  /** How the description came about, as shown. */
  readonly fitted: string;
  readonly checkpoint: Checkpoint;
}

/** @param original undefined = the model alone. */
export async function evaluateModels(
  variant: Predictor,
  original: Predictor | undefined,
  options: EvaluationOptions,
): Promise<Evaluated> {
  const { dataset, config, part, fitted } = options;
  const records = await recordsOf(variant, options, original === undefined ? [0, 1] : [0.5, 1]);
  const baseline = original === undefined ? records : await recordsOf(original, options, [0, 0.5]);
  const pair = { baseline, variant: original === undefined ? null : records };
  return { name: config.name, part, fitted, records, ...concludeEvaluation(dataset, config, pair) };
}

async function recordsOf(
  predictor: Predictor,
  { dataset, config, part, checkpoint }: EvaluationOptions,
  [from, to]: readonly [number, number],
): Promise<readonly SampleRecord[]> {
  const evaluator = createEvaluator({ dataset, config, predictor, part });
  return evaluator.evaluate(0, evaluator.samples, (fraction, doing) =>
    checkpoint(from + (to - from) * fraction, doing),
  );
}
