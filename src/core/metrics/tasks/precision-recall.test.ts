/** Mean average precision against the reference evaluation, and against precisions that can be counted by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classPrecisions, matchBoxes, meanPrecision } from './precision-recall.ts';
import { summarizeTask } from './summarize.ts';
import type { BoxesRecord, Detection } from './types.ts';

type Row = readonly [number, number, number, number, number, number];
interface Golden {
  readonly expected: {
    readonly map: number;
    readonly map50: number;
    readonly perClass: readonly (readonly [number, number] | null)[];
  };
  readonly records: readonly (readonly [number, readonly Row[], readonly Row[]])[];
}

const golden = JSON.parse(
  readFileSync(new URL('testing/coco-boxes.json', import.meta.url), 'utf8'),
) as Golden;

const records = golden.records.map(([index, truth, predicted]): BoxesRecord => ({
  kind: 'boxes',
  index,
  truth: truth.map(([classIndex, crowd, ...box]) => ({
    classIndex,
    score: 1,
    box,
    ...(crowd === 1 ? { crowd: true } : {}),
  })),
  predicted: predicted.map(([classIndex, score, ...box]) => ({ classIndex, score, box })),
}));

const task = {
  kind: 'detection',
  decoder: 'boxes',
  outputs: {},
  scoreThreshold: 0,
  nmsIou: 1,
} as const;

describe('mean average precision', () => {
  const classes = classPrecisions(matchBoxes(records));

  it('is the reference’s', () => {
    const { map, map50 } = meanPrecision(classes);
    // Both sum the same fractions in another order: a few units in the last of 53 bits.
    expect(map).toBeCloseTo(golden.expected.map, 12);
    expect(map50).toBeCloseTo(golden.expected.map50, 12);
  });

  it.each(golden.expected.perClass.map((expected, classIndex) => ({ classIndex, expected })))(
    'of class $classIndex is the reference’s',
    ({ classIndex, expected }) => {
      const found = classes.find((each) => each.classIndex === classIndex);
      if (expected === null) {
        expect(found?.objects ?? 0).toBe(0);
        return;
      }
      expect(found?.ap).toBeCloseTo(expected[0], 12);
      expect(found?.ap50).toBeCloseTo(expected[1], 12);
    },
  );

  it('counts a picture with weight 2 like two pictures', () => {
    const weights = records.map((_, i) => 1 + (i % 2));
    const twice = records.flatMap((record, i) => (i % 2 === 1 ? [record, record] : [record]));
    const weighted = meanPrecision(classPrecisions(matchBoxes(records), weights)).map;
    // Two copies of a wrong box before two copies of a right one read a precision between the two; weights do not.
    expect(weighted).toBeCloseTo(meanPrecision(classPrecisions(matchBoxes(twice))).map, 2);
  });

  it('can be counted by hand', () => {
    const box = (left: number): Detection['box'] => [left, 0, left + 10, 10];
    const at = (left: number, score: number): Detection => ({ classIndex: 0, score, box: box(left) });
    const picture: BoxesRecord = {
      kind: 'boxes',
      index: 0,
      truth: [at(0, 1), at(100, 1)],
      // Right, wrong, right, all exact: precision 1 up to recall ½, then 2/3.
      predicted: [at(0, 0.9), at(50, 0.8), at(100, 0.7)],
    };
    // 51 recalls (0 … .50) at 1, 50 at 2/3
    expect(summarizeTask(task, [picture]).value).toBeCloseTo((51 + (50 * 2) / 3) / 101, 12);
  });
});
