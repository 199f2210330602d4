import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { noise } from '../../testing/weight-models.ts';
import { keptCounts, keptCountsOf, lampScores, sortedMagnitudes } from './lamp.ts';
import { planPrune, prunedCount, rowsOf } from './plan.ts';

describe('magnitudes', () => {
  it('are sorted as by comparing them', () => {
    const edges = [0, -0, 2 ** -149, -(2 ** -126), 1, -1, 1, Infinity, 3.4e38, -65504];
    const cases = [noise(5000, 3), Float32Array.from(edges), Float32Array.of(-2), new Float32Array(0)];
    // A view that does not start at the beginning of its buffer.
    cases.push(noise(100).subarray(7, 90));
    for (const values of cases) {
      const before = values.slice();
      expect(sortedMagnitudes(values)).toEqual(values.map(Math.abs).sort());
      expect(values).toEqual(before);
    }
  });
});

describe('LAMP scores', () => {
  it('divide a square by the sum of all that are not smaller', () => {
    // Squares 1, 4, 9: 1/14, 4/13, 9/9.
    const scores = lampScores(Float32Array.of(3, -1, 2));
    expect(scores[0]).toBeCloseTo(1 / 14, 7);
    expect(scores[1]).toBeCloseTo(4 / 13, 7);
    expect(scores[2]).toBe(1);
  });

  it('are 0 in a layer of zeros', () => {
    expect([...lampScores(new Float32Array(3))]).toEqual([0, 0, 0]);
  });

  it('never fall with magnitude', () => {
    const scores = lampScores(noise(1000));
    for (let i = 1; i < scores.length; i++) expect(scores[i]).toBeGreaterThanOrEqual(scores[i - 1]);
  });
});

describe('shares of the layers', () => {
  const threshold = (layers: Float32Array[], prune: number): number =>
    createReferenceKernels().kthMagnitude(layers, prune);

  it('take the lowest scores of all layers, exactly as many as asked', () => {
    const layers = [Float32Array.of(0.1, 0.5, 1), Float32Array.of(0.2, 0.3, 0.4, 1)];
    // The four lowest: 0.1 | 0.2, 0.3, 0.4.
    expect(keptCounts(layers, 4, threshold(layers, 4))).toEqual([2, 1]);
  });

  it('give equal scores from the first layer on', () => {
    const layers = [Float32Array.of(0.2, 0.2, 1), Float32Array.of(0.2, 0.2, 1)];
    expect(keptCounts(layers, 3, threshold(layers, 3))).toEqual([1, 2]);
  });

  it('empty no layer, not even one of zeros', () => {
    const layers = [new Float32Array(4), lampScores(noise(96))];
    const kept = keptCounts(layers, 95, threshold(layers, 95));
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(1);
  });

  it('sum up to the asked sparsity over many layers', () => {
    const layers = [3, 50, 700].map((n, i) => lampScores(noise(n, i + 1)));
    for (const prune of [1, 300, 600]) {
      const kept = keptCounts(layers, prune, threshold(layers, prune)).reduce((a, b) => a + b, 0);
      expect(753 - kept).toBe(prune);
    }
  });

  it('are the same without the scores in one place', () => {
    const layers = [3, 50, 700].map((n, i) => lampScores(noise(n, i + 1)));
    layers.push(new Float32Array(5), Float32Array.of(0.2, 0.2, 1));
    for (const prune of [1, 5, 6, 300, 600, 755])
      expect(keptCountsOf(layers, prune)).toEqual(keptCounts(layers, prune, threshold(layers, prune)));
    expect(keptCountsOf(layers, 0)).toEqual([3, 50, 700, 5, 3]);
  });
});

describe('plans', () => {
  const layer = { dims: [8, 3, 3, 3], axis: 0, elements: 216 };
  const values = { sparsity: 0.5, scope: 'uniform', pattern: '2:4', storage: 'auto' };

  it('prune exactly ⌊n·s⌋, where float rounding would take one away', () => {
    expect(prunedCount(216, 0.5)).toBe(108);
    expect(prunedCount(7, 0.5)).toBe(3);
    // 0.29 · 100 is 28.999999999999996 in float64.
    expect(prunedCount(100, 0.29)).toBe(29);
    expect(planPrune(layer, values, false)).toEqual({ kind: 'keep', keep: 108 });
    expect(planPrune(layer, { ...values, sparsity: 0 }, false)).toBeUndefined();
  });

  it('keep N of every M inputs of a channel, and min(N, tail) of a short tail', () => {
    // 27 inputs: 6 whole groups of 4 keep 12, the tail of 3 keeps 2; 8 channels.
    expect(planPrune(layer, { ...values, scope: 'nm' }, false)).toEqual({
      kind: 'nm',
      n: 2,
      m: 4,
      keep: 112,
    });
    expect(rowsOf(layer)).toEqual({ rows: 8, columns: 27 });
  });

  it('let a layer have its own sparsity whatever the scope', () => {
    expect(planPrune(layer, { ...values, scope: 'global' }, false)).toEqual({ kind: 'global' });
    expect(planPrune(layer, { ...values, scope: 'global', sparsity: 0.25 }, true)).toEqual({
      kind: 'keep',
      keep: 162,
    });
  });
});
