/**
 * A picture as a model's input, in two steps that candidates can share: shaped to size (RGB, 8 bits), then written as
 * values; and back again for a preview. It must not know files or models.
 */
import { PareError } from '../../core/errors.ts';
import type { ImageFit } from '../../core/dataset/types.ts';
import type { Picture } from '../types.ts';
import { resampleRgb, type Window } from './resample.ts';
import { allocate, decode, encode, store } from './values.ts';
import type { FeedType, ValueArray } from './values.ts';

/** Interleaved RGB, 8 bits a channel, of the fit's width and height. */
export type Shaped = Uint8Array;

/** Where the picture's pixels lie in the model's input: target = source · scale + offset, both in pixels. */
export interface Placement {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly offsetX: number;
  readonly offsetY: number;
}

type Geometry = Pick<ImageFit, 'width' | 'height' | 'resize' | 'shortSide' | 'padValue'>;

/** The resized size, and where its top left corner lies in the model's input (negative where it is cut). */
function layOut(source: { readonly width: number; readonly height: number }, fit: Geometry) {
  const whole = (scale: number): { width: number; height: number } => ({
    width: Math.max(1, Math.round(source.width * scale)),
    height: Math.max(1, Math.round(source.height * scale)),
  });
  switch (fit.resize) {
    case 'none':
    case 'stretch':
      return { width: fit.width, height: fit.height, left: 0, top: 0 };
    case 'crop': {
      const side = fit.shortSide ?? Math.min(fit.width, fit.height);
      const size = whole(side / Math.min(source.width, source.height));
      return {
        ...size,
        left: 0 - Math.floor((size.width - fit.width) / 2),
        top: 0 - Math.floor((size.height - fit.height) / 2),
      };
    }
    case 'pad': {
      const size = whole(Math.min(fit.width / source.width, fit.height / source.height));
      return {
        width: Math.min(size.width, fit.width),
        height: Math.min(size.height, fit.height),
        left: 0,
        top: 0,
      };
    }
    default:
      return fit.resize satisfies never;
  }
}

export function placementOf(
  source: { readonly width: number; readonly height: number },
  fit: Geometry,
): Placement {
  const { width, height, left, top } = layOut(source, fit);
  return { scaleX: width / source.width, scaleY: height / source.height, offsetX: left, offsetY: top };
}

/** @throws PareError `data-invalid` when only pictures of the model's own size are taken and this is none. */
export function shapePicture(picture: Picture, fit: Geometry): Shaped {
  const { width, height } = fit;
  if (fit.resize === 'none' && (picture.width !== width || picture.height !== height)) {
    throw new PareError(
      'data-invalid',
      `The picture has ${picture.width}×${picture.height} pixels; the model takes ${width}×${height}, and resizing is off.`,
      { hint: 'Choose a way to resize.' },
    );
  }
  const laid = layOut(picture, fit);
  // A picture a thousand times as wide as high, shrunk by its short side, would be computed in a strip of its own.
  const window: Window = {
    width: laid.width,
    height: laid.height,
    left: Math.max(0, -laid.left),
    top: Math.max(0, -laid.top),
    columns: Math.min(width, laid.width),
    rows: Math.min(height, laid.height),
  };
  const part =
    laid.width === picture.width && laid.height === picture.height
      ? cut(picture, window)
      : resampleRgb(picture, window);
  if (window.columns === width && window.rows === height) return part;
  const out = new Uint8Array(width * height * 3).fill(fit.padValue ?? 0);
  const left = Math.max(0, laid.left);
  const top = Math.max(0, laid.top);
  const stride = window.columns * 3;
  for (let y = 0; y < window.rows; y++) {
    out.set(part.subarray(y * stride, (y + 1) * stride), ((top + y) * width + left) * 3);
  }
  return out;
}

/** The window of a picture that keeps its size. */
function cut({ width, rgba }: Picture, { left, top, columns, rows }: Window): Uint8Array {
  const out = new Uint8Array(columns * rows * 3);
  let at = 0;
  for (let y = 0; y < rows; y++) {
    let from = ((top + y) * width + left) * 4;
    for (let x = 0; x < columns; x++, from += 4, at += 3) {
      out[at] = rgba[from];
      out[at + 1] = rgba[from + 1];
      out[at + 2] = rgba[from + 2];
    }
  }
  return out;
}

export function channelCount(fit: Pick<ImageFit, 'channels'>): number {
  return fit.channels === 'gray' ? 1 : 3;
}

/** Of one sample. */
export function pictureDims({ width, height, layout, channels }: ImageFit): readonly number[] {
  const count = channels === 'gray' ? 1 : 3;
  if (layout === 'nchw') return [count, height, width];
  return layout === 'nhwc' ? [height, width, count] : [height, width];
}

/** What each of the 256 pixel values becomes, a channel after the other, in the input's type. */
export function pictureTable(fit: ImageFit, type: FeedType): ValueArray {
  const channels = channelCount(fit);
  const table = allocate(type, channels * 256);
  for (let c = 0; c < channels; c++) {
    const mean = fit.mean[c] ?? fit.mean[0] ?? 0;
    const std = fit.std[c] ?? fit.std[0] ?? 1;
    for (let pixel = 0; pixel < 256; pixel++) {
      store(table, c * 256 + pixel, encode(type, (pixel * fit.scale - mean) / std));
    }
  }
  return table;
}

/** Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow's 'L'; exact for grey pixels. */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
}

/** Writes one shaped picture at `at` through the fit's table. */
export function writePicture(
  shaped: Shaped,
  fit: ImageFit,
  table: ValueArray,
  out: ValueArray,
  at: number,
): void {
  const pixels = fit.width * fit.height;
  // Both arrays are of one type: the table was made for the input.
  const to = out as Float32Array;
  const values = table as Float32Array;
  if (fit.channels === 'gray') {
    for (let i = 0; i < pixels; i++) {
      to[at + i] = values[luma(shaped[i * 3], shaped[i * 3 + 1], shaped[i * 3 + 2])];
    }
    return;
  }
  const planar = fit.layout === 'nchw';
  const step = planar ? 1 : 3;
  for (let c = 0; c < 3; c++) {
    const channel = fit.channels === 'bgr' ? 2 - c : c;
    const start = at + (planar ? c * pixels : c);
    for (let i = 0; i < pixels; i++) to[start + i * step] = values[c * 256 + shaped[i * 3 + channel]];
  }
}

/** Values of one sample back to pixels, as the model gets it. */
export function unfitPicture(values: ValueArray, at: number, fit: ImageFit, type: FeedType): Picture {
  const { width, height } = fit;
  const pixels = width * height;
  const rgba = new Uint8ClampedArray(pixels * 4).fill(255);
  const channels = channelCount(fit);
  const planar = fit.layout === 'nchw';
  for (let c = 0; c < channels; c++) {
    const mean = fit.mean[c] ?? fit.mean[0] ?? 0;
    const std = fit.std[c] ?? fit.std[0] ?? 1;
    const channel = fit.channels === 'bgr' ? 2 - c : c;
    for (let i = 0; i < pixels; i++) {
      const from = at + (planar ? c * pixels + i : i * channels + c);
      const pixel = (decode(type, values[from]) * std + mean) / fit.scale;
      if (channels === 1) rgba.fill(pixel, i * 4, i * 4 + 3);
      else rgba[i * 4 + channel] = pixel;
    }
  }
  return { width, height, rgba };
}
