/** Maps against masks, values against values, and labels that do not fit. */
import { describe, expect, it } from 'vitest';
import type { Task } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { editDistance } from './edit-distance.ts';
import { createScorer } from './scorer.ts';
import { truthOf } from './truth.ts';
import type { Truth } from './truth.ts';
import type { SampleRecord } from './types.ts';

function tensor(dims: readonly number[], values: readonly number[]): HostTensor {
  return { dataType: 'float32', dims, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

function score(task: Task, y: HostTensor, truth: Truth): SampleRecord {
  return createScorer(task, { classes: [], ports: [] }).score(new Map([['y', y]]), 0, 1, truth, 0, {
    key: 'k',
  });
}

function reasonOf(record: SampleRecord): string {
  return record.kind === 'failed' ? record.reason : 'scored';
}

describe('segmentation', () => {
  const task: Task = { kind: 'segmentation', output: 'y', ignore: 255 };
  // Class 1 wins in the right column of a map of 2 × 2.
  const scores = tensor([1, 2, 2, 2], [1, 0, 1, 0, 0, 1, 0, 1]);

  it('counts pixels at the size of the mask, without those that do not count', () => {
    // The mask is twice as large: columns 0, 1 read the left one, 2, 3 the right one.
    const row = [0, 1, 1, 255];
    const classes = [...row, ...row, ...row, ...row];
    const record = score(task, scores, { kind: 'mask', width: 4, height: 4, classes });
    expect(record).toMatchObject({
      kind: 'mask',
      classes: [
        [0, 4, 4, 8],
        [1, 4, 8, 4],
      ],
    });
  });

  it('reads a map of classes', () => {
    const labels: HostTensor = {
      dataType: 'int64',
      dims: [1, 1, 2],
      bytes: new Uint8Array(BigInt64Array.of(3n, 0n).buffer),
    };
    const record = score(task, labels, { kind: 'mask', width: 2, height: 1, classes: [3, 3] });
    expect(record).toMatchObject({
      classes: [
        [0, 0, 0, 1],
        [3, 1, 2, 1],
      ],
    });
  });

  it('says what cannot be used', () => {
    const mask = { kind: 'mask', width: 1, height: 1, classes: [0] } as const;
    expect(reasonOf(score(task, tensor([1, 10], Array(10).fill(0)), mask))).toMatch(
      /\[classes, height, width\]/,
    );
    expect(reasonOf(score(task, tensor([1, 1, 2, 2], [0, 0, 0, 0]), mask))).toMatch(/one map of floats/);
    expect(reasonOf(score(task, tensor([1, 2, 1, 1], [NaN, 0]), mask))).toMatch(/NaN/);
    expect(reasonOf(score(task, scores, { kind: 'none' }))).toBe('The sample has no mask.');
  });
});

describe('regression', () => {
  const task: Task = { kind: 'regression', output: 'y' };
  it('keeps truth and prediction side by side', () => {
    expect(score(task, tensor([1, 2], [1, 2]), { kind: 'numbers', values: [3, 4] })).toEqual({
      kind: 'numbers',
      index: 0,
      truth: [3, 4],
      predicted: [1, 2],
    });
  });
  it('says what cannot be used', () => {
    expect(reasonOf(score(task, tensor([1, 2], [1, 2]), { kind: 'numbers', values: [3] }))).toMatch(
      /holds 1 values/,
    );
    expect(reasonOf(score(task, tensor([1, 1], [Infinity]), { kind: 'numbers', values: [3] }))).toMatch(
      /no finite/,
    );
    const text: HostTensor = { dataType: 'string', dims: [1, 1], bytes: new Uint8Array(0) };
    expect(reasonOf(score(task, text, { kind: 'none' }))).toBe(
      'An output of type string cannot be read as numbers.',
    );
  });
});

describe('truthOf', () => {
  const classify: Task = { kind: 'classification', output: 'y', values: 'logits', classOffset: 1 };
  const detect: Task = { kind: 'detection', decoder: 'boxes', outputs: {}, scoreThreshold: 0, nmsIou: 1 };
  const regress: Task = { kind: 'regression', output: 'y' };
  it.each<[Task, string[], Parameters<typeof truthOf>[2], object]>([
    [classify, ['a', 'b'], { kind: 'class', name: 'b' }, { kind: 'class', classIndex: 2 }],
    [classify, [], { kind: 'class', name: ' 7 ' }, { kind: 'class', classIndex: 8 }],
    [classify, [], { kind: 'numbers', values: [3] }, { kind: 'class', classIndex: 4 }],
    [classify, [], { kind: 'class', name: 'cat' }, { kind: 'wrong' }],
    [classify, ['a'], { kind: 'class', name: '__proto__' }, { kind: 'wrong' }],
    [classify, ['a'], null, { kind: 'none' }],
    [
      classify,
      ['a'],
      { kind: 'text', text: 'a' },
      { kind: 'wrong', reason: 'a class is expected as the label, text was found' },
    ],
    [regress, [], { kind: 'class', name: '-1.5' }, { kind: 'numbers', values: [-1.5] }],
    [regress, [], { kind: 'class', name: '' }, { kind: 'wrong' }],
    [regress, [], { kind: 'numbers', values: [NaN] }, { kind: 'wrong' }],
    [
      detect,
      ['a'],
      { kind: 'boxes', boxes: [{ className: 'a', left: 1, top: 2, width: 3, height: 4, crowd: true }] },
      { kind: 'boxes', boxes: [{ classIndex: 0, score: 1, box: [1, 2, 4, 6], crowd: true }] },
    ],
    [
      detect,
      ['a'],
      { kind: 'boxes', boxes: [{ className: 'a', left: NaN, top: 2, width: 3, height: 4 }] },
      { kind: 'wrong' },
    ],
  ])('case %#', (task, classes, label, expected) => {
    expect(truthOf(task, classes, label)).toMatchObject(expected);
  });
});

describe('editDistance', () => {
  const points = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0) ?? 0);
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['a𝄞c', 'abc', 1],
    ['flaw', 'lawn', 2],
  ])('%s → %s', (a, b, expected) => {
    expect(editDistance(points(a), points(b))).toBe(expected);
  });
});

describe('long texts', () => {
  it('fail with their reason', () => {
    const task: Task = { kind: 'text', output: 'y', decode: 'ctc', blank: 0, alphabet: ['a'] };
    const record = score(task, tensor([1, 1, 2], [0, 1]), { kind: 'text', text: 'a'.repeat(20_001) });
    expect(reasonOf(record)).toMatch(/more than the 20000 characters/);
  });
});
