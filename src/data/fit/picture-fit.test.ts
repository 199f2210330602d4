import { describe, expect, it } from 'vitest';
import type { ImageFit } from '../../core/dataset/types.ts';
import { seededRandom } from '../../core/passes/random.ts';
import type { Picture } from '../types.ts';
import {
  pictureTable,
  placementOf,
  shapePicture,
  unfitPicture,
  writePicture,
  pictureDims,
} from './picture-fit.ts';
import { resampleRgb } from './resample.ts';
import { allocate } from './values.ts';
import type { FeedType } from './values.ts';

function randomPicture(width: number, height: number, seed = 1): Picture {
  const random = seededRandom(seed);
  return { width, height, rgba: Uint8Array.from({ length: width * height * 4 }, () => random.next() * 256) };
}

/** The definition, without any cleverness: weights of one axis as lists, the whole picture, one channel at a time. */
function plainResize(picture: Picture, width: number, height: number): number[][] {
  const taps = (source: number, target: number, i: number): [number, number][] => {
    const scale = source / target;
    const radius = Math.max(1, scale);
    const centre = (i + 0.5) * scale;
    const found: [number, number][] = [];
    for (let x = 0; x < source; x++) {
      const inside = x >= Math.floor(centre - radius + 0.5) && x < Math.floor(centre + radius + 0.5);
      if (inside) found.push([x, Math.max(0, 1 - Math.abs(x + 0.5 - centre) / radius)]);
    }
    const sum = found.reduce((a, [, w]) => a + w, 0);
    return found.map(([x, w]) => [x, w / sum]);
  };
  return [0, 1, 2].map((c) => {
    const across: number[] = [];
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (const [k, w] of taps(picture.width, width, x))
          value += w * picture.rgba[(y * picture.width + k) * 4 + c];
        across.push(Math.round(value));
      }
    }
    const out: number[] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (const [k, w] of taps(picture.height, height, y)) value += w * across[k * width + x];
        out.push(Math.round(value));
      }
    }
    return out;
  });
}

describe('resampling', () => {
  for (const [from, to] of [
    [
      [37, 23],
      [16, 16],
    ],
    [
      [20, 31],
      [7, 40],
    ],
    [
      [9, 9],
      [24, 24],
    ],
    [
      [64, 64],
      [64, 64],
    ],
    [
      [1, 50],
      [3, 5],
    ],
  ] as const) {
    it(`${from.join('×')} to ${to.join('×')} is the definition, whole and in windows`, () => {
      const picture = randomPicture(from[0], from[1]);
      const [width, height] = to;
      const planes = plainResize(picture, width, height);
      const whole = resampleRgb(picture, { width, height, left: 0, top: 0, columns: width, rows: height });
      const part = { left: 1, top: 2, columns: width - 2, rows: height - 3 };
      const window = resampleRgb(picture, { width, height, ...part });
      for (let c = 0; c < 3; c++) {
        expect(Array.from({ length: width * height }, (_, i) => whole[i * 3 + c])).toEqual(planes[c]);
        for (let y = 0; y < part.rows; y++) {
          for (let x = 0; x < part.columns; x++) {
            const inWhole = (y + part.top) * width + x + part.left;
            expect(window[(y * part.columns + x) * 3 + c]).toBe(planes[c][inWhole]);
          }
        }
      }
    });
  }
});

const base: ImageFit = {
  kind: 'image',
  source: 'image',
  width: 4,
  height: 2,
  resize: 'none',
  channels: 'rgb',
  layout: 'nchw',
  scale: 1,
  mean: [0],
  std: [1],
};

function fitted(picture: Picture, fit: ImageFit, type: FeedType = 'float32'): number[] {
  const out = allocate(
    type,
    pictureDims(fit).reduce((a, b) => a * b, 1),
  );
  writePicture(shapePicture(picture, fit), fit, pictureTable(fit, type), out, 0);
  return Array.from(out as Float32Array, Number);
}

const plain = (width: number, height: number, colour: readonly number[]): Picture => ({
  width,
  height,
  rgba: Uint8Array.from({ length: width * height * 4 }, (_, i) => [...colour, 255][i % 4]),
});

