/** Pictures in folders and zips, with boxes and masks, in made files. */
import { describe, expect, it } from 'vitest';
import { blobFile } from '../blob-file.ts';
import { openDataset } from '../open-dataset.ts';
import { buildZip } from '../testing/build-zip.ts';
import {
  aPicture,
  errorOf,
  groupsOf,
  keysOf,
  labelsOf,
  openTestSet,
  pictures,
  problemOf,
  sizeDecoder,
} from '../testing/open-test-set.ts';

describe('images', () => {
  it('a folder a class', async () => {
    const set = await openTestSet(
      pictures('pets/dog/1.jpg', 'pets/cat/1.jpg', 'pets/cat/2.jpeg', 'pets/bird/x.webp'),
    );
    expect(set.kind).toBe('images');
    expect(set.name).toBe('pets');
    expect(set.classes).toEqual(['bird', 'cat', 'dog']);
    expect(keysOf(set)).toEqual(['pets/bird/x.webp', 'pets/cat/1.jpg', 'pets/cat/2.jpeg', 'pets/dog/1.jpg']);
    expect(labelsOf(set)).toEqual(['bird', 'cat', 'cat', 'dog']);
    expect(set.sources).toEqual([{ name: 'image', kind: 'image', dataType: 'uint8', dims: [2, 3, 3] }]);
    expect((await set.read(0)).get('image')).toMatchObject({
      kind: 'image',
      picture: { width: 3, height: 2 },
    });
    expect(await set.readBytes(0)).toEqual(aPicture);
    expect(set.summary()).toMatchObject({
      samples: 4,
      labelled: 4,
      label: 'class',
      bytes: 8,
      classes: [
        { name: 'bird', count: 1 },
        { name: 'cat', count: 2 },
        { name: 'dog', count: 1 },
      ],
    });
  });

  it('a zip of the same gives the same', async () => {
    const files = pictures('dog/1.jpg', 'cat/1.jpg', 'cat/2.jpg');
    const zip = buildZip(Object.entries(files).map(([name, data]) => ({ name, data, deflate: true })));
    const set = await openTestSet({ 'pets.zip': zip });
    expect(set.name).toBe('pets');
    expect(keysOf(set)).toEqual(['cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg']);
    expect(labelsOf(set)).toEqual(['cat', 'cat', 'dog']);
  });

  it('from Blobs, as a page has them', async () => {
    const files = ['cat/1.png', 'dog/1.png'].map((path) =>
      blobFile(path, new Blob([Uint8Array.from(aPicture)])),
    );
    const set = await openDataset(files, { decoder: sizeDecoder, checkpoint: () => Promise.resolve() });
    expect(labelsOf(set)).toEqual(['cat', 'dog']);
    expect((await errorOf(() => files[0].read(0, 3))).code).toBe('truncated');
  });

  it('numbered folders stand by value', async () => {
    const set = await openTestSet(pictures('10/a.png', '9/a.png', '1/a.png'));
    expect(set.classes).toEqual(['1', '9', '10']);
  });

  it('train and test folders are a group', async () => {
    const set = await openTestSet(pictures('d/train/cat/1.png', 'd/train/dog/2.png', 'd/test/cat/3.png'));
    expect(labelsOf(set)).toEqual(['cat', 'cat', 'dog']);
    expect(groupsOf(set, 'part')).toEqual(['test', 'train', 'train']);
    expect(problemOf(set, 'parts-in-folders')?.message).toMatch(/test, train/);
  });

  it('the outermost of nested folders is the class', async () => {
    const set = await openTestSet(pictures('cat/tabby/1.png', 'cat/black/1.png', 'dog/1.png'));
    expect(labelsOf(set)).toEqual(['cat', 'cat', 'dog']);
    expect(problemOf(set, 'deep-folders')).toBeDefined();
  });

  it('one folder below the dropped one is the only class', async () => {
    const set = await openTestSet(pictures('pets/cat/1.png', 'pets/cat/2.png'));
    expect(labelsOf(set)).toEqual(['cat', 'cat']);
    expect(problemOf(set, 'one-class')?.message).toMatch(/one class \(cat\)/);
  });

  it.each([
    ['the dropped folder alone', pictures('photos of mine/1.png', 'photos of mine/2.png')],
    ['a folder called images', pictures('set/images/1.png', 'set/images/2.png')],
    ['no folder', pictures('1.png', '2.png')],
  ])('%s is no class', async (_, files) => {
    const set = await openTestSet(files);
    expect(labelsOf(set)).toEqual(['-', '-']);
    expect(set.summary().label).toBe('none');
    expect(problemOf(set, 'no-labels')).toBeDefined();
  });
});

describe('boxes and masks', () => {
  const coco = {
    images: [
      { id: 7, file_name: 'a.png' },
      { id: 8, file_name: 'b.png' },
      { id: 9, file_name: 'gone.png' },
    ],
    categories: [
      { id: 18, name: 'dog' },
      { id: 1, name: 'person' },
    ],
    annotations: [
      { image_id: 8, category_id: 1, bbox: [1, 2, 3, 4], iscrowd: 1 },
      { image_id: 7, category_id: 18, bbox: [0, 0, 5.5, 6] },
      { image_id: 8, category_id: 18, bbox: [9, 9, 1, 1] },
      { image_id: 8, category_id: 18, bbox: [9, 9, 0, 1] },
      { image_id: 8, category_id: 99, bbox: [9, 9, 1, 1] },
      { image_id: 55, category_id: 1, bbox: [9, 9, 1, 1] },
    ],
  };

  it('COCO', async () => {
    const set = await openTestSet({
      ...pictures('images/a.png', 'images/b.png', 'images/c.png'),
      'instances.json': JSON.stringify(coco),
    });
    expect(set.summary()).toMatchObject({ label: 'boxes', labelled: 2 });
    expect(set.classes).toEqual(['person', 'dog']);
    expect(labelsOf(set)).toEqual(['dog@0,0,5.5,6', 'person@1,2,3,4 dog@9,9,1,1', '-']);
    const { label } = set.info(1);
    expect(label?.kind === 'boxes' && label.boxes.map(({ crowd }) => crowd)).toEqual([true, undefined]);
    for (const code of [
      'box-invalid',
      'label-out-of-range',
      'annotation-without-image',
      'file-missing',
      'label-missing',
    ]) {
      expect(problemOf(set, code)).toMatchObject({ count: 1 });
    }
  });

  it('a picture without annotations has no boxes, which is a label', async () => {
    const empty = {
      images: [{ id: 1, file_name: 'a.png' }],
      annotations: [],
      categories: [{ id: 1, name: 'x' }],
    };
    const set = await openTestSet({ ...pictures('a.png'), 'labels.json': JSON.stringify(empty) });
    expect(set.info(0).label).toEqual({ kind: 'boxes', boxes: [] });
  });

  it.each([
    ['a folder of masks', pictures('d/images/a.jpg', 'd/images/b.jpg', 'd/masks/a.png', 'd/masks/z.png')],
    ['masks beside', pictures('d/a.jpg', 'd/a_mask.png', 'd/b.jpg', 'd/z_mask.png')],
  ])('%s', async (_, files) => {
    const set = await openTestSet(files);
    expect(set.summary().label).toBe('mask');
    expect(labelsOf(set)).toEqual(['mask', '-']);
    expect([...(await set.read(0)).keys()]).toEqual(['image', 'mask']);
    expect([...(await set.read(1)).keys()]).toEqual(['image']);
    expect(problemOf(set, 'mask-without-image')).toMatchObject({ count: 1 });
    expect(problemOf(set, 'label-missing')).toMatchObject({ count: 1 });
  });
});
