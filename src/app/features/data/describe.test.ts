import { describe, expect, it } from 'vitest';
import type { DataConfig, DataSummary, ImageFit } from '../../../core/dataset/types.ts';
import { configLines, rangeWords, summaryLine } from './describe.ts';

const summary: DataSummary = {
  dataId: 'd',
  name: 'photos.zip',
  kind: 'images',
  bytes: 12_000_000,
  samples: 500,
  labelled: 500,
  label: 'class',
  classes: [
    { name: 'cat', count: 300 },
    { name: 'dog', count: 200 },
  ],
  groups: [],
  sources: [],
  problems: [],
};

const image: ImageFit = {
  kind: 'image',
  source: 'image',
  width: 224,
  height: 224,
  resize: 'crop',
  shortSide: 256,
  channels: 'rgb',
  layout: 'nchw',
  scale: 1,
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

describe('summaryLine', () => {
  it('counts samples, classes and bytes', () => {
    expect(summaryLine(summary)).toBe('500 images · 2 classes · 12.0 MB');
  });
  it('says what is not labelled', () => {
    expect(summaryLine({ ...summary, labelled: 400 })).toContain('2 classes, 400 labelled');
    expect(summaryLine({ ...summary, labelled: 0, label: 'none', kind: 'arrays', samples: 1 })).toBe(
      '1 sample · no labels · 12.0 MB',
    );
  });
});

describe('rangeWords', () => {
  it('names the range that pixels get', () => {
    expect(rangeWords(image)).toBe('values −1..1');
    expect(rangeWords({ ...image, scale: 1 / 255, mean: [0], std: [1] })).toBe('values 0..1');
    expect(rangeWords({ ...image, mean: [0, 0, 0], std: [1, 1, 1] })).toBe('values 0..255');
  });
  it('knows the constants of ImageNet in either scale and channel order', () => {
    const mean = [0.485, 0.456, 0.406];
    const std = [0.229, 0.224, 0.225];
    const words = 'mean and deviation of ImageNet';
    expect(rangeWords({ ...image, scale: 1 / 255, mean, std })).toBe(words);
    expect(rangeWords({ ...image, mean: mean.map((m) => m * 255), std: std.map((s) => s * 255) })).toBe(
      words,
    );
    expect(
      rangeWords({
        ...image,
        channels: 'bgr',
        scale: 1 / 255,
        mean: mean.toReversed(),
        std: std.toReversed(),
      }),
    ).toBe(words);
    expect(rangeWords({ ...image, mean: [104, 117, 123], std: [1, 1, 1] })).toBe(
      'mean 104 117 123, deviation 1 1 1',
    );
  });
});

describe('configLines', () => {
  it('says how each input is made and what is right', () => {
    const config: DataConfig = {
      format: 'pare-data',
      version: 1,
      name: 'photos',
      inputs: {
        input: image,
        flag: { kind: 'constant', dims: [1], value: 0 },
        x: { kind: 'array', source: 'x', dims: [1, 28], scale: 1 / 255, mean: 0, std: 1 },
        t: { kind: 'columns', columns: ['a', 'b'], dims: [2], scale: 1, mean: [1, 2], std: [4, 4] },
      },
      task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 1 },
      classes: ['cat', 'dog'],
      split: { seed: 1, calibration: 100, holdBack: 0 },
      exclude: [],
    };
    expect(configLines(config)).toEqual([
      { name: 'input', text: 'middle 224 × 224 of a short side of 256, RGB, NCHW, values −1..1' },
      { name: 'flag', text: 'always 0' },
      { name: 'x', text: 'array x, 1 × 28, times 0.003922' },
      { name: 't', text: '2 columns: a, b, minus one for each column, divided by 4' },
      { name: 'right is', text: 'the largest of logits (logits) is the class, 2 names, shifted by 1' },
    ]);
  });
});
