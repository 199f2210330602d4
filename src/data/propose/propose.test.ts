import { describe, expect, it } from 'vitest';
import type { ModelPort, Predictor } from '../../core/dataset/predictor.ts';
import { PareError } from '../../core/errors.ts';
import type { HostTensor } from '../../core/onnx/graph-runner.ts';
import { seededRandom } from '../../core/passes/random.ts';
import { arrayDataset } from '../testing/array-dataset.ts';
import { fakePredictor } from '../testing/fake-predictor.ts';
import { pictureDataset, plainPicture } from '../testing/picture-dataset.ts';
import type { Checkpoint, Dataset, Label } from '../types.ts';
import { createEvaluator } from '../evaluate/evaluate.ts';
import { propose } from './propose.ts';

const go: Checkpoint = () => Promise.resolve();
const options = { seed: 1, checkpoint: go, now: () => 0 };

/** Plain colours, some with more red, some with more green, some with more blue; the class is which. */
function colours(count: number, width = 8, height = 8): Dataset {
  const random = seededRandom(3);
  const names = ['a red', 'b green', 'c blue'];
  const pictures = Array.from({ length: count }, (_, i) => {
    const colour = [0, 1, 2].map((c) => Math.floor(random.next() * 100) + (c === i % 3 ? 120 : 0));
    return plainPicture(width, height, colour);
  });
  const labels = pictures.map((_, i): Label => ({ kind: 'class', name: names[i % 3] }));
  return pictureDataset(pictures, labels);
}

/** Mean of each plane of an nchw sample. */
const planeMeans = (values: Float32Array): number[] =>
  [0, 1, 2].map((c) => {
    const plane = values.subarray((c * values.length) / 3, ((c + 1) * values.length) / 3);
    return plane.reduce((a, b) => a + b, 0) / plane.length;
  });

/** Knows its colours only where values lie as `order` and `inRange` say; else it says class 0. */
const seeing = (order: readonly number[], inRange: (means: readonly number[]) => boolean) =>
  fakePredictor(['N', 3, 8, 8], [3], (values) => {
    const means = planeMeans(values);
    const scores = [0, 0, 0];
    if (!inRange(means)) return [1, 0, 0];
    for (const [plane, colour] of order.entries()) scores[colour] = means[plane];
    return scores;
  });

