/** Summaries and comparisons against numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import type { Task } from '../../dataset/types.ts';
import { compareTask } from './compare.ts';
import { summarizeTask } from './summarize.ts';
import type { ClassRecord, SampleRecord } from './types.ts';

const classify: Task = { kind: 'classification', output: 'y', values: 'logits', classOffset: 0 };

function classRecord(index: number, truth: number, predicted: number): ClassRecord {
  return { kind: 'class', index, truth, predicted, confidence: 0.9, rank: truth === predicted ? 0 : 1 };
}

describe('summarizeTask, classification', () => {
  it('gives the figures of a small confusion matrix', () => {
    // truth 0: 2 right, 1 as class 1; truth 1: 1 right. Class 2 does not occur.
    const records = [classRecord(0, 0, 0), classRecord(1, 0, 0), classRecord(2, 0, 1), classRecord(3, 1, 1)];
    const summary = summarizeTask(classify, records);
    expect(summary).toMatchObject({ main: 'top1', value: 0.75, n: 4, confusion: [[0, 1, 1]] });
    // precision 1 and 1/2, recall 2/3 and 1, F1 = 4/5 and 2/3
    expect(summary.metrics.precision).toBeCloseTo(0.75, 12);
    expect(summary.metrics.recall).toBeCloseTo(5 / 6, 12);
    expect(summary.metrics.f1).toBeCloseTo((4 / 5 + 2 / 3) / 2, 12);
    expect(summary.metrics['f1-micro']).toBe(0.75);
  });
});

describe('compareTask, classification', () => {
  it('pairs by index, whatever the order, and counts what does not pair', () => {
    const baseline: SampleRecord[] = [0, 1, 2, 3].map((i) => classRecord(i, 0, 0));
    const variant: SampleRecord[] = [
      classRecord(2, 0, 1),
      classRecord(0, 0, 0),
      { kind: 'failed', index: 1, key: 'b', reason: 'no' },
    ];
    const comparison = compareTask(classify, baseline, variant, { seed: 1, classNames: ['cat', 'dog'] });
    expect(comparison).toMatchObject({
      n: 2,
      unpaired: 2,
      baseline: 1,
      value: 0.5,
      difference: -0.5,
      lost: 1,
      gained: 0,
    });
    expect(comparison.perClass).toMatchObject([{ column: '', name: 'cat', n: 2, difference: -0.5 }]);
  });
});
