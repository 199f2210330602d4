/** Summaries and comparisons against numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import type { Task } from '../../dataset/types.ts';
import { PareError } from '../../errors.ts';
import { seededRandom } from '../../passes/random.ts';
import { compareTask } from './compare.ts';
import { summarizeTask } from './summarize.ts';
import type {
  BoxesRecord,
  ClassRecord,
  MaskRecord,
  NumbersRecord,
  SampleRecord,
  TextRecord,
} from './types.ts';

const classify: Task = { kind: 'classification', output: 'y', values: 'logits', classOffset: 0 };
const read: Task = { kind: 'text', output: 'y', decode: 'ctc', blank: 0, alphabet: [] };
const regress: Task = { kind: 'regression', output: 'y' };
const segment: Task = { kind: 'segmentation', output: 'y' };
const detect: Task = { kind: 'detection', decoder: 'boxes', outputs: {}, scoreThreshold: 0, nmsIou: 1 };

function classRecord(index: number, truth: number, predicted: number): ClassRecord {
  return { kind: 'class', index, truth, predicted, confidence: 0.9, rank: truth === predicted ? 0 : 1 };
}

function textRecord(index: number, edits: number, length: number): TextRecord {
  return { kind: 'text', index, truth: 't', predicted: edits === 0 ? 't' : `p${edits}`, edits, length };
}

function failure(work: () => unknown): PareError {
  try {
    work();
  } catch (error) {
    if (error instanceof PareError) return error;
  }
  throw new Error('nothing was refused');
}

describe('summarizeTask', () => {
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

  it('leaves classes without samples out of the means, and gives those never predicted precision 0', () => {
    // Class 7 is predicted and never right; class 1 is right and never predicted.
    const summary = summarizeTask(classify, [classRecord(0, 0, 0), classRecord(1, 1, 7)]);
    expect(summary.metrics).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5 });
    expect(summary.perClass).toEqual([
      { classIndex: 0, n: 1, precision: 1, recall: 1, f1: 1 },
      { classIndex: 1, n: 1, precision: null, recall: 0, f1: 0 },
      { classIndex: 7, n: 0, precision: 0, recall: null, f1: 0 },
    ]);
  });

  it('counts what failed and what has no label, and measures on the rest', () => {
    const failed = { kind: 'failed', index: 2, key: 'c', reason: 'It is no picture.' } as const;
    const summary = summarizeTask(classify, [
      classRecord(0, 0, 0),
      { ...classRecord(1, -1, 0), rank: -1 },
      failed,
    ]);
    expect(summary).toMatchObject({ n: 1, value: 1, unlabelled: 1, failed: [failed] });
    expect(failure(() => summarizeTask(classify, [failed])).message).toBe(
      'None of the 1 samples could be scored: It is no picture.',
    );
    expect(failure(() => summarizeTask(classify, [])).code).toBe('not-measurable');
    expect(failure(() => summarizeTask({ kind: 'agreement' }, [])).code).toBe('not-measurable');
  });

  it('weighs characters, not lines', () => {
    // 1 − 3/30, though the lines alone are 1 and 0.7
    const summary = summarizeTask(read, [textRecord(0, 0, 20), textRecord(1, 3, 10)]);
    expect(summary.value).toBeCloseTo(0.9, 12);
    expect(summary.metrics.exact).toBe(0.5);
  });

  it('gives the errors of a regression', () => {
    const record = (index: number, truth: number, predicted: number): NumbersRecord => ({
      kind: 'numbers',
      index,
      truth: [truth],
      predicted: [predicted],
    });
    const { metrics } = summarizeTask(regress, [record(0, 1, 2), record(1, 2, 2), record(2, 3, 1)]);
    // errors 1, 0, 2; squares 5; spread around 2: 1 + 0 + 1
    expect(metrics.mae).toBeCloseTo(1, 12);
    expect(metrics.rmse).toBeCloseTo(Math.sqrt(5 / 3), 12);
    expect(metrics.r2).toBeCloseTo(1 - 5 / 2, 12);
    // Equal labels have no spread to explain.
    expect(summarizeTask(regress, [record(0, 1, 2)]).metrics.r2).toBeUndefined();
  });

  it('gives mean IoU over the classes of the masks', () => {
    const mask: MaskRecord = {
      kind: 'mask',
      index: 0,
      // IoU 6/(8 + 7 − 6) = 2/3 and 2/(2 + 2 − 2) = 1; class 5 is predicted only
      classes: [
        [0, 6, 8, 7],
        [1, 2, 2, 2],
        [5, 0, 0, 1],
      ],
    };
    const summary = summarizeTask(segment, [mask]);
    expect(summary.value).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(summary.metrics['pixel-accuracy']).toBeCloseTo(0.8, 12);
    expect(summary.interval).toEqual({ low: 0, high: 1 });
  });
});

describe('compareTask', () => {
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
    });
    expect(comparison.perClass).toMatchObject([{ column: '', name: 'cat', n: 2, difference: -0.5 }]);
    expect(failure(() => compareTask(classify, baseline, [], { seed: 1 })).code).toBe('not-measurable');
  });

  it('does not let a variant win by failing on what is hard', () => {
    // The original is wrong on every second sample; the variant is right on 60 and gives nothing for the other 40.
    const baseline = Array.from({ length: 100 }, (_, i) => classRecord(i, 0, i % 2));
    const variant = baseline.map(({ index }): SampleRecord =>
      index < 60 ? classRecord(index, 0, 0) : { kind: 'failed', index, key: 'k', reason: 'NaN' },
    );
    const comparison = compareTask(classify, baseline, variant, { seed: 1 });
    const without = compareTask(classify, baseline.slice(0, 60), variant.slice(0, 60), { seed: 1 });
    expect(without.verdict).toBe('better');
    expect(comparison).toMatchObject({ n: 60, unpaired: 40, unanswered: 40, verdict: 'indistinguishable' });
    expect(comparison.interval.low).toBeCloseTo((60 * without.interval.low - 40) / 100, 12);
    expect(comparison.interval.high).toBe(without.interval.high);
    expect(comparison.sentence).toMatch(/not distinguishable; no answer on 40 that the original answers$/);
    // What neither could read is nobody's fault.
    const unread: SampleRecord = { kind: 'failed', index: 100, key: 'k', reason: 'corrupt' };
    const both = compareTask(classify, [...baseline, unread], [...baseline, unread], { seed: 1 });
    expect(both).toMatchObject({ n: 100, unpaired: 1 });
    expect(both.unanswered).toBeUndefined();
  });

  it('calls a smaller error no better where samples are unanswered', () => {
    const numbers = (index: number, predicted: number): NumbersRecord => ({
      kind: 'numbers',
      index,
      truth: [0],
      predicted: [predicted],
    });
    const baseline = Array.from({ length: 50 }, (_, i) => numbers(i, 2 + (i % 3)));
    const variant = baseline.map(({ index }): SampleRecord =>
      index === 49 ? { kind: 'failed', index, key: 'k', reason: 'NaN' } : numbers(index, index % 3),
    );
    expect(compareTask(regress, baseline.slice(0, 49), variant.slice(0, 49), { seed: 1 }).verdict).toBe(
      'better',
    );
    expect(compareTask(regress, baseline, variant, { seed: 1 })).toMatchObject({
      verdict: 'indistinguishable',
      unanswered: 1,
    });
  });

  /** `lost` right ones go wrong, `gained` wrong ones go right, of 1,000 of which `right` are right before. */
  function change(right: number, lost: number, gained: number, n = 1000) {
    const baseline = Array.from({ length: n }, (_, i) => classRecord(i, i % 10, i < right ? i % 10 : 11));
    const variant = baseline.map((record, i) => {
      if (i < lost) return classRecord(i, i % 10, 12);
      if (i >= right && i < right + gained) return classRecord(i, i % 10, i % 10);
      return record;
    });
    return compareTask(classify, baseline, variant, {
      seed: 1,
      noun: 'images',
      groupsOf: (index) => ({ site: index < 100 ? 'a' : 'b' }),
    });
  }

  it('says in a sentence what it found', () => {
    const { sentence, verdict, tooFew } = change(700, 21, 17);
    expect(sentence).toMatch(/^−0\.4 pt, between −1\.\d and \+0\.\d on 1,000 images: not distinguishable$/);
    expect(verdict).toBe('indistinguishable');
    // ψ = .038, d = .005: (1.96·√.038 + .8416·√(.038 − .000025))²/.000025 = 11,928 → two digits
    expect(tooFew).toBe('1,000 images are too few to tell a difference of 0.5 pt: about 12,000 are needed.');
    expect(change(700, 100, 10)).toMatchObject({ verdict: 'worse', tooFew: null });
    expect(change(700, 10, 100)).toMatchObject({ verdict: 'better', tooFew: null });
    expect(change(700, 100, 10).sentence).toMatch(
      /^−9\.0 pt, between −1\d\.\d and −\d\.\d on 1,000 images: worse$/,
    );
    expect(change(700, 0, 0).sentence).toMatch(/^±0\.0\d? pt, between −0\.\d+ and \+0\.\d+ on 1,000/);
    // Very many samples, next to no disagreement: enough.
    expect(change(9000, 2, 2, 20_000).tooFew).toBeNull();
  });

  it('puts the worst group first and corrects for their number', () => {
    const { perGroup, perClass } = change(700, 60, 10);
    // All 60 losses are among the first hundred.
    expect(perGroup.map(({ column, name, n }) => [column, name, n])).toEqual([
      ['site', 'a', 100],
      ['site', 'b', 900],
    ]);
    expect(perGroup[0]).toMatchObject({ difference: -0.6, significant: true });
    expect(perGroup[1]).toMatchObject({ difference: 10 / 900 });
    expect(perClass).toHaveLength(10);
    // Six losses of six changes have p = 2/2⁶ = .031, which ten classes do not allow.
    expect(perClass.every(({ pValue, significant }) => pValue > 0.005 && !significant)).toBe(true);
  });

  it('keeps changed samples of both directions, all of them counted', () => {
    const { lost, gained, other, changed } = change(700, 600, 290);
    expect([lost, gained, other]).toEqual([600, 290, 0]);
    expect(changed).toHaveLength(500);
    expect(changed.filter((each) => each.change === 'gained').length).toBeGreaterThanOrEqual(250);
    // Spread over the set, not its first ones.
    expect(
      Math.max(...changed.filter((each) => each.change === 'lost').map(({ index }) => index)),
    ).toBeGreaterThan(550);
  });

  it('names classes as the labels do', () => {
    const task: Task = { ...classify, classOffset: 1 };
    const records = [classRecord(0, 1, 1), classRecord(1, 2, 2)];
    const names = (classNames: string[]): string[] =>
      compareTask(task, records, records, { seed: 1, classNames }).perClass.map(({ name }) => name);
    expect(names(['cat', 'dog']).sort()).toEqual(['cat', 'dog']);
    expect(names([]).sort()).toEqual(['0', '1']);
  });

  it('compares texts by characters', () => {
    const before = Array.from({ length: 40 }, (_, i) => textRecord(i, 1, 20));
    const after = before.map((record, i) => (i < 10 ? textRecord(i, 3, 20) : record));
    const comparison = compareTask(read, before, after, { seed: 1, noun: 'lines' });
    // 20 edits more on 800 characters
    expect(comparison.difference).toBeCloseTo(-20 / 800, 12);
    expect(comparison.interval.low).toBeLessThan(-0.025);
    expect(comparison.interval.high).toBeGreaterThan(-0.025);
    // Ten changes, all one way: 2/2¹⁰
    expect(comparison.pValue).toBeCloseTo(2 / 1024, 12);
    expect(comparison).toMatchObject({ verdict: 'worse', lost: 0, other: 10 });
    expect(comparison).toEqual(compareTask(read, before, after, { seed: 1, noun: 'lines' }));
  });

  it('knows that a smaller error is better', () => {
    const random = seededRandom(1);
    const record = (index: number, error: number): NumbersRecord => ({
      kind: 'numbers',
      index,
      truth: [0],
      predicted: [error],
    });
    const before = Array.from({ length: 100 }, (_, i) => record(i, 1 + random.next()));
    const after = before.map(({ index, predicted }) => record(index, predicted[0] * 0.9));
    const comparison = compareTask(regress, before, after, { seed: 1 });
    expect(comparison).toMatchObject({ metric: 'mae', higherIsBetter: false, verdict: 'better' });
    expect(comparison.sentence).toMatch(/^−0\.1\d*, between −0\.1\d* and −0\.1\d* on 100 samples: better$/);
  });

  it('says nothing from one sample', () => {
    const one = compareTask(
      regress,
      [{ kind: 'numbers', index: 0, truth: [0], predicted: [1] }],
      [{ kind: 'numbers', index: 0, truth: [0], predicted: [2] }],
      { seed: 1 },
    );
    expect(one.verdict).toBe('indistinguishable');
    expect(one.sentence).toBe('+1.000 on a single sample: too few for an interval');
    expect(one.tooFew).toMatch(/^One sample says nothing/);
  });

  it('resamples pictures for boxes, and does not claim that equal means equal for ever', () => {
    const random = seededRandom(2);
    const picture = (index: number, shift: number): BoxesRecord => ({
      kind: 'boxes',
      index,
      truth: [{ classIndex: index % 2, score: 1, box: [0, 0, 10, 10] }],
      predicted: [{ classIndex: index % 2, score: random.next(), box: [shift, 0, 10 + shift, 10] }],
    });
    const before = Array.from({ length: 60 }, (_, i) => picture(i, 0));
    const after = before.map(({ index }) => picture(index, index < 30 ? 4 : 0));
    const options = { seed: 1, noun: 'images', classNames: ['cat', 'dog'] };
    const comparison = compareTask(detect, before, after, options);
    expect(comparison).toMatchObject({ metric: 'map', baseline: 1, verdict: 'worse' });
    expect(comparison.perClass.map(({ name }) => name).sort()).toEqual(['cat', 'dog']);
    expect(comparison.perClass.every(({ significant }) => significant)).toBe(true);
    const same = compareTask(detect, before, before, options);
    // 1 − 0.05^(1/60)
    expect(same.interval.high).toBeCloseTo(0.0487, 4);
    expect(same).toMatchObject({ difference: 0, verdict: 'indistinguishable', pValue: 1 });
  });
});

