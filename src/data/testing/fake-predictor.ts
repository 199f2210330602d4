/** A model made of a function, so that a test can say what it answers. Tests only. */
import type { ModelPort, Predictor } from '../../core/dataset/predictor.ts';
import { elementCount } from '../../core/tensor/dtype.ts';

/** One sample's values in, one sample's outputs out. */
export type Answer = (values: Float32Array) => readonly number[];

export interface FakePredictor extends Predictor {
  /** Rows of each run. */
  readonly runs: readonly number[];
}

/**
 * @param outputDims of one sample.
 * @param refuse called before each run with its number of rows; may throw.
 */
export function fakePredictor(
  inputShape: ModelPort['shape'],
  outputDims: readonly number[],
  answer: Answer,
  refuse: (rows: number) => void = () => undefined,
): FakePredictor {
  const runs: number[] = [];
  return {
    runs,
    inputs: [{ name: 'input', dataType: 'float32', shape: inputShape }],
    outputs: [{ name: 'output', dataType: 'float32', shape: [null, ...outputDims] }],
    run: async (feeds) => {
      await Promise.resolve();
      const feed = feeds.get('input');
      if (feed === undefined) throw new Error('There is no input.');
      const rows = feed.dims[0];
      refuse(rows);
      runs.push(rows);
      const all = new Float32Array(feed.bytes.slice().buffer);
      const size = all.length / rows;
      const out = Array.from({ length: rows }, (_, i) =>
        answer(all.subarray(i * size, (i + 1) * size)),
      ).flat();
      if (out.length !== rows * elementCount(outputDims)) throw new Error('The answer has another size.');
      const bytes = new Uint8Array(Float32Array.from(out).buffer);
      return new Map([['output', { dataType: 'float32' as const, dims: [rows, ...outputDims], bytes }]]);
    },
  };
}
