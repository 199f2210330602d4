/** Descriptions that are taken, and the first thing that is wrong with those that are not. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../errors.ts';
import { dataConfigOf, parseDataConfig, stringifyDataConfig } from './parse.ts';
import type { DataConfig, InputFit, Task } from './types.ts';

const image: InputFit = {
  kind: 'image',
  source: 'image',
  width: 128,
  height: 128,
  resize: 'crop',
  shortSide: 146,
  channels: 'rgb',
  layout: 'nchw',
  scale: 1 / 127.5,
  mean: [1, 1, 1],
  std: [1, 1, 1],
};
const classification: Task = { kind: 'classification', output: 'y', values: 'logits', classOffset: 0 };
const config: DataConfig = {
  format: 'pare-data',
  version: 1,
  name: 'images.zip',
  inputs: { x: image },
  task: classification,
  classes: ['cat', 'dog'],
  split: { seed: 1, calibration: 100, holdBack: 0.2 },
  exclude: ['cat/1.png'],
};

const fits: readonly InputFit[] = [
  image,
  { ...image, resize: 'pad', padValue: 114, channels: 'gray', layout: 'hw', mean: [0], std: [1] },
  { ...image, mean: [127.5], std: [127.5], scale: 1 },
  { kind: 'array', source: 'x', dims: [1, 49, 10], transpose: [2, 0, 1], scale: 1, mean: 0, std: 1 },
  { kind: 'columns', columns: ['a', 'b'], dims: [2], scale: 1, mean: [0, 1], std: [1, 2] },
  { kind: 'audio', source: 'audio', sampleRate: 16_000, length: 16_000, dims: [16_000], scale: 1 },
  { kind: 'text', source: 'text', role: 'ids', length: 128 },
  { kind: 'constant', dims: [], value: 0 },
];
const tasks: readonly Task[] = [
  classification,
  { kind: 'text', output: 'y', decode: 'ctc', blank: 0, alphabet: ['a', '𝄞', ' '] },
  {
    kind: 'detection',
    decoder: 'ssd',
    outputs: { boxes: 'b', scores: 's' },
    scoreThreshold: 0.01,
    nmsIou: 0.5,
  },
  { kind: 'segmentation', output: 'y', ignore: 255 },
  { kind: 'segmentation', output: 'y' },
  { kind: 'regression', output: 'y' },
  { kind: 'agreement' },
];

function failure(input: unknown): PareError {
  try {
    dataConfigOf(input);
  } catch (error) {
    if (error instanceof PareError) return error;
    throw error;
  }
  throw new Error('the description was taken');
}

describe('parseDataConfig', () => {
  it.each(fits)('reads back what it wrote: $kind', (fit) => {
    const written = { ...config, inputs: { x: fit, y: fit } };
    expect(parseDataConfig(stringifyDataConfig(written))).toEqual(written);
  });
  it.each(tasks)('reads back what it wrote: $kind', (task) => {
    const written = { ...config, task };
    expect(parseDataConfig(stringifyDataConfig(written))).toEqual(written);
  });

  it('gives equal descriptions equal text, whatever the order of their keys', () => {
    const reversed = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, reversed(inner)]),
          )
        : value;
    expect(stringifyDataConfig(parseDataConfig(reversed(config)))).toBe(stringifyDataConfig(config));
  });

  it('keeps inputs of any name', () => {
    const text = stringifyDataConfig(config).replace('"x": {', '"__proto__": {');
    const parsed = parseDataConfig(`\uFEFF${text}`);
    expect(Object.keys(parsed.inputs)).toEqual(['__proto__']);
    expect(stringifyDataConfig(parsed)).toBe(text);
  });

  it('finds the description in a recipe', () => {
    const recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [], data: config };
    expect(dataConfigOf(JSON.stringify(recipe))).toEqual(config);
    expect(failure({ ...recipe, data: undefined }).message).toMatch(/the recipe carries no data description/);
    expect(failure({ ...recipe, data: { ...config, name: 3 } }).at).toBe('$.data.name');
  });

  const withFit = (fit: object): object => ({ ...config, inputs: { x: { ...image, ...fit } } });
  const withTask = (task: object): object => ({ ...config, task });
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  it.each<[unknown, string, RegExp]>([
    ['{', '$', /this is no JSON/],
    [deep, '$', /an object is expected, a nested list was found/],
    [{ ...config, format: 'coco' }, '$.format', /"pare-data" is expected, "coco" was found/],
    [{ ...config, version: 2 }, '$.version', /version 1 is expected, 2 was found/],
    [{ ...config, colour: 1 }, '$.colour', /"colour" is unknown here/],
    [{ ...config, classes: ['a', 1] }, '$.classes[1]', /a text is expected, 1 was found/],
    [{ ...config, exclude: 'a' }, '$.exclude', /a list is expected/],
    [{ ...config, exclude: ['a'.repeat(5000)] }, '$.exclude[0]', /at most 4096 are taken/],
    [
      { ...config, split: { seed: 1, calibration: 1, holdBack: 0.6 } },
      '$.split.holdBack',
      /0\.6 is outside 0…0\.5/,
    ],
    [{ ...config, split: { seed: -1, calibration: 1, holdBack: 0 } }, '$.split.seed', /a whole number/],
    [withFit({ kind: 'video' }), '$.inputs["x"].kind', /one of image, array/],
    [withFit({ width: 20_000 }), '$.inputs["x"].width', /a whole number from 1 to 16384/],
    [
      withFit({ width: 16_384, height: 16_384 }),
      '$.inputs["x"]',
      /16384 × 16384 × 3 elements for one sample/,
    ],
    [withFit({ scale: 'NaN' }), '$.inputs["x"].scale', /a number is expected/],
    [withFit({ scale: Number.NaN }), '$.inputs["x"].scale', /a number is expected, NaN was found/],
    [withFit({ mean: [1, 2] }), '$.inputs["x"].mean', /1 or 3 values are expected, 2 were found/],
    [withFit({ std: [1, 0, 1] }), '$.inputs["x"].std[1]', /divided by it, and 0 was found/],
    [withFit({ layout: 'hw' }), '$.inputs["x"].layout', /room for one channel/],
    [
      { ...config, inputs: { x: { ...fits[3], transpose: [0, 0, 1] } } },
      '$.inputs["x"].transpose',
      /each axis once/,
    ],
    [
      { ...config, inputs: { x: { ...fits[7], dims: [1e4, 1e4] } } },
      '$.inputs["x"].dims',
      /elements for one sample/,
    ],
    [withTask({ ...classification, values: 'scores' }), '$.task.values', /one of logits, probabilities/],
    [
      withTask({ ...tasks[1], blank: 4 }),
      '$.task.blank',
      /a whole number from 0 to 3 is expected, 4 was found/,
    ],
    [withTask({ ...tasks[2], nmsIou: 2 }), '$.task.nmsIou', /2 is outside 0…1/],
    [withTask({ kind: 'agreement', output: 'y' }), '$.task.output', /"output" is unknown here/],
    [withTask({ kind: 'constructor' }), '$.task.kind', /one of classification/],
  ])('refuses case %#', (input, at, message) => {
    const error = failure(input);
    expect(error.code).toBe('data-invalid');
    expect(error.at).toBe(at);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeDefined();
  });
});