describe('pictures', () => {
  it('finds the scale and the order of channels', async () => {
    const inBytes = (means: readonly number[]): boolean => Math.max(...means) > 100;
    const [rgb] = await propose(colours(90), seeing([0, 1, 2], inBytes), options);
    expect(rgb?.config.inputs['input']).toMatchObject({
      channels: 'rgb',
      scale: 1,
      mean: [0],
      std: [1],
      resize: 'none',
    });
    expect(rgb?.sure).toBe(true);
    expect(rgb?.evidence).toMatch(
      /^100\.0 % with 0\.\.255, 35\.0 % with 0\.\.255, BGR \(40 images\), .*, on 90 images\.$/,
    );
    const [bgr] = await propose(colours(90), seeing([2, 1, 0], inBytes), options);
    expect(bgr?.config.inputs['input']).toMatchObject({ channels: 'bgr', scale: 1 });
  });

  it('is not sure where nothing tells the ways apart, and takes the customary one', async () => {
    const [first] = await propose(
      colours(60),
      seeing([0, 1, 2], () => true),
      options,
    );
    expect(first?.config.inputs['input']).toMatchObject({ channels: 'rgb', scale: 1 / 255, mean: [0] });
    expect(first?.sure).toBe(false);
    expect(first?.evidence).toMatch(/these are not told apart for certain/);
    expect(first?.attempts.filter(({ score }) => score === 1).length).toBeGreaterThan(3);
  });

  it('says so when everything is no better than guessing', async () => {
    const blind = fakePredictor(['N', 3, 8, 8], [3], () => [1, 0, 0]);
    const [first] = await propose(colours(60), blind, options);
    expect(first?.sure).toBe(false);
    expect(first?.problems.map(({ code }) => code)).toEqual(['no-better-than-guessing']);
  });

  it('gives the same proposal for the same seed', async () => {
    const inBytes = (means: readonly number[]): boolean => Math.max(...means) > 100;
    const all = await Promise.all(
      [1, 2].map(() => propose(colours(90, 13, 9), seeing([0, 1, 2], inBytes), options)),
    );
    expect(all[0]).toEqual(all[1]);
  });

  it('goes on past pictures that cannot be read', async () => {
    const set = colours(60);
    const broken: Dataset = {
      ...set,
      read: (i) =>
        i % 4 === 0
          ? Promise.reject(new PareError('malformed', 'A PNG picture that is damaged.'))
          : set.read(i),
    };
    const [first] = await propose(
      broken,
      seeing([0, 1, 2], (m) => Math.max(...m) > 100),
      options,
    );
    expect(first?.config.inputs['input']).toMatchObject({ channels: 'rgb', scale: 1, mean: [0] });
  });

  it('says why when none can be read', async () => {
    const broken: Dataset = {
      ...colours(6),
      read: () => Promise.reject(new PareError('malformed', 'A PNG picture that is damaged.')),
    };
    await expect(
      propose(
        broken,
        seeing([0, 1, 2], () => true),
        options,
      ),
    ).rejects.toThrow(/No picture could be read: A PNG picture that is damaged/);
  });

  it('names what could not be read among what was tried', async () => {
    const whole = colours(30);
    const holed: Dataset = {
      ...whole,
      info: (index) => whole.info(index),
      read: (index) =>
        index === 4
          ? Promise.reject(new PareError('malformed', 'A PNG picture that is cut short.'))
          : whole.read(index),
    };
    const [first] = await propose(
      holed,
      seeing([0, 1, 2], (m) => Math.max(...m) > 100),
      options,
    );
    const told = first?.problems.find(({ code }) => code === 'unreadable-samples');
    expect(told?.message).toMatch(
      /^1 of the 30 samples tried cannot be used\. The first: A PNG picture that is cut short\./,
    );
    expect(told?.examples).toEqual([whole.info(4).key]);
  });

  it('one sample is enough to look at and too little to be sure of', async () => {
    const [first] = await propose(
      colours(1),
      seeing([0, 1, 2], () => true),
      options,
    );
    expect(first?.sure).toBe(false);
    expect(first?.evidence).toMatch(
      /Nothing tells the 10 ways to feed it apart; the customary one is proposed: 0\.\.1\./,
    );
  });

  it('stops where the checkpoint says so', async () => {
    let calls = 0;
    const stop: Checkpoint = () =>
      ++calls > 4 ? Promise.reject(new PareError('cancelled', 'Stopped.')) : Promise.resolve();
    const predictor = seeing([0, 1, 2], () => true);
    await expect(propose(colours(90), predictor, { ...options, checkpoint: stop })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('tasks', () => {
  it('without labels the model’s own decidedness is a hint', async () => {
    const set = colours(40);
    const bare: Dataset = { ...set, classes: [], info: (i) => ({ ...set.info(i), label: null }) };
    const predictor = seeing([0, 1, 2], (means) => Math.max(...means) > 100);
    const proposals = await propose(bare, predictor, options);
    expect(proposals.map(({ config }) => config.task.kind)).toEqual(['agreement']);
    expect(proposals[0]?.config.inputs['input']).toMatchObject({ scale: 1, mean: [0] });
    expect(proposals[0]?.sure).toBe(false);
    expect(proposals[0]?.evidence).toMatch(/^No labels that fit the outputs.*that is a hint, no proof/);
  });

  it('names that fit no output are told, and agreement is left', async () => {
    const predictor = fakePredictor(['N', 3, 8, 8], [10], () => new Array<number>(10).fill(0));
    const [first, ...rest] = await propose(colours(30), predictor, options);
    expect(rest).toEqual([]);
    expect(first?.config.task.kind).toBe('agreement');
    expect(first?.problems[0]?.message).toMatch(
      /3 label names fit none of the outputs 'output' \[1, 10\]; add the model's list/,
    );
  });

  it('10,000 classes by number', async () => {
    const samples = Array.from({ length: 30 }, (_, i) => [i]);
    const labels = samples.map((_, i): Label => ({ kind: 'class', name: String(i * 300) }));
    const predictor = fakePredictor(['N', 1], [10_000], ([i]) => {
      const scores = new Array<number>(10_000).fill(0);
      scores[i * 300] = 9;
      return scores;
    });
    const [first] = await propose(arrayDataset(samples, undefined, labels), predictor, options);
    expect(first?.config.classes).toEqual([]);
    expect(first?.attempts[0]?.score).toBe(1);
  });

  it('values are regression', async () => {
    const samples = Array.from({ length: 40 }, (_, i) => [i, 2 * i]);
    const labels = samples.map(([a, b]): Label => ({ kind: 'numbers', values: [a + b] }));
    const predictor = fakePredictor(['N', 2], [1], (v) => [v[0] + v[1]]);
    const [first] = await propose(arrayDataset(samples, undefined, labels), predictor, options);
    expect(first?.config.task).toEqual({ kind: 'regression', output: 'output' });
    expect(first?.attempts[0]?.score).toBe(1);
  });

  it('masks are segmentation, and nothing is cut', async () => {
    const half = (low: number, high: number) => {
      const picture = plainPicture(16, 16, [low, low, low]);
      for (let i = 128; i < 256; i++) picture.rgba.fill(high, i * 4, i * 4 + 3);
      return picture;
    };
    const pictures = Array.from({ length: 20 }, (_, i) => half(i, 200 + i));
    const set = pictureDataset(
      pictures,
      pictures.map(() => ({ kind: 'mask' })),
      pictures.map(() => half(0, 1)),
    );
    // Two maps: bright is class 1.
    const predictor = fakePredictor(['N', 3, 8, 8], [2, 8, 8], (v) => {
      const bright = Array.from(v.subarray(0, 64), (x) => (x > 0.5 ? 1 : 0));
      return [...bright.map((b) => 1 - b), ...bright];
    });
    const [first] = await propose(set, predictor, options);
    expect(first?.config.task).toMatchObject({ kind: 'segmentation', output: 'output' });
    expect(first?.config.inputs['input']).toMatchObject({ resize: 'stretch' });
    expect(first?.attempts[0]?.score).toBe(1);
  });

  it('text is read with the list of letters that came along', async () => {
    const words = ['ab', 'ba', 'c a', 'cab'];
    const letters = ['a', 'b', 'c', ' '];
    const samples = words.map((_, i) => [i]);
    const labels = words.map((text): Label => ({ kind: 'text', text }));
    const set = arrayDataset(samples, undefined, labels, { 'keys.txt': 'a\nb\nc\n' });
    const predictor = fakePredictor(['N', 1], [5, 5], ([value]) =>
      Array.from({ length: 5 }, (_, t) => {
        // Other scales are tried as well.
        const word = words[Math.round(value)] ?? '';
        const at = word.length > t ? 1 + letters.indexOf(word[t]) : 0;
        return Array.from({ length: 5 }, (__, c) => (c === at ? 1 : 0));
      }).flat(),
    );
    const [first] = await propose(set, predictor, options);
    expect(first?.config.task).toEqual({
      kind: 'text',
      output: 'output',
      decode: 'ctc',
      blank: 0,
      alphabet: letters,
    });
    expect(first?.metric).toBe('characters');
    expect(first?.attempts[0]?.score).toBe(1);
    const bare = arrayDataset(samples, undefined, labels);
    const [without] = await propose(bare, predictor, options);
    expect(without?.problems[0]?.message).toMatch(
      /writes with 5 classes; add its list of letters, one a line \(4 lines, or 3 and a space\)/,
    );
  });
});

describe('inputs', () => {
  const port = (
    name: string,
    shape: ModelPort['shape'],
    dataType: ModelPort['dataType'] = 'float32',
  ): ModelPort => ({
    name,
    shape,
    dataType,
  });

  /** Answers with the mean of `x`; remembers what it was fed. */
  function remembering(inputs: readonly ModelPort[]): Predictor & { fed: ReadonlyMap<string, HostTensor>[] } {
    const fed: ReadonlyMap<string, HostTensor>[] = [];
    return {
      fed,
      inputs,
      outputs: [port('y', ['N', 2])],
      run: (feeds) => {
        fed.push(feeds);
        const rows = [...feeds.values()][0].dims[0] ?? 1;
        const bytes = new Uint8Array(8 * rows);
        return Promise.resolve(new Map([['y', { dataType: 'float32' as const, dims: [rows, 2], bytes }]]));
      },
    };
  }

  it('flags and states are constants beside the data', async () => {
    const set = arrayDataset(
      [
        [1, 2],
        [3, 4],
      ],
      [2],
    );
    const predictor = remembering([
      port('x', ['N', 2]),
      port('training', [], 'bool'),
      port('state', [2, 1, 4]),
    ]);
    const [first] = await propose(set, predictor, options);
    expect(first?.config.inputs).toMatchObject({
      x: { kind: 'array', dims: [2] },
      training: { kind: 'constant', dims: [], value: 0 },
      state: { kind: 'constant', dims: [2, 1, 4], value: 0 },
    });
    const indices = [0, 1];
    expect(() => createEvaluator({ dataset: set, config: first.config, predictor, indices })).toThrow(
      /Without labels/,
    );
  });

  it('arrays are squeezed, reshaped and turned, never guessed', async () => {
    const shapes: [number[], ModelPort['shape'], unknown][] = [
      [[2, 3], ['N', 1, 2, 3], { dims: [1, 2, 3] }],
      [[1, 2, 3], ['N', 2, 3], { dims: [2, 3] }],
      [[2, 3], ['N', 6], { dims: [6] }],
      [[4, 5, 3], ['N', 3, 4, 5], { dims: [3, 4, 5], transpose: [2, 0, 1] }],
      [[3, 4, 5], ['N', 4, 5, 3], { dims: [4, 5, 3], transpose: [1, 2, 0] }],
    ];
    for (const [dims, shape, wanted] of shapes) {
      const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i - 3.5);
      const [first] = await propose(arrayDataset([values], dims), remembering([port('x', shape)]), options);
      expect(first?.config.inputs['x']).toMatchObject({ kind: 'array', ...(wanted as object) });
    }
    await expect(
      propose(arrayDataset([[1, 2]], [2]), remembering([port('x', ['N', 5])]), options),
    ).rejects.toThrow(/samples of \[2\], which are no 'x' \[N, 5\]/);
  });

  it('nothing to feed is told with both sides named', async () => {
    await expect(propose(colours(3), remembering([port('x', ['N', 40])]), options)).rejects.toThrow(
      /The input 'x' takes no pictures: it has the shape \[N, 40\]/,
    );
    await expect(propose(arrayDataset([]), remembering([port('x', ['N', 2])]), options)).rejects.toThrow(
      /holds no samples/,
    );
  });
});
