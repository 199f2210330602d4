/** What a check says of divisions, copies, labels and classes; each in a sentence with what to do. */
import { describe, expect, it } from 'vitest';
import type { DataConfig, DuplicateReport } from '../../core/dataset/types.ts';
import type { Label } from '../types.ts';
import { checkSplit } from './check.ts';
import { indicesOf } from './split.ts';
import { pictureSet } from './testing/picture-set.ts';

const pixel = { width: 1, height: 1, rgba: new Uint8Array(4) };

function labelledSet(labels: readonly (string | null)[]) {
  return pictureSet(
    labels.map((name, i) => ({
      key: `k${i}`,
      picture: pixel,
      ...(name === null ? {} : { label: { kind: 'class', name } satisfies Label }),
    })),
  );
}

function describing(change: Partial<DataConfig> = {}): DataConfig {
  return {
    format: 'pare-data',
    version: 1,
    name: 'made',
    inputs: {},
    task: { kind: 'classification', output: 'y', values: 'logits', classOffset: 0 },
    classes: ['a', 'b'],
    split: { seed: 1, calibration: 0, holdBack: 0 },
    exclude: [],
    ...change,
  };
}

const many = (n: number) => Array.from({ length: n }, (_, i) => 'ab'[i % 2]);

function codesOf(report: ReturnType<typeof checkSplit>): string[] {
  return report.problems.map(({ severity, code }) => `${severity} ${code}`);
}

function copies(...groups: readonly (readonly string[])[]): DuplicateReport {
  return {
    checked: 10,
    total: groups.length,
    groups: groups.map((keys) => ({ kind: 'exact', keys, labelsDiffer: false, distance: 0 })),
    removable: groups.flatMap((keys) => keys.slice(1)),
  };
}

describe('checkSplit', () => {
  it('has nothing to say of a balanced, labelled set that is large enough', () => {
    expect(checkSplit(labelledSet(many(600)), describing())).toEqual({
      counts: { evaluation: 600, calibration: 0, 'hold-back': 0 },
      excluded: 0,
      problems: [],
    });
  });

  it('calls copies across parts an error, with the fix, until they are left out', () => {
    const set = labelledSet(many(1000));
    const config = describing({ split: { seed: 1, calibration: 100, holdBack: 0.2 } });
    const [evaluated] = indicesOf(set, config, 'evaluation');
    const [seen] = indicesOf(set, config, 'calibration');
    const report = copies([`k${evaluated}`, `k${seen}`]);
    const found = checkSplit(set, config, report);
    expect(found.problems).toMatchObject([
      { severity: 'error', code: 'split-leak', count: 1, examples: [`k${evaluated}`] },
    ]);
    expect(found.problems[0].message).toContain('leave the copies out (1 sample)');
    expect(checkSplit(set, { ...config, exclude: report.removable }, report).problems).toEqual([]);
  });

  it('warns of copies within a part, and of copies whose labels differ', () => {
    const report = copies(['k0', 'k1']);
    const differing = { ...report, groups: report.groups.map((g) => ({ ...g, labelsDiffer: true })) };
    expect(codesOf(checkSplit(labelledSet(many(600)), describing(), differing))).toEqual([
      'warning copies',
      'warning labels-differ',
    ]);
  });

  it('names labels that are none of the classes, by reason and key', () => {
    const set = labelledSet([...many(600), 'zebra', 'c']);
    const { problems } = checkSplit(set, describing());
    expect(problems).toMatchObject([
      { severity: 'warning', code: 'label-out-of-range', count: 2, examples: ['k600', 'k601'] },
    ]);
    expect(problems[0].message).toContain('"zebra"');
    const wrong = checkSplit(labelledSet(['x', 'y']), describing());
    expect(codesOf(wrong)).toContain('error label-out-of-range');
  });

  it('takes numbers for classes where there is no list of names', () => {
    const set = labelledSet(Array.from({ length: 600 }, (_, i) => String(i % 3)));
    expect(checkSplit(set, describing({ classes: [] })).problems).toEqual([]);
  });

  it('speaks of balance, one class, classes without samples, and few samples', () => {
    const skewed = labelledSet([...Array<string>(590).fill('a'), ...Array<string>(10).fill('b')]);
    expect(codesOf(checkSplit(skewed, describing()))).toEqual(['warning class-balance']);
    expect(codesOf(checkSplit(labelledSet(Array<string>(600).fill('a')), describing()))).toEqual([
      'warning one-class',
      'note class-empty',
    ]);
    const classes = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    const few = checkSplit(labelledSet(['c1', 'c2', 'c3']), describing({ classes }));
    expect(codesOf(few)).toEqual([
      'note class-empty',
      'warning fewer-samples-than-classes',
      'warning few-for-question',
    ]);
    // 1.96 · √(0.05 / 3) = 25.3 points; 0.05 · (1.96 / 0.02)² = 480.2 samples for 2 points.
    expect(few.problems[2].message).toContain('25.3 points');
    expect(few.problems[2].message).toContain('481 would do');
  });

  it('says when nothing is left to evaluate, or less is there than was asked for', () => {
    const all = describing({ split: { seed: 1, calibration: 10, holdBack: 0 } });
    expect(codesOf(checkSplit(labelledSet(many(4)), all))).toContain('error part-empty');
    expect(codesOf(checkSplit(labelledSet(many(4)), all))).toContain('warning calibration-short');
    expect(codesOf(checkSplit(labelledSet([]), describing()))).toContain('error part-empty');
    const left = describing({ exclude: ['k0', 'gone'] });
    const report = checkSplit(labelledSet(['a']), left);
    expect(report).toMatchObject({ excluded: 1, counts: { evaluation: 0 } });
    expect(codesOf(report)).toEqual(['error part-empty', 'note exclude-unknown']);
  });

  it('asks for labels where the task needs them, and does not where it does not', () => {
    const set = labelledSet([null, null]);
    expect(codesOf(checkSplit(set, describing()))).toContain('error label-missing');
    expect(checkSplit(set, describing({ task: { kind: 'agreement' } })).problems).toEqual([]);
  });
});
