/** What a sample that the model refuses costs: itself. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import type { Evaluator } from '../data/evaluate/evaluate.ts';
import { EvaluationRun } from './evaluation-run.ts';

const none = () => Promise.resolve();

/** Refuses every range that holds one of `bad`, as a runtime refuses a batch. */
function runOver(samples: number, bad: readonly number[], code: 'runtime-refused' | 'runtime-crashed') {
  let runs = 0;
  const evaluator: Evaluator = {
    samples,
    evaluate(from, to) {
      runs++;
      const positions = Array.from({ length: to - from }, (_, i) => from + i);
      if (positions.some((position) => bad.includes(position))) {
        return Promise.reject(new PareError(code, 'no'));
      }
      return Promise.resolve(
        positions.map((index) => ({ kind: 'numbers', index, truth: [], predicted: [] }) as const),
      );
    },
  };
  const dataset = { info: (i: number) => ({ key: `k${i}`, label: null, groups: {} }) };
  const indices = Array.from({ length: samples }, (_, i) => i);
  return { run: new EvaluationRun({ evaluator, dataset, indices }), runs: () => runs };
}

describe('EvaluationRun', () => {
  it('finds the samples that are refused by halving, and keeps the order', async () => {
    const { run, runs } = runOver(64, [0, 37], 'runtime-refused');
    const records = await run.evaluate(0, 64, none);
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    const failed = records.filter(({ kind }) => kind === 'failed');
    expect(failed).toEqual([
      { kind: 'failed', index: 0, key: 'k0', reason: 'no' },
      { kind: 'failed', index: 37, key: 'k37', reason: 'no' },
    ]);
    // Two paths down a tree of depth 6, two nodes a level at most, and the root.
    expect(runs()).toBeLessThanOrEqual(1 + 2 * 2 * 6);
  });

  it('gives up on a model that refuses everything', async () => {
    const all = Array.from({ length: 100 }, (_, i) => i);
    const { run, runs } = runOver(100, all, 'runtime-refused');
    await expect(run.evaluate(0, 100, none)).rejects.toMatchObject({ code: 'runtime-refused' });
    expect(runs()).toBeLessThan(40);
  });

  it('does not try again in a runtime that broke down', async () => {
    const { run, runs } = runOver(8, [3], 'runtime-crashed');
    await expect(run.evaluate(0, 8, none)).rejects.toMatchObject({ code: 'runtime-crashed' });
    expect(runs()).toBe(1);
  });
});
