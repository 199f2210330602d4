/** Inputs read from sessions, guesses for free dimensions, and made-up values: all without a runtime. */
import { describe, expect, it } from 'vitest';
import { makeFeeds } from './feeds.ts';
import { findSizes } from './find-sizes.ts';
import { dimensionKey, dimensionTrials, dimsOf, isState, readInputs } from './inputs.ts';
import type { ModelInput } from './inputs.ts';
import { PareError } from '../core/errors.ts';
import type { OrtValueMetadata } from './testing/metadata.ts';

const metadata = (...inputMetadata: OrtValueMetadata[]) => ({ inputMetadata });
const tensor = (name: string, type: string, shape: (number | string)[]): OrtValueMetadata =>
  ({ name, isTensor: true, type, shape }) as OrtValueMetadata;
const input = (
  name: string,
  dataType: ModelInput['dataType'],
  ...shape: (number | string | null)[]
): ModelInput => ({ name, dataType, shape });

describe('readInputs', () => {
  it('keeps sizes and names, and reads an impossible size as unknown', () => {
    // A literal −1 comes back from the runtime as 2^32 − 1.
    const found = readInputs(metadata(tensor('x', 'float32', ['N', 3, 4294967295, ''])));
    expect(found).toEqual({ ok: true, inputs: [input('x', 'float32', 'N', 3, null, null)] });
  });
  it('refuses with a reason what cannot be made up', () => {
    const reason = (...values: OrtValueMetadata[]) => readInputs(metadata(...values));
    expect(reason({ name: 's', isTensor: false })).toMatchObject({
      ok: false,
      reason: expect.stringContaining("'s' is a sequence") as string,
    });
    expect(reason(tensor('t', 'string', [1]))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("'t' takes text") as string,
    });
    expect(reason(tensor('b', 'bfloat16', [1]))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('bfloat16') as string,
    });
  });
});

describe('dimensionTrials', () => {
  const first = (...inputs: ModelInput[]) => dimensionTrials(inputs, {})[0];

  it('of a fixed model is one trial without guesses', () => {
    expect(dimensionTrials([input('x', 'float32', 1, 3, 32, 32)], {})).toEqual([{}]);
  });
  it('takes a batch of 1 and a picture of 224 first', () => {
    expect(first(input('x', 'float32', 'N', 3, 'H', 'W'))).toEqual({ N: 1, H: 224, W: 224 });
    expect(first(input('x', 'float32', 'N', 'H', 'W', 3))).toEqual({ N: 1, H: 224, W: 224 });
    expect(first(input('x', 'float32', 'N', 'C', 'H', 'W'))).toEqual({ N: 1, C: 3, H: 224, W: 224 });
  });
  it('moves sizes of one kind together and keeps the batch', () => {
    const trials = dimensionTrials([input('x', 'float32', 'N', 3, 'H', 'W')], {});
    expect(trials[1]).toEqual({ N: 1, H: 64, W: 64 });
    expect(trials.every((t) => t['N'] === 1 && t['H'] === t['W'])).toBe(true);
  });
  it('gives token sequences one length, states a batch of 1', () => {
    expect(first(input('ids', 'int64', 'batch', 'seq'), input('mask', 'int64', 'batch', 'seq'))).toEqual({
      batch: 1,
      seq: 16,
    });
    expect(first(input('input', 'float32', null, null), input('state', 'float32', 2, null, 128))).toEqual({
      'input:0': 1,
      'input:1': 512,
      'state:1': 1,
    });
  });
  it('keeps every setting in every trial, by name or by position', () => {
    const inputs = [input('x', 'float32', null, 3, 'H', 'W')];
    const trials = dimensionTrials(inputs, { 'x:0': 2, H: 48 });
    expect(trials.every((t) => t['x:0'] === 2 && t['H'] === 48)).toBe(true);
    expect(dimsOf(inputs[0], trials[0])).toEqual([2, 3, 48, 224]);
    expect(dimensionKey(inputs[0], 0)).toBe('x:0');
  });
  it('ends, also for a model with every kind of free dimension', () => {
    const trials = dimensionTrials(
      [
        input('a', 'float32', 'N', 'C', 'H', 'W'),
        input('b', 'int64', 'N', 'L'),
        input('c', 'float32', 'N', 'F'),
      ],
      {},
    );
    expect(trials.length).toBe(32);
    expect(new Set(trials.map((t) => JSON.stringify(t))).size).toBe(32);
  });
});

