/** Copies planted among made pictures: all of one kind are found, no different picture is taken for one. */
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { PareError } from '../../core/errors.ts';
import { seededRandom } from '../../core/passes/random.ts';
import type { Random } from '../../core/passes/types.ts';
import type { Dataset, Label, Picture } from '../types.ts';
import { findDuplicates, shownDuplicates } from './duplicates.ts';
import { plant, PLANTS, type Plant } from './testing/plant.ts';
import { pictureSet, type MadeSample } from './testing/picture-set.ts';

/** As a real set does for a file that is cut short. */
const damaged = (): Promise<never> => Promise.reject(new PareError('truncated', 'It is cut short.'));
const noCheckpoint = () => Promise.resolve();
const labelled = (name: string): Label => ({ kind: 'class', name });

/** A sky, and sixteen discs and bars of random colours: as much structure as a photograph's large shapes. */
function scene(random: Random, width = 64, height = 48): Picture {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  const paint = (x: number, y: number, colour: readonly number[]): void => {
    for (let c = 0; c < 3; c++) rgba[(y * width + x) * 4 + c] = colour[c];
  };
  const colour = (): number[] => [random.next(), random.next(), random.next()].map((v) => 255 * v);
  const [top, bottom] = [colour(), colour()];
  for (let y = 0; y < height; y++) {
    const mixed = top.map((value, c) => value + ((bottom[c] - value) * y) / height);
    for (let x = 0; x < width; x++) paint(x, y, mixed);
  }
  for (let shape = 0; shape < 16; shape++) {
    const [cx, cy] = [random.next() * width, random.next() * height];
    const [rx, ry] = [2 + (random.next() * width) / 5, 2 + (random.next() * height) / 5];
    const round = random.next() < 0.5;
    const ink = colour();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [dx, dy] = [Math.abs(x - cx) / rx, Math.abs(y - cy) / ry];
        if (round ? dx * dx + dy * dy < 1 : Math.max(dx, dy) < 1) paint(x, y, ink);
      }
    }
  }
  return { width, height, rgba };
}

function scenes(n: number, seed: number): MadeSample[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, (_, i) => ({ key: `scene ${i}`, picture: scene(random) }));
}

function reencoded({ width, height, rgba }: Picture, quality: number): Picture {
  const back = jpeg.decode(jpeg.encode({ width, height, data: Buffer.from(rgba) }, quality).data, {
    useTArray: true,
    formatAsRGBA: true,
  });
  return { width: back.width, height: back.height, rgba: back.data };
}

const originals = scenes(40, 5);

/** Adds a copy of each scene and counts: [found, taken for a copy of another]. */
async function countFound(change: (picture: Picture, random: Random) => Picture): Promise<[number, number]> {
  const random = seededRandom(9);
  const copies = originals.map(({ key, picture }) => ({
    key: `copy of ${key}`,
    picture: change(picture, random),
  }));
  const { groups } = await findDuplicates(pictureSet([...originals, ...copies]), noCheckpoint);
  let found = 0;
  let wrong = 0;
  for (const { keys } of groups) {
    for (const key of keys.slice(1)) {
      if (key.replace('copy of ', '') === keys[0].replace('copy of ', '')) found++;
      else wrong++;
    }
  }
  return [found, wrong];
}

