/** Which range of made-up values is picked, with models that are plain functions. */
import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import type { ModelInput } from './inputs.ts';
import { pickRange } from './value-range.ts';

const inputs: ModelInput[] = [{ name: 'x', dataType: 'float32', shape: [1, 3, 8, 8] }];

/** A model whose one output is `f` of each input value. */
function model(f: (x: number) => number) {
  return {
    ort: { outputNames: ['y'] },
    feeds: (tensors: ReadonlyMap<string, HostTensor>) => tensors.get('x') as never,
    run: (x: unknown) => {
      const values = new Float32Array((x as HostTensor).bytes.buffer);
      return Promise.resolve({ y: { type: 'float32', data: values.map(f) } as never });
    },
  };
}
const pick = (f: (x: number) => number, of = inputs) =>
  pickRange(model(f), of, {}, 1, () => Promise.resolve());

describe('pickRange', () => {
  it('stays with −1..1 where the model reacts to it', async () => {
    expect(await pick((x) => x)).toBe('signed-unit');
  });
  it('takes 0..255 where −1..1 drowns in a constant', async () => {
    expect(await pick((x) => x / 255 + 1)).toBe('bytes');
  });
  it('stays where nothing moves the model, and where there is no float to choose', async () => {
    expect(await pick(() => 5)).toBe('signed-unit');
    expect(await pick((x) => x / 255 + 1, [{ name: 'state', dataType: 'float32', shape: [4] }])).toBe(
      'signed-unit',
    );
  });
});