describe('halves of the samples', () => {
  const halfOf = (index: number) => (index % 2 === 0 ? 'choosing' : 'confirming');
  /** Right everywhere before; wrong afterwards where `lost` says so. */
  const compare = (count: number, lost: (index: number) => boolean, labelled = count) => {
    const before = Array.from({ length: count }, (_, i) => classRecord(i, i < labelled ? 0 : -1, 0));
    const after = before.map((record) =>
      lost(record.index) ? { ...record, predicted: 1, rank: 1 } : record,
    );
    return compareTask(classify, before, after, { seed: 1, halfOf, noun: 'images' });
  };

  it('are compared each for itself', () => {
    const { halves, difference } = compare(400, (index) => index % 20 === 1);
    expect(difference).toBe(-0.05);
    expect(halves?.choosing).toMatchObject({ n: 200, difference: 0, verdict: 'indistinguishable' });
    expect(halves?.confirming).toMatchObject({ n: 200, difference: -0.1, verdict: 'worse' });
    expect(halves?.confirming.sentence).toMatch(/on 200 images: worse$/);
    // The interval of the value itself, not of the difference.
    expect(halves?.confirming.own.low).toBeGreaterThan(0.8);
    expect(halves?.confirming.own.high).toBeLessThan(1);
  });

  it('need a hundred pairs each', () => {
    expect(compare(200, () => false).halves?.confirming.n).toBe(100);
    expect(compare(199, () => false).halves).toBeUndefined();
    expect(compare(200, () => false, 199).halves).toBeUndefined();
    const records = [classRecord(0, 0, 0)];
    expect(compareTask(classify, records, records, { seed: 1 }).halves).toBeUndefined();
  });
});
