/** What holds for any set of files: what is left out is told, names are harmless, one bad sample stops nothing. */
import { describe, expect, it } from 'vitest';
import { openDataset } from './open-dataset.ts';
import { buildNpy } from './testing/build-arrays.ts';
import { buildZip, bytesOf } from './testing/build-zip.ts';
import {
  aPicture,
  errorOf,
  keysOf,
  labelsOf,
  memoryFile,
  openTestSet,
  pictures,
  problemOf,
  sizeDecoder,
} from './testing/open-test-set.ts';

describe('any set of files', () => {
  it('none, or none that can be used: a sentence', async () => {
    expect((await errorOf(() => openTestSet({}))).code).toBe('empty-file');
    expect((await errorOf(() => openTestSet({ '.DS_Store': 'x', '__MACOSX/._a.png': 'x' }))).code).toBe(
      'empty-file',
    );
    expect((await errorOf(() => openTestSet({ 'model.onnx': 'x' }))).message).toMatch(
      /Nothing in 1 file is data/,
    );
    expect((await errorOf(() => openTestSet({ 'a.zip': 'this is text' }))).message).toMatch(
      /a\.zip cannot be read as a zip/,
    );
  });

  it('counts every file that it leaves out', async () => {
    const set = await openTestSet({
      ...pictures('s/cat/1.png', 's/dog/1.png'),
      's/cat/.DS_Store': 'x',
      's/Thumbs.db': 'x',
      's/notes.pdf': 'x',
      's/more.tar': 'x',
      's/x.npy': buildNpy('<f4', [1, 1], Float32Array.of(1)),
      's/classes.txt': 'cat\ndog\n',
      's/coco.names': 'cat\ndog\n',
    });
    expect(labelsOf(set)).toEqual(['cat', 'dog']);
    expect(problemOf(set, 'system-file')).toMatchObject({ count: 2 });
    expect(problemOf(set, 'several-kinds')?.message).toMatch(/2 pictures and 1 array row/);
    const unused = set.problems
      .filter(({ code }) => code === 'unused-file')
      .flatMap(({ examples }) => examples);
    expect(unused.sort()).toEqual(['s/more.tar', 's/notes.pdf', 's/x.npy']);
    expect([...set.texts.keys()].sort()).toEqual(['s/classes.txt', 's/coco.names']);
  });

  it('names that point outside are only names, unicode names stay', async () => {
    const zip = buildZip(
      ['../../etc/猫.png', '/abs/b.png', 'C:\\x\\c.png', 'größe/d.png'].map((name) => ({
        name,
        data: aPicture,
      })),
    );
    const set = await openTestSet({ 'z.zip': zip });
    expect(keysOf(set)).toEqual(['abs/b.png', 'etc/猫.png', 'größe/d.png', 'x/c.png']);
    expect(problemOf(set, 'unsafe-name')).toMatchObject({ count: 3 });
  });

  it('a zip in a zip is told, twice the same name is kept apart', async () => {
    const zip = buildZip([
      { name: 'cat/a.png', data: aPicture },
      { name: 'cat\\a.png', data: aPicture },
      { name: 'inner.zip', data: bytesOf('PK') },
    ]);
    const set = await openTestSet({ 'z.zip': zip });
    expect(keysOf(set)).toEqual(['cat/a#2.png', 'cat/a.png']);
    expect(problemOf(set, 'nested-zip')?.message).toMatch(/1 zip inside the zip not opened/);
    expect(problemOf(set, 'duplicate-name')).toMatchObject({ count: 1 });
    const only = buildZip([{ name: 'inner.zip', data: bytesOf('PK') }]);
    await expect(openTestSet({ 'z.zip': only })).rejects.toThrow(/1 zip inside the zip not opened/);
    await expect(openTestSet({ 'z.zip': buildZip([]) })).rejects.toThrow(/holds no files with data/);
  });

  it('several zips stand beside each other, and beside loose files', async () => {
    const zip = (name: string) => buildZip([{ name, data: aPicture }]);
    const set = await openTestSet({ 'cat.zip': zip('1.png'), 'dog.zip': zip('1.png'), 'note.txt': 'hello' });
    expect(keysOf(set)).toEqual(['cat/1.png', 'dog/1.png']);
    expect(labelsOf(set)).toEqual(['cat', 'dog']);
    const one = await openTestSet({ 'images.zip': zip('1.png'), 'labels.csv': 'file,label\n1.png,5\n' });
    expect(labelsOf(one)).toEqual(['5']);
  });

  it('a sample that cannot be read does not stop the others', async () => {
    const zip = buildZip([
      { name: 'cat/a.png', data: aPicture, claim: { checksum: 5 } },
      { name: 'dog/b.png', data: aPicture },
    ]);
    const set = await openTestSet({ 'z.zip': zip });
    expect((await errorOf(() => set.read(0))).message).toMatch(/cat\/a\.png does not match its checksum/);
    expect((await set.read(1)).size).toBe(1);
    expect(set.sources[0].dims).toEqual([2, 3, 3]);
  });

  it('one sample, one class, fewer samples than classes', async () => {
    const one = await openTestSet(pictures('x.png'));
    expect(problemOf(one, 'one-sample')).toMatchObject({ severity: 'warning', examples: ['x.png'] });
    const few = await openTestSet(pictures('a/1.png', 'b/1.png', 'c/1.png'));
    expect(problemOf(few, 'few-samples')).toMatchObject({ severity: 'note' });
  });

  it('10,000 classes', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `class ${i}/1.png`);
    const set = await openTestSet(pictures(...names));
    expect(set.classes).toHaveLength(10_000);
    expect(set.summary().classes[9999]).toEqual({ name: 'class 9999', count: 1 });
  });

  it('shows progress, and cancelling passes through', async () => {
    const files = pictures(...Array.from({ length: 9000 }, (_, i) => `cat/${i}.png`));
    const seen: number[] = [];
    await openTestSet(files, (fraction) => {
      seen.push(fraction);
      return Promise.resolve();
    });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    const stop = new Error('stopped by the host');
    await expect(openTestSet(files, () => Promise.reject(stop))).rejects.toBe(stop);
  });

  it('a file that has gone is told when it is read', async () => {
    const file = { ...memoryFile('cat/a.png', aPicture), read: () => Promise.reject(new Error('gone')) };
    const opened = openDataset([file], { decoder: sizeDecoder, checkpoint: () => Promise.resolve() });
    await expect(opened).rejects.toThrow('gone');
  });

  it('a zip that cannot be opened does not stop the files beside it', async () => {
    const set = await openTestSet({ ...pictures('cat/1.png', 'dog/1.png'), 'more.zip': 'this is text' });
    expect(labelsOf(set)).toEqual(['cat', 'dog']);
    expect(problemOf(set, 'unreadable-archive')).toMatchObject({ severity: 'error', examples: ['more.zip'] });
  });
});
