/** The labelled sets of the shared corpus, where there is one: counts, classes and their order, inputs. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedDir } from '../core/testing/shared.ts';
import { openDataset } from './open-dataset.ts';
import { memoryFile, sizeDecoder } from './testing/open-test-set.ts';
import type { Dataset, PictureDecoder } from './types.ts';

const models = join(sharedDir() ?? '', 'models');
const present = sharedDir() !== undefined && existsSync(models);
/** The sets may not be in the project, so a clone alone has none of them; what is skipped says so. */
if (!present) console.warn('skipped: the labelled sets of the shared corpus are not there');

/** Pictures are not the point here: their bytes are. */
const anyPicture: PictureDecoder = { decode: () => sizeDecoder.decode(Uint8Array.of(1, 1), 'any') };

function open(...names: string[]): Promise<Dataset> {
  const files = names.map((name) => memoryFile(basename(name), readFileSync(join(models, name))));
  return openDataset(files, { decoder: anyPicture, checkpoint: () => Promise.resolve() });
}

/** Every sample is read. */
async function readAll(set: Dataset): Promise<number> {
  let read = 0;
  for (let i = 0; i < set.length; i++) read += (await set.read(i)).size;
  return read;
}

const severe = (set: Dataset) => set.problems.filter(({ severity }) => severity !== 'note');

describe.skipIf(!present)('shared sets', () => {
  it('500 pictures with numbers and names', async () => {
    const set = await open('imagenet-mobilenetv1/images-500.zip', 'imagenet-mobilenetv1/classes.txt');
    expect(set.summary()).toMatchObject({
      name: 'images-500',
      kind: 'images',
      samples: 500,
      labelled: 500,
      label: 'class',
    });
    expect(set.classes.slice(0, 3)).toEqual(['0', '2', '4']);
    expect(set.classTitles?.slice(0, 2)).toEqual(['tench', 'great white shark']);
    expect(set.info(0)).toEqual({
      key: 'images/n01440764_tench.jpg',
      label: { kind: 'class', name: '0' },
      groups: {},
    });
    expect(set.texts.get('classes.txt')?.trim().split('\n')).toHaveLength(1000);
    expect(severe(set)).toEqual([]);
    expect(await readAll(set)).toBe(500);
  });

  it('2,000 pictures in ten folders', async () => {
    const set = await open('cifar10-resnet8/test-2000.zip');
    expect(set.classes).toEqual('airplane automobile bird cat deer dog frog horse ship truck'.split(' '));
    expect(set.summary().classes.every(({ count }) => count === 200)).toBe(true);
    expect(set.problems).toEqual([]);
    expect(await readAll(set)).toBe(2000);
  });

  it('500 packed arrays', async () => {
    const set = await open('kws-dscnn/kws-500.npz');
    expect(set.sources).toEqual([{ name: 'x', kind: 'array', dataType: 'float32', dims: [1, 49, 10] }]);
    expect(set.summary()).toMatchObject({ samples: 500, labelled: 500, label: 'class' });
    expect(set.classes).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
    expect(set.problems).toEqual([]);
    expect(await readAll(set)).toBe(500);
  });

  it('10,000 digits in a packed pair', async () => {
    const set = await open('mnist-cntk/t10k-images-idx3-ubyte.gz', 'mnist-cntk/t10k-labels-idx1-ubyte.gz');
    expect(set.sources).toEqual([{ name: 'images', kind: 'array', dataType: 'uint8', dims: [28, 28] }]);
    // Known counts of the ten digits in this test part.
    expect(set.summary().classes.map(({ count }) => count)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    expect(set.problems).toEqual([]);
    expect(await readAll(set)).toBe(10_000);
  });

  it('300 pictures of text', async () => {
    const set = await open('ocr-lines/lines-300.zip');
    expect(set.summary()).toMatchObject({ kind: 'images', samples: 300, labelled: 300, label: 'text' });
    expect(set.info(0)).toEqual({
      key: 'lines/000.png',
      label: { kind: 'text', text: '$729.86' },
      groups: {},
    });
    expect(set.problems).toEqual([]);
    expect(await readAll(set)).toBe(300);
  });
});