describe('makeFeeds', () => {
  const bytesOf = (inputs: ModelInput[], seed: number, sample: number) =>
    [...makeFeeds(inputs, {}, seed, sample).values()].map((t) => [...t.bytes]);

  it('is the same for the same seed and sample, and differs otherwise', () => {
    const inputs = [input('x', 'float32', 1, 3, 8, 8)];
    expect(bytesOf(inputs, 7, 0)).toEqual(bytesOf(inputs, 7, 0));
    expect(bytesOf(inputs, 7, 0)).not.toEqual(bytesOf(inputs, 7, 1));
    expect(bytesOf(inputs, 7, 0)).not.toEqual(bytesOf(inputs, 8, 0));
  });
  it('spans floats over [−1, 1] and not just a corner of it', () => {
    const all = Array.from({ length: 8 }, (_, s) =>
      makeFeeds([input('x', 'float32', 1, 3, 32, 32)], {}, 1, s).get('x')!,
    ).flatMap((t) => [...new Float32Array(t.bytes.buffer)]);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...all)).toBeLessThanOrEqual(1);
    expect(Math.min(...all)).toBeLessThan(-0.5);
    expect(Math.max(...all)).toBeGreaterThan(0.5);
  });
  it('gives integers that every embedding has, masks of ones, a sampling rate, a length', () => {
    const feeds = makeFeeds(
      [
        input('ids', 'int64', 1, 20),
        input('attention_mask', 'int64', 1, 20),
        input('sr', 'int64'),
        input('length', 'int32', 1),
        input('flag', 'bool', 9),
        input('h', 'float32', 2, 1, 4),
      ],
      {},
      3,
      0,
    );
    const ids = new BigInt64Array(feeds.get('ids')!.bytes.buffer);
    expect(new Set(ids)).toEqual(new Set([0n, 1n]));
    expect([...new BigInt64Array(feeds.get('attention_mask')!.bytes.buffer)]).toEqual(new Array(20).fill(1n));
    expect([...new BigInt64Array(feeds.get('sr')!.bytes.buffer)]).toEqual([16000n]);
    expect(feeds.get('sr')!.dims).toEqual([]);
    expect([...new Int32Array(feeds.get('length')!.bytes.buffer)]).toEqual([20]);
    expect(feeds.get('flag')!.bytes.every((b) => b === 0 || b === 1)).toBe(true);
    expect(feeds.get('h')!.bytes.every((b) => b === 0)).toBe(true);
  });
  it('packs halves and nibbles', () => {
    const feeds = makeFeeds([input('m_mask', 'float16', 3), input('q_mask', 'uint4', 3)], {}, 1, 0);
    // 1.0 in binary16 is 0x3c00; three nibbles of 1 are 0x11, 0x01.
    expect([...new Uint16Array(feeds.get('m_mask')!.bytes.buffer)]).toEqual([0x3c00, 0x3c00, 0x3c00]);
    expect([...feeds.get('q_mask')!.bytes]).toEqual([0x11, 0x01]);
  });
  it('knows a state by its name', () => {
    expect(['state', 'stateN', 'h', 'c0', 'hidden_in'].every((name) => isState({ name }))).toBe(true);
    expect(['input', 'x', 'channel', 'height'].some((name) => isState({ name }))).toBe(false);
  });
});

describe('findSizes', () => {
  const clock = { now: () => 0 };
  const breathe = () => Promise.resolve();
  const inputs = [input('x', 'float32', 'N', 3, 'H', 'W')];
  const session = (accepts: (dims: readonly number[]) => Error | undefined) => ({
    feeds: (tensors: ReadonlyMap<string, { dims: readonly number[] }>) =>
      ({ dims: tensors.get('x')!.dims }) as never,
    run: (feeds: unknown) => {
      const error = accepts((feeds as { dims: readonly number[] }).dims);
      return error === undefined ? Promise.resolve({}) : Promise.reject(error);
    },
  });
  const refused = new PareError('runtime-refused', 'onnxruntime-web could not run the original: no.');

  it('tries on until the model runs', async () => {
    const model = session((dims) => (dims[2] === 320 ? undefined : refused));
    expect(await findSizes(model, inputs, {}, 1, { clock, breathe })).toEqual({
      ok: true,
      sizes: { N: 1, H: 320, W: 320 },
    });
  });
  it('says what was tried first when nothing works', async () => {
    const found = await findSizes(
      session(() => refused),
      [input('x', 'int64', 'N', 'L')],
      {},
      1,
      { clock, breathe },
    );
    expect(found).toMatchObject({ ok: false });
    expect((found as { reason: string }).reason).toMatch(
      /^None of 10 sets of sizes worked.*N = 1, L = 16.*could not run/,
    );
  });
  it('stops at a crash', async () => {
    const crash = new PareError('runtime-crashed', 'broken');
    await expect(
      findSizes(
        session(() => crash),
        inputs,
        {},
        1,
        { clock, breathe },
      ),
    ).rejects.toBe(crash);
  });
  it('refuses to fill an enormous input', async () => {
    const found = await findSizes(
      session(() => undefined),
      inputs,
      { H: 100_000, W: 100_000 },
      1,
      { clock, breathe },
    );
    expect((found as { reason: string }).reason).toMatch(/more than 67108864 elements/);
  });
});
