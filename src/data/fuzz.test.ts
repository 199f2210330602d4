/**
 * Broken files of every kind, made by seeded changes to good ones: opening and reading ends in a set or in a sentence,
 * never in another error and never without end.
 */
import { gzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import { mutated } from '../core/testing/fuzz.ts';
import { buildIdx, buildNpy, buildNpz, buildWav } from './testing/build-arrays.ts';
import { buildZip, bytesOf } from './testing/build-zip.ts';
import { aPicture, openTestSet } from './testing/open-test-set.ts';
import type { Dataset } from './types.ts';

const SEED = 20;
const ROUNDS = 150;

const x = buildNpy('<f4', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
const y = buildNpy('<i8', [3], BigInt64Array.of(1n, 0n, 1n));
const coco = {
  images: [{ id: 1, file_name: 'a.png' }],
  annotations: [{ image_id: 1, category_id: 1, bbox: [1, 2, 3, 4] }],
  categories: [{ id: 1, name: 'cat' }],
};

const kinds: Readonly<Record<string, Uint8Array>> = {
  'set.zip': buildZip([
    { name: 'cat/a.png', data: aPicture, deflate: true },
    { name: 'dog/b.png', data: aPicture },
    { name: 'labels.csv', data: bytesOf('file,label\na.png,1\nb.png,2\n'), deflate: true, descriptor: true },
  ]),
  'big.zip': buildZip([{ name: 'cat/a.png', data: aPicture, zip64: true }]),
  'stored.npz': buildNpz({ x, y }, false),
  'packed.npz': buildNpz({ x, y }, true),
  'x.npy': x,
  'x.npy.gz': gzipSync(x),
  'a-idx2-ubyte': buildIdx([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)),
  'a.wav': buildWav(new Uint8Array(8)),
  'labels.csv': bytesOf('file,label,name\na.png,1,"x"\nb.png,2,y\n'),
  'labels.json': bytesOf(JSON.stringify(coco)),
  'table.csv': bytesOf('a,b,label\n1,2.5,x\n3,4,y\n"5",6,x\n'),
  'lines.txt': bytesOf('one\tx\ntwo\ty\n'),
};

/** How many samples could be read. */
async function readAll(set: Dataset): Promise<number> {
  let good = 0;
  for (let i = 0; i < Math.min(set.length, 50); i++) {
    set.info(i);
    try {
      await set.read(i);
      await set.readBytes(i);
      good++;
    } catch (error) {
      if (!(error instanceof PareError)) throw error;
    }
  }
  set.summary();
  return good;
}

it.each(Object.keys(kinds))('%s, broken in many ways', async (name) => {
  const beside = name.startsWith('labels') ? { 'a.png': aPicture, 'b.png': aPicture } : {};
  for (let round = 0; round < ROUNDS; round++) {
    try {
      await readAll(await openTestSet({ [name]: mutated([kinds[name]], SEED, round), ...beside }));
    } catch (error) {
      if (!(error instanceof PareError)) throw error;
      expect(error.message).toMatch(/\S+ .*[.!)]$/s);
    }
  }
  // Good files open: what is broken is the change, not the way it is read.
  expect(await readAll(await openTestSet({ [name]: kinds[name], ...beside }))).toBeGreaterThan(0);
});
