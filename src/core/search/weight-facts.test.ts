/** Facts of weights that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import { weightFacts } from './weight-facts.ts';

describe('weightFacts', () => {
  it('compares output and input channels with their medians', () => {
    // Rows are outputs: absmax 4, 8, 400; columns are inputs: absmax 2, 400, 3.
    const values = Float32Array.from([1, 4, 2, 2, 8, 3, 1, 400, 1]);
    expect(weightFacts(values, [3, 3], 0)).toMatchObject({ channelRatio: 400 / 8, inputRatio: 400 / 3 });
    // The other way around: outputs are the columns.
    expect(weightFacts(values, [3, 3], 1)).toMatchObject({ channelRatio: 400 / 3, inputRatio: 400 / 8 });
  });
  it('has no input channels for depthwise weights and no channels without an axis', () => {
    const values = Float32Array.from([1, 2, 3, 4]);
    expect(weightFacts(values, [2, 1, 1, 2], 0).inputRatio).toBeUndefined();
    expect(weightFacts(values, [4], undefined)).toMatchObject({
      channelRatio: undefined,
      inputRatio: undefined,
    });
  });
  it('does not let an outlier hide behind its own square', () => {
    // 63 weights of 1 and one of 4096: against all 64 it would be at most √64 = 8 deviations.
    const values = new Float32Array(64).fill(1);
    values[17] = 4096;
    expect(weightFacts(values, [1, 64], 0).outlier).toBeCloseTo(4096, 6);
    expect(weightFacts(new Float32Array(8), [1, 8], 0).outlier).toBe(0);
  });
});