describe('shape', () => {
  it('refuses another size where resizing is off', () => {
    expect(() => shapePicture(plain(5, 2, [0, 0, 0]), base)).toThrow(
      /has 5×2 pixels; the model takes 4×2, and resizing is off/,
    );
  });

  it('pads at the right and below, with the value of the description', () => {
    const fit: ImageFit = { ...base, width: 4, height: 4, resize: 'pad', padValue: 9 };
    const shaped = shapePicture(plain(8, 4, [100, 100, 100]), fit);
    // 8×4 shrinks to 4×2; rows 2 and 3 are padding.
    expect([...shaped.subarray(0, 24)].every((v) => v === 100)).toBe(true);
    expect([...shaped.subarray(24)].every((v) => v === 9)).toBe(true);
    expect(placementOf({ width: 8, height: 4 }, fit)).toEqual({
      scaleX: 0.5,
      scaleY: 0.5,
      offsetX: 0,
      offsetY: 0,
    });
  });

  it('cuts the centre after shrinking the short side', () => {
    // 12×4 to short side 2 is 6×2; of 6 columns the middle 2 stay: columns 2 and 3, source 4..8.
    const picture = plain(12, 4, [0, 0, 0]);
    for (let y = 0; y < 4; y++) for (let x = 4; x < 8; x++) picture.rgba[(y * 12 + x) * 4] = 200;
    const fit: ImageFit = { ...base, width: 2, height: 2, resize: 'crop', shortSide: 2 };
    // A triangle of radius 2 over four source pixels weighs ⅛ ⅜ ⅜ ⅛; one outer pixel is dark: ⅞ · 200.
    expect(fitted(picture, fit).slice(0, 4)).toEqual([175, 175, 175, 175]);
    expect(placementOf(picture, fit)).toEqual({ scaleX: 0.5, scaleY: 0.5, offsetX: -2, offsetY: 0 });
  });

  it('fills around a picture that a crop is larger than', () => {
    const fit: ImageFit = { ...base, width: 4, height: 4, resize: 'crop', shortSide: 2, padValue: 7 };
    const shaped = shapePicture(plain(2, 2, [50, 50, 50]), fit);
    const red = Array.from({ length: 16 }, (_, i) => shaped[i * 3]);
    expect(red).toEqual([7, 7, 7, 7, 7, 50, 50, 7, 7, 50, 50, 7, 7, 7, 7, 7]);
  });

  it('a picture a thousand times as wide as high costs what its window costs', () => {
    const fit: ImageFit = { ...base, width: 64, height: 64, resize: 'crop', shortSide: 64 };
    expect(shapePicture(plain(8000, 1, [1, 2, 3]), fit).length).toBe(64 * 64 * 3);
  });
});

describe('values', () => {
  it('scale, mean and deviation, channel by channel', () => {
    const fit: ImageFit = { ...base, width: 1, height: 1, scale: 0.5, mean: [1, 2, 3], std: [2, 4, 8] };
    const picture = plain(1, 1, [10, 20, 30]);
    expect(fitted(picture, fit)).toEqual([(5 - 1) / 2, (10 - 2) / 4, (15 - 3) / 8]);
    // c counts in the order of the channels: blue first.
    expect(fitted(picture, { ...fit, channels: 'bgr' })).toEqual([(15 - 1) / 2, (10 - 2) / 4, (5 - 3) / 8]);
  });

  it('layouts', () => {
    const picture: Picture = { width: 2, height: 1, rgba: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255) };
    const fit = { ...base, width: 2, height: 1 };
    expect(fitted(picture, fit)).toEqual([1, 4, 2, 5, 3, 6]);
    expect(fitted(picture, { ...fit, layout: 'nhwc' })).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fitted(picture, { ...fit, layout: 'nhwc', channels: 'bgr' })).toEqual([3, 2, 1, 6, 5, 4]);
    // Luma: (1·19595 + 2·38470 + 3·7471 + 32768) / 65536 = 2.3, cut; (4 …, 5 …, 6 …) = 5.3.
    expect(fitted(picture, { ...fit, layout: 'hw', channels: 'gray' })).toEqual([2, 5]);
  });

  it('grey pixels keep their value', () => {
    for (const v of [0, 1, 127, 128, 254, 255]) {
      expect(fitted(plain(1, 1, [v, v, v]), { ...base, width: 1, height: 1, channels: 'gray' })).toEqual([v]);
    }
  });

  it('drops alpha as Pillow’s convert does', () => {
    const picture: Picture = { width: 1, height: 1, rgba: Uint8Array.of(10, 20, 30, 0) };
    expect(fitted(picture, { ...base, width: 1, height: 1 })).toEqual([10, 20, 30]);
  });

  it('rounds and clamps for whole numbers', () => {
    const fit: ImageFit = { ...base, width: 1, height: 1, scale: 1, mean: [128], std: [0.5] };
    // (pixel − 128) · 2: 100 → −56, 250 → 244, 128.25 cannot be.
    expect(fitted(plain(1, 1, [100, 250, 128]), fit, 'int8')).toEqual([-56, 127, 0]);
    expect(fitted(plain(1, 1, [100, 250, 128]), fit, 'uint8')).toEqual([0, 244, 0]);
    expect(fitted(plain(1, 1, [100, 250, 128]), fit, 'int64')).toEqual([-56, 244, 0]);
    const half: ImageFit = { ...base, width: 1, height: 1, scale: 0.5 };
    expect(fitted(plain(1, 1, [3, 5, 6]), half, 'int32')).toEqual([2, 3, 3]);
  });

  for (const layout of ['nchw', 'nhwc'] as const) {
    for (const channels of ['rgb', 'bgr', 'gray'] as const) {
      for (const type of ['float32', 'float16', 'float64'] as const) {
        it(`back to pixels: ${layout}, ${channels}, ${type}`, () => {
          const picture = randomPicture(6, 5);
          if (channels === 'gray')
            for (let i = 0; i < 30; i++) picture.rgba.fill(picture.rgba[i * 4], i * 4, i * 4 + 3);
          picture.rgba.forEach((_, i) => (i % 4 === 3 ? (picture.rgba[i] = 255) : undefined));
          const fit: ImageFit = {
            ...base,
            width: 6,
            height: 5,
            layout,
            channels,
            scale: 1 / 255,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
          };
          const out = allocate(
            type,
            pictureDims(fit).reduce((a, b) => a * b, 1),
          );
          writePicture(shapePicture(picture, fit), fit, pictureTable(fit, type), out, 0);
          // Half floats hold 0..1 in steps of at most 2⁻¹¹, a quarter of a pixel's step of 1/255·0.22.
          expect([...unfitPicture(out, 0, fit, type).rgba]).toEqual([...picture.rgba]);
        });
      }
    }
  }
});
