/** Which of several files is the model. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import { chooseModel } from './choose-model.ts';

const named = (...paths: string[]) => paths.map((path) => ({ path }));
const choose = (paths: string[], models: string[] = []) =>
  chooseModel(named(...paths), (file) => Promise.resolve(models.includes(file.path)));

async function refusal(paths: string[], models: string[] = []): Promise<PareError> {
  try {
    await choose(paths, models);
  } catch (error) {
    if (error instanceof PareError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('chooseModel', () => {
  it('takes a single file whatever its name', async () => {
    expect((await choose(['weights.bin'])).model.path).toBe('weights.bin');
  });

  it('finds external data by its path from the model folder', async () => {
    const { model, beside } = await choose([
      'net/v1/model.onnx',
      'net/v1/model.data',
      'net/v1/w/a.bin',
      'net/x.bin',
    ]);
    expect(model.path).toBe('net/v1/model.onnx');
    expect([...beside.keys()]).toEqual(['model.data', 'w/a.bin', 'net/x.bin']);
  });

  it('ignores what operating systems leave behind', async () => {
    expect((await choose(['m.onnx', '.DS_Store', '__MACOSX/._m.onnx'])).beside.size).toBe(0);
    expect((await refusal(['.DS_Store'])).code).toBe('usage');
  });

  it('looks inside where no name ends in .onnx', async () => {
    expect((await choose(['graph.pb', 'weights.bin'], ['graph.pb'])).model.path).toBe('graph.pb');
    expect((await refusal(['a.txt', 'b.txt'])).code).toBe('not-onnx');
    expect((await refusal(['a.pb', 'b.pb'], ['a.pb', 'b.pb'])).code).toBe('several-models');
  });

  it('refuses several models and names them', async () => {
    const error = await refusal(Array.from({ length: 12 }, (_, i) => `m${i}.onnx`));
    expect(error.code).toBe('several-models');
    expect(error.message).toBe(
      'There are 12 models here: m0.onnx, m1.onnx, m2.onnx, m3.onnx, m4.onnx, m5.onnx, m6.onnx, m7.onnx, m8.onnx, m9.onnx and 2 more.',
    );
  });

  it('refuses an empty drop', async () => {
    expect((await refusal([])).code).toBe('usage');
  });
});