describe('findDuplicates', () => {
  it.each([40, 60, 90])('finds pictures that were stored again at quality %d', async (quality) => {
    expect(await countFound((picture) => reencoded(picture, quality))).toEqual([40, 0]);
  });

  // The kinds in which every copy is found, and the share that must be of those in which one may slip through: bench
  // duplicates.ts counts 36 of 38 photographs that were cut by 5 % or marked.
  const least: Readonly<Record<Plant, number>> = {
    'resized to half': 40,
    'resized to 75 %': 40,
    'cropped by 2 %': 38,
    'cropped by 5 %': 33,
    'brighter by 10 %': 40,
    'darker by 10 %': 40,
    watermark: 36,
    flipped: 0,
  };
  it.each(PLANTS)('finds copies that were %s', async (kind) => {
    const [found, wrong] = await countFound((picture, random) => reencoded(plant(kind, picture, random), 85));
    expect(wrong).toBe(0);
    expect(found).toBeGreaterThanOrEqual(least[kind]);
    if (kind === 'flipped') expect(found).toBe(0);
  });

  it('finds the same bytes under another name, whatever they are', async () => {
    const rows = [
      [1, 2],
      [3, 4],
      [1, 2],
      [1, 3],
      [1, 2],
    ];
    const { groups, removable, checked } = await findDuplicates(arrays(rows), noCheckpoint);
    expect(checked).toBe(5);
    expect(groups).toEqual([{ kind: 'exact', keys: ['0', '2', '4'], labelsDiffer: false, distance: 0 }]);
    expect(removable).toEqual(['2', '4']);
  });

  it('has every group for what is checked, and the first thousand for what is shown', async () => {
    const report = await findDuplicates(
      arrays(Array.from({ length: 2400 }, (_, i) => [(i >> 1) & 255, i >> 9])),
      noCheckpoint,
    );
    expect(report.groups).toHaveLength(1200);
    const shown = shownDuplicates(report);
    expect(shown.groups).toEqual(report.groups.slice(0, 1000));
    expect(shown).toMatchObject({ total: 1200, removable: report.removable });
  });

  it('keeps the labelled one, then the largest, and says where labels differ', async () => {
    const [{ picture }] = scenes(1, 1);
    const small = plant('resized to half', picture, seededRandom(1));
    const set = pictureSet([
      ...scenes(5, 2).map((sample) => ({ ...sample, label: labelled('other') })),
      { key: 'unlabelled', picture },
      { key: 'small', picture: small, label: labelled('cat') },
      { key: 'middle', picture: plant('resized to 75 %', picture, seededRandom(1)), label: labelled('dog') },
    ]);
    const { groups } = await findDuplicates(set, noCheckpoint);
    expect(groups).toMatchObject([
      { kind: 'near', labelsDiffer: true, keys: ['middle', 'small', 'unlabelled'] },
    ]);
  });

  it('does not chain: what is near a copy but not near the kept one is kept too', async () => {
    // A walk from one scene to another in 40 steps: neighbours are alike, the ends are not.
    const random = seededRandom(12);
    const [from, to] = [scene(random), scene(random)];
    const walk = Array.from({ length: 41 }, (_, step) => ({
      key: `step ${step}`,
      picture: {
        ...from,
        rgba: Uint8ClampedArray.from(from.rgba, (value, i) => value + ((to.rgba[i] - value) * step) / 40),
      },
    }));
    const { groups, removable } = await findDuplicates(pictureSet(walk), noCheckpoint);
    expect(removable).not.toContain('step 0');
    expect(groups.length).toBeGreaterThan(1);
    const pairs = groups.flatMap(({ keys }) => keys.slice(1).map((key) => [keys[0], key]));
    for (const [kept, copy] of pairs) {
      // Far fewer than 40 steps apart.
      expect(Math.abs(Number(kept.slice(5)) - Number(copy.slice(5)))).toBeLessThan(20);
    }
  });

  it('takes no two pictures of a set of look-alikes for copies, and still finds the ones that were stored again', async () => {
    const random = seededRandom(4);
    // One scene with one disc elsewhere each time: no two are the same.
    const base = scene(random);
    const samples = Array.from({ length: 80 }, (_, i): MadeSample => {
      const rgba = Uint8ClampedArray.from(base.rgba);
      const [cx, cy] = [8 + random.next() * 48, 8 + random.next() * 32];
      for (let y = 0; y < 48; y++) {
        for (let x = 0; x < 64; x++) {
          if ((x - cx) ** 2 + (y - cy) ** 2 < 49) rgba.fill(255, (y * 64 + x) * 4, (y * 64 + x) * 4 + 3);
        }
      }
      return { key: `scene ${i}`, picture: { width: 64, height: 48, rgba } };
    });
    const copies = samples.slice(0, 10).map(({ key, picture }) => ({
      key: `copy of ${key}`,
      picture: reencoded(picture, 90),
    }));
    const { groups, lookAlikes } = await findDuplicates(pictureSet([...samples, ...copies]), noCheckpoint);
    expect(lookAlikes).toBe(true);
    const found = groups.filter(({ keys }) => keys.some((key) => keys.includes(`copy of ${key}`)));
    expect(found).toHaveLength(10);
    const strangers = groups.flatMap(({ keys }) =>
      keys.slice(1).filter((key) => key !== `copy of ${keys[0]}`),
    );
    // Discs that nearly coincide do look alike: 80 of them within a hair of each other are rare.
    expect(strangers.length).toBeLessThanOrEqual(4);
  });

  it('goes on past what cannot be read, and past pictures without structure', async () => {
    const flat = (gray: number): Picture => ({
      width: 8,
      height: 8,
      rgba: new Uint8Array(256).fill(255).map((_, i) => (i % 4 === 3 ? 255 : gray)),
    });
    const set = pictureSet([
      { key: 'a', picture: flat(10) },
      { key: 'b', picture: flat(200) },
      { key: 'broken', picture: flat(0) },
      ...scenes(3, 8),
    ]);
    const broken: Dataset = {
      ...set,
      readBytes: (i) => (i === 2 ? Promise.reject(new PareError('malformed', 'damaged')) : set.readBytes(i)),
    };
    expect(await findDuplicates(broken, noCheckpoint)).toMatchObject({ checked: 5, total: 0 });
  });

  it('stops when it is told to', async () => {
    let calls = 0;
    const stop = () => (++calls > 4 ? Promise.reject(new PareError('cancelled', 'stop')) : Promise.resolve());
    await expect(findDuplicates(pictureSet(scenes(6, 1)), stop)).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls).toBe(5);
  });

  it('does not drown in pictures with one hash', async () => {
    const [{ picture }] = scenes(1, 3);
    // The same scene a little darker each time: exact bytes differ, hashes do not.
    const samples = Array.from({ length: 200 }, (_, i) => ({
      key: `${i}`,
      picture: {
        ...picture,
        rgba: Uint8ClampedArray.from(picture.rgba, (v, at) => (at % 4 === 3 ? v : v * (1 - i / 2000))),
      },
    }));
    const { total, removable } = await findDuplicates(pictureSet(samples), noCheckpoint);
    expect(total).toBe(1);
    expect(removable).toHaveLength(199);
  });
});

function arrays(rows: readonly (readonly number[])[]): Dataset {
  const set = pictureSet(
    rows.map((row, i) => ({
      key: String(i),
      picture: { width: 0, height: 0, rgba: new Uint8Array(0) },
      bytes: Uint8Array.from(row),
    })),
  );
  return { ...set, kind: 'arrays', sources: [{ name: 'x', kind: 'array' }] };
}

it('says what cannot be read, copies of it too', async () => {
  const whole = pictureSet(scenes(4, 7));
  const holed: Dataset = {
    ...whole,
    info: (index) => whole.info(index),
    readBytes: (index) => (index === 1 ? damaged() : whole.readBytes(index === 3 ? 2 : index)),
    read: (index) => (index >= 2 ? damaged() : whole.read(index)),
  };
  const { unreadable, checked } = await findDuplicates(holed, noCheckpoint);
  expect(checked).toBe(3);
  expect(unreadable).toEqual({
    count: 3,
    examples: ['scene 1', 'scene 2', 'scene 3'],
    reason: 'It is cut short.',
  });
});
