/** Changed predictions in words, their filter, and the three that stand for all. */
import { describe, expect, it } from 'vitest';
import type { DataConfig, DataSummary } from '../../../core/dataset/types.ts';
import type { ChangedSample } from '../../../core/metrics/tasks/types.ts';
import { changeSentence, changeWords, classNames, filterChanges, representatives } from './change-text.ts';

const config = {
  task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 1 },
  classes: ['cup', 'espresso'],
} as unknown as DataConfig;

const record = (predicted: number, confidence: number, truth = 1) =>
  ({ kind: 'class', index: 4, truth, predicted, confidence, rank: 0 }) as const;
const sample = (change: ChangedSample['change'], index = 4): ChangedSample => ({
  index,
  change,
  before: record(1, 0.714),
  after: record(2, 0.49),
});

const names = classNames(config, null);

describe('classNames', () => {
  it('knows that class 0 may be background, and falls back to numbers', () => {
    expect(names.ofIndex(1)).toBe('cup');
    expect(names.ofIndex(2)).toBe('espresso');
    expect(names.ofIndex(0)).toBe('class 0');
    expect(classNames(null, null).ofIndex(7)).toBe('class 7');
  });

  it('prefers the title that stands beside a label', () => {
    const summary = { classes: [{ name: 'cup', count: 1, title: 'a cup' }] } as unknown as DataSummary;
    expect(classNames(config, summary).ofIndex(1)).toBe('a cup');
    expect(classNames(config, summary).ofLabel('espresso')).toBe('espresso');
    // Numbers as labels: class 1 of a model whose class 0 is background is label 0.
    const numbered = { ...config, classes: [] };
    const tench = { classes: [{ name: '0', count: 1, title: 'tench' }] } as unknown as DataSummary;
    expect(classNames(numbered, tench).ofIndex(1)).toBe('tench');
    expect(classNames(numbered, tench).ofIndex(2)).toBe('class 2');
    const listed = { ...tench, listedTitles: ['tench', 'goldfish'] };
    expect([2, 0, 3].map((i) => classNames(numbered, listed).ofIndex(i))).toEqual([
      'goldfish',
      'class 0',
      'class 3',
    ]);
  });
});

describe('changeWords', () => {
  it('gives names and confidences, and one sentence for who cannot see the picture', () => {
    const words = changeWords(sample('lost'), names);
    expect(words).toEqual({
      truth: 'cup',
      before: 'cup',
      beforeConfidence: '71 %',
      after: 'espresso',
      afterConfidence: '49 %',
      isText: false,
    });
    expect(changeSentence(words, 'lost', 'a/1.png')).toBe(
      'a/1.png, labelled “cup”: original “cup” (71 %), variant “espresso” (49 %); was right, is wrong now',
    );
  });

  it('says that there is no label', () => {
    const unlabelled = { ...sample('other'), before: record(1, 0.5, -1) };
    expect(changeWords(unlabelled, names).truth).toBeNull();
  });

  it('compares texts as texts', () => {
    const text = (predicted: string) =>
      ({ kind: 'text', index: 0, truth: 'abc', predicted, edits: 0, length: 3 }) as const;
    const words = changeWords({ index: 0, change: 'lost', before: text('abc'), after: text('abd') }, names);
    expect(words).toMatchObject({ truth: 'abc', after: 'abd', afterConfidence: null, isText: true });
  });
});

describe('filterChanges and representatives', () => {
  const all = [
    sample('lost', 1),
    sample('lost', 2),
    sample('lost', 3),
    sample('gained', 4),
    sample('other', 5),
  ];
  const indices = (list: readonly ChangedSample[]): number[] => list.map(({ index }) => index);

  it('keeps the direction that was asked for', () => {
    expect(indices(filterChanges(all, 'gained'))).toEqual([4]);
    expect(filterChanges(all, 'all')).toBe(all);
  });

  it('shows both directions where both exist, and fills up otherwise', () => {
    expect(indices(representatives(all))).toEqual([1, 2, 4]);
    expect(indices(representatives(all.slice(0, 3)))).toEqual([1, 2, 3]);
    expect(indices(representatives(all.slice(3)))).toEqual([4, 5]);
    expect(representatives([])).toEqual([]);
  });
});
