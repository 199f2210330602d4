/** Pictures and what people do to copies of them, to count which copies are found. Tests and benchmarks only. */
import type { Random } from '../../../core/passes/types.ts';
import type { Picture } from '../../types.ts';

/** What may happen to a copy, in the order of the tables; `flipped` is not a copy that is looked for. */
export const PLANTS = [
  'resized to half',
  'resized to 75 %',
  'cropped by 2 %',
  'cropped by 5 %',
  'brighter by 10 %',
  'darker by 10 %',
  'watermark',
  'flipped',
] as const;
export type Plant = (typeof PLANTS)[number];

export function plant(kind: Plant, picture: Picture, random: Random): Picture {
  switch (kind) {
    case 'resized to half':
      return resize(picture, Math.round(picture.width / 2), Math.round(picture.height / 2));
    case 'resized to 75 %':
      return resize(picture, Math.round(picture.width * 0.75), Math.round(picture.height * 0.75));
    case 'cropped by 2 %':
      return crop(picture, 0.02, random);
    case 'cropped by 5 %':
      return crop(picture, 0.05, random);
    case 'brighter by 10 %':
      return mapPixels(picture, (value) => value * 1.1);
    case 'darker by 10 %':
      return mapPixels(picture, (value) => value * 0.9);
    case 'watermark':
      return watermark(picture);
    case 'flipped':
      return flip(picture);
    default:
      return kind satisfies never;
  }
}

/** Bilinear between the centres of pixels, as most programs do it for moderate factors. */
export function resize({ width, height, rgba }: Picture, newWidth: number, newHeight: number): Picture {
  const target = new Uint8ClampedArray(newWidth * newHeight * 4);
  for (let y = 0; y < newHeight; y++) {
    const fromY = Math.min(height - 1, Math.max(0, ((y + 0.5) * height) / newHeight - 0.5));
    const top = Math.floor(fromY);
    const bottom = Math.min(height - 1, top + 1);
    for (let x = 0; x < newWidth; x++) {
      const fromX = Math.min(width - 1, Math.max(0, ((x + 0.5) * width) / newWidth - 0.5));
      const left = Math.floor(fromX);
      const right = Math.min(width - 1, left + 1);
      for (let c = 0; c < 4; c++) {
        const at = (row: number, column: number): number => rgba[(row * width + column) * 4 + c];
        const upper = at(top, left) + (at(top, right) - at(top, left)) * (fromX - left);
        const lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * (fromX - left);
        target[(y * newWidth + x) * 4 + c] = upper + (lower - upper) * (fromY - top);
      }
    }
  }
  return { width: newWidth, height: newHeight, rgba: target };
}

/** Takes the share off the width and off the height, anywhere. */
function crop(picture: Picture, share: number, random: Random): Picture {
  const width = Math.round(picture.width * (1 - share));
  const height = Math.round(picture.height * (1 - share));
  const left = Math.round(random.next() * (picture.width - width));
  const top = Math.round(random.next() * (picture.height - height));
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 4;
    rgba.set(picture.rgba.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, rgba };
}

function mapPixels(picture: Picture, change: (value: number) => number): Picture {
  const rgba = Uint8ClampedArray.from(picture.rgba, (value, i) => (i % 4 === 3 ? value : change(value)));
  return { ...picture, rgba };
}

/** A white bar with a dark stripe over 20 % × 6 % of the picture at the lower right. */
function watermark(picture: Picture): Picture {
  const { width, height } = picture;
  const rgba = Uint8ClampedArray.from(picture.rgba);
  for (let y = Math.floor(height * 0.9); y < Math.floor(height * 0.96); y++) {
    for (let x = Math.floor(width * 0.75); x < Math.floor(width * 0.95); x++) {
      const ink = x % 6 < 2 ? 32 : 255;
      for (let c = 0; c < 3; c++) rgba[(y * width + x) * 4 + c] = ink;
    }
  }
  return { width, height, rgba };
}

function flip({ width, height, rgba }: Picture): Picture {
  const target = new Uint8ClampedArray(rgba.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      target.set(rgba.subarray(from, from + 4), (y * width + (width - 1 - x)) * 4);
    }
  }
  return { width, height, rgba: target };
}
