/** Scorers against outputs that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import type { ClassificationTask, Task } from '../../dataset/types.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import type { DataType } from '../../tensor/dtype.ts';
import { createScorer } from './scorer.ts';
import { truthOf } from './truth.ts';
import type { SampleRecord } from './types.ts';

function tensor(dims: readonly number[], values: readonly number[]): HostTensor {
  return { dataType: 'float32', dims, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

const classify: ClassificationTask = {
  kind: 'classification',
  output: 'y',
  values: 'logits',
  classOffset: 0,
};
const setup = { classes: ['a', 'b', 'c'], ports: [] };

function scoreAll(
  task: Task,
  output: HostTensor,
  rows: number,
  labels: readonly (string | null)[],
  classes = setup.classes,
): SampleRecord[] {
  const scorer = createScorer(task, { ...setup, classes });
  return labels.map((name, row) => {
    const truth = truthOf(task, classes, name === null ? null : { kind: 'class', name });
    return scorer.score(new Map([['y', output]]), row, rows, truth, row);
  });
}

describe('classification', () => {
  it('ranks, and takes the softmax of logits', () => {
    // softmax(0, ln 2, ln 5) = 1/8, 2/8, 5/8
    const output = tensor([2, 3], [0, Math.log(2), Math.log(5), 1000, 0, -1000]);
    const [first, second] = scoreAll(classify, output, 2, ['b', 'c']);
    expect(first).toMatchObject({ kind: 'class', truth: 1, predicted: 2, rank: 1, index: 0 });
    expect(first).toHaveProperty('confidence', expect.closeTo(0.625, 6));
    expect(second).toMatchObject({ truth: 2, predicted: 0, rank: 2, confidence: 1 });
  });

  it('reads [N, C, 1, 1] and a bare [C], and counts from the offset', () => {
    const probabilities: Task = { ...classify, values: 'probabilities', classOffset: 1 };
    const [record] = scoreAll(probabilities, tensor([1, 4, 1, 1], [0.1, 0.2, 0.3, 0.4]), 1, ['b']);
    expect(record).toMatchObject({ truth: 2, predicted: 3, rank: 1 });
    const [bare] = scoreAll(probabilities, tensor([4], [0.1, 0.2, 0.3, 0.4]), 1, ['b']);
    expect(bare).toEqual(record);
  });

  it('says what is wrong instead of guessing', () => {
    const reason = (record: SampleRecord): string => (record.kind === 'failed' ? record.reason : 'scored');
    const output = tensor([1, 3], [0, NaN, 1]);
    expect(reason(scoreAll(classify, output, 1, ['a'])[0])).toMatch(/no numbers \(NaN\)/);
    const good = tensor([1, 3], [0, 0, 1]);
    expect(reason(scoreAll(classify, good, 1, ['x'])[0])).toBe('The label "x" is none of the 3 classes.');
    expect(reason(scoreAll(classify, good, 1, ['7'], [])[0])).toMatch(
      /class 7, and the model has the classes 0 to 2/,
    );
    expect(reason(scoreAll(classify, tensor([1, 3, 5, 5], Array(75).fill(0)), 1, ['a'])[0])).toMatch(
      /no list of classes/,
    );
  });

  it('keeps samples without a label', () => {
    expect(scoreAll(classify, tensor([1, 3], [0, 0, 1]), 1, [null])[0]).toMatchObject({
      truth: -1,
      rank: -1,
      predicted: 2,
    });
  });
});

describe('text', () => {
  const task: Task = { kind: 'text', output: 'y', decode: 'ctc', blank: 0, alphabet: ['c', 'a', 't'] };
  /** One-hot steps. */
  const steps = (best: readonly number[]): number[] =>
    best.flatMap((b) => [0, 1, 2, 3].map((c) => (c === b ? 1 : 0)));

  it('drops repeats and blanks, and counts edits', () => {
    const scorer = createScorer(task, { classes: [], ports: [] });
    const output = tensor([1, 6, 4], steps([1, 1, 0, 2, 2, 0]));
    const record = scorer.score(new Map([['y', output]]), 0, 1, { kind: 'text', text: 'cat' }, 7);
    expect(record).toEqual({ kind: 'text', index: 7, truth: 'cat', predicted: 'ca', edits: 1, length: 3 });
  });

  it('reads [T, N, C]', () => {
    const scorer = createScorer(task, { classes: [], ports: [] });
    const output = tensor([3, 2, 4], steps([1, 3, 2, 0, 3, 3]));
    const texts = [0, 1].map((row) => scorer.score(new Map([['y', output]]), row, 2, { kind: 'none' }, row));
    expect(texts).toMatchObject([{ predicted: 'cat' }, { predicted: 'tt' }]);
  });
});

describe('types of outputs', () => {
  it.each<[DataType, Uint8Array]>([
    ['float64', new Uint8Array(Float64Array.of(1, 3, 2).buffer)],
    ['float16', new Uint8Array(Uint16Array.of(0x3c00, 0x4200, 0x4000).buffer)],
    ['int64', new Uint8Array(BigInt64Array.of(1n, 3n, 2n).buffer)],
    ['uint8', Uint8Array.of(1, 3, 2)],
  ])('%s', (dataType, bytes) => {
    // One byte off any boundary, as a part of a larger buffer may be.
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    expect(scoreAll(classify, { dataType, dims: [1, 3], bytes: shifted }, 1, ['c'])[0]).toMatchObject({
      predicted: 1,
      rank: 1,
    });
  });
});
