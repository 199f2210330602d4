/** Which axes of an input are rows, columns and colours, and what size to use where it is free. It must not run models. */
import type { ImageFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import { toErrorRecord } from '../../core/errors.ts';
import type { Dataset } from '../types.ts';
import type { Custom } from './picture-choices.ts';

export interface PicturePeek {
  /** Of the first readable pictures. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
}

/** Enough to see that sizes differ. */
const PEEKED = 24;

/** Sizes of pictures spread over the set; when none can be read, why not. */
export async function peekPictures(dataset: Dataset): Promise<PicturePeek | string> {
  let unread: string | undefined;
  const sizes: { width: number; height: number }[] = [];
  const step = Math.max(1, Math.floor(dataset.length / PEEKED));
  for (let index = 0; index < dataset.length && sizes.length < PEEKED; index += step) {
    try {
      for (const value of (await dataset.read(index)).values()) {
        if (value.kind !== 'image') continue;
        sizes.push({ width: value.picture.width, height: value.picture.height });
        break;
      }
    } catch (error) {
      // A single picture that cannot be read is reported where it is evaluated.
      unread ??= toErrorRecord(error).message;
    }
  }
  if (sizes.length > 0) return { sizes };
  return unread === undefined ? 'No picture could be read.' : `No picture could be read: ${unread}`;
}

/** A sample of 200 MB in float32; no model for pictures takes as many. */
const MOST_PIXELS = 4096 * 4096;

interface PictureShape {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly layout: ImageFit['layout'];
}

const TYPES = new Set(['float32', 'float16', 'float64', 'uint8', 'int8', 'int32', 'uint16']);

/** @returns a sentence when the input takes no pictures. */
export function pictureShape(port: ModelPort, peek: PicturePeek, custom: Custom): PictureShape | string {
  const shape = port.shape;
  const refusal = `The input '${port.name}' takes no pictures`;
  if (!TYPES.has(port.dataType)) return `${refusal}: its values are ${port.dataType}.`;
  if (shape === null) return `${refusal} that are known: it declares no shape.`;
  const axes = axesOf(shape);
  if (axes === undefined) return `${refusal}: it has the shape [${shape.map((d) => d ?? '?').join(', ')}].`;
  const { channels, layout } = axes;
  const [height, width] = freeSize(axes.height, axes.width, peek, custom);
  if (width * height > MOST_PIXELS) {
    return `${refusal} that can be made: ${width}×${height} pixels are too many.`;
  }
  return { channels, layout, width, height };
}

type Axis = number | string | null;
interface Axes {
  readonly height: Axis;
  readonly width: Axis;
  readonly channels: 1 | 3;
  readonly layout: ImageFit['layout'];
}

/** [rows, columns, colours] of one picture; a free first axis is more likely that of the samples. */
function isUnbatchedNhwc([first, , last]: readonly Axis[]): boolean {
  return typeof first === 'number' && first > 4 && (last === 1 || last === 3);
}

function axesOf(shape: readonly Axis[]): Axes | undefined {
  const colours = (d: Axis): 1 | 3 | undefined => (d === 1 || d === 3 ? d : undefined);
  const area = (d: Axis): boolean => typeof d !== 'number' || d > 4;
  if (shape.length === 4 || (shape.length === 3 && (colours(shape[0]) === 3 || isUnbatchedNhwc(shape)))) {
    const [a, b, c] = shape.slice(-3);
    const first = colours(a);
    const last = colours(c);
    if (first !== undefined && area(b) && area(c))
      return { channels: first, height: b, width: c, layout: 'nchw' };
    if (last !== undefined && area(a) && area(b))
      return { channels: last, height: a, width: b, layout: 'nhwc' };
    // Everything free: colours first, as most exporters write.
    if (typeof a !== 'number' && area(b) && area(c))
      return { channels: 3, height: b, width: c, layout: 'nchw' };
    return undefined;
  }
  if (shape.length === 3 && area(shape[1]) && area(shape[2])) {
    return { channels: 1, height: shape[1], width: shape[2], layout: 'hw' };
  }
  return undefined;
}

/** Where the model has no opinion and pictures differ in size. */
const COMMON_SIDE = 224;
/** Grids of detectors and segmenters halve their input five times. */
const GRID = 32;

/** [height, width] */
function freeSize(height: Axis, width: Axis, { sizes }: PicturePeek, custom: Custom): [number, number] {
  if (typeof height === 'number' && typeof width === 'number') return [height, width];
  const [first] = sizes;
  const same = sizes.every((size) => size.width === first.width && size.height === first.height);
  if (typeof height === 'number') {
    if (same && first.height === height) return [height, first.width];
    return [
      height,
      aspectSide(
        height,
        sizes.map((size) => size.width / size.height),
      ),
    ];
  }
  if (typeof width === 'number') {
    if (same && first.width === width) return [first.height, width];
    return [
      aspectSide(
        width,
        sizes.map((size) => size.height / size.width),
      ),
      width,
    ];
  }
  const grid = custom === 'plain' ? 1 : GRID;
  if (same) {
    const whole = (side: number): number => Math.max(grid, Math.round(side / grid) * grid);
    const large = Math.max(first.width, first.height) / MAX_SIDE;
    const scale = Math.max(1, large);
    return [whole(first.height / scale), whole(first.width / scale)];
  }
  const side = custom === 'plain' ? COMMON_SIDE : 10 * GRID;
  return [side, side];
}

/** Larger inputs than this make runs of seconds; whoever wants them can say so. */
const MAX_SIDE = 1024;

/** The free side for which nine of ten pictures keep their shape, in steps of eight pixels. */
function aspectSide(side: number, ratios: readonly number[]): number {
  const sorted = ratios.toSorted((a, b) => a - b);
  const ratio = sorted[Math.floor((sorted.length - 1) * 0.9)];
  return Math.min(16 * side, Math.max(8, Math.ceil((side * ratio) / 8) * 8));
}
