import { describe, expect, it } from 'vitest';
import { sortFiles } from './sort-files.ts';

const sort = (modelOpen: boolean, ...paths: string[]) => {
  const { model, data, document } = sortFiles(
    paths.map((path) => ({ path })),
    modelOpen,
  );
  const names = (files: readonly { path: string }[]): string[] => files.map(({ path }) => path);
  return { model: names(model), data: names(data), document: document?.path ?? null };
};

describe('sortFiles', () => {
  it('takes a model with its external data, whatever that is called', () => {
    for (const external of ['m.onnx.data', 'm.onnx_data', 'weights.bin', 'onnx__MatMul_118']) {
      expect(sort(false, 'm/m.onnx', `m/${external}`)).toEqual({
        model: ['m/m.onnx', `m/${external}`],
        data: [],
        document: null,
      });
    }
  });

  it('opens both when a model and data are dropped together', () => {
    expect(sort(false, 'm.onnx', 'photos.zip')).toMatchObject({ model: ['m.onnx'], data: ['photos.zip'] });
    expect(sort(true, 'm.onnx', 'm.data', 'set/cat/1.JPG', 'set/labels.csv')).toMatchObject({
      model: ['m.onnx', 'm.data'],
      data: ['set/cat/1.JPG', 'set/labels.csv'],
    });
  });

  it('does not take the papers of a model for data', () => {
    expect(sort(false, 'bert/model.onnx', 'bert/config.json', 'bert/vocab.txt')).toMatchObject({
      model: ['bert/model.onnx'],
      data: [],
    });
  });

  it('takes samples as data once a model is open', () => {
    for (const path of [
      'a.zip',
      'x.npz',
      'x.npy',
      't.csv',
      's.wav',
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte.gz',
      'lines.txt',
    ]) {
      expect(sort(true, path)).toEqual({ model: [], data: [path], document: null });
    }
    expect(sort(true, 'a.png', 'classes.json')).toMatchObject({ data: ['a.png', 'classes.json'] });
  });

  it('lets the opener refuse what is neither, and data without a model', () => {
    expect(sort(true, 'model.tflite')).toMatchObject({ model: ['model.tflite'], data: [] });
    expect(sort(false, 'photos.zip')).toMatchObject({ model: ['photos.zip'], data: [] });
  });

  it('leaves one JSON file to its text', () => {
    expect(sort(true, 'x.recipe.json')).toEqual({ model: [], data: [], document: 'x.recipe.json' });
    expect(sort(false, 'x.recipe.json')).toMatchObject({ model: ['x.recipe.json'], document: null });
  });

  it('does not mind what systems leave in folders', () => {
    expect(sort(true, 'set/.DS_Store', 'set/a.png', 'set/__MACOSX/x')).toMatchObject({ data: ['set/a.png'] });
    expect(sort(false, '.DS_Store')).toMatchObject({ model: ['.DS_Store'] });
  });
});
