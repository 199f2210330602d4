/** Records of a model, or of two over the same samples, as figures: the same for page and command line. It must not run models. */
import type { DataConfig } from '../../core/dataset/types.ts';
import { compareTask } from '../../core/metrics/tasks/compare.ts';
import { summarizeTask } from '../../core/metrics/tasks/summarize.ts';
import type { SampleRecord, TaskComparison, TaskSummary } from '../../core/metrics/tasks/types.ts';
import { halvesOf } from '../prepare/split.ts';
import type { Dataset } from '../types.ts';

export interface Conclusion {
  readonly baseline: TaskSummary;
  readonly summary: TaskSummary;
  /** Null where there is one model. */
  readonly comparison: TaskComparison | null;
}

/**
 * Intervals are drawn with the seed of the description.
 * @param records `variant` null = the original alone.
 * @throws PareError `not-measurable` for agreement
 */
export function concludeEvaluation(
  dataset: Dataset,
  config: DataConfig,
  records: { readonly baseline: readonly SampleRecord[]; readonly variant: readonly SampleRecord[] | null },
): Conclusion {
  const { task, classes, split } = config;
  const { seed } = split;
  const baseline = summarizeTask(task, records.baseline, { seed });
  if (records.variant === null) return { baseline, summary: baseline, comparison: null };
  return {
    baseline,
    summary: summarizeTask(task, records.variant, { seed }),
    comparison: compareTask(task, records.baseline, records.variant, {
      seed,
      classNames: classes.length > 0 ? classes : (dataset.classTitles ?? []),
      groupsOf: (index) => dataset.info(index).groups,
      noun: nounOf(dataset),
      halfOf: halvesOf(
        dataset,
        config,
        records.baseline.map(({ index }) => index),
      ),
    }),
  };
}

function nounOf({ kind }: Dataset): string {
  switch (kind) {
    case 'images':
      return 'images';
    case 'text':
      return 'lines';
    case 'audio':
      return 'recordings';
    case 'table':
      return 'rows';
    case 'arrays':
      return 'samples';
    default:
      return kind satisfies never;
  }
}
