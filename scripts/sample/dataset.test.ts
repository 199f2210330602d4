// The split and the held-out file of the sample.
import { expect, test } from 'vitest';
import {
  CLASSES,
  PIXELS,
  copyImage,
  copyMoved,
  packDigits,
  readDigits,
  split,
  unpackDigits,
} from './dataset.ts';
import { seededRandom } from './random.ts';

const digits = readDigits();

test('the package holds 10,000 digits of ten classes', () => {
  expect(digits.labels.length).toBe(10_000);
  expect(digits.images.length).toBe(10_000 * PIXELS);
  expect(new Set(digits.labels).size).toBe(CLASSES);
});

test('the split is stratified, exact, disjoint and the same for the same seed', () => {
  const { train, heldOut } = split(digits, 1500, seededRandom(1));
  expect(train.labels.length).toBe(8500);
  expect(heldOut.labels.length).toBe(1500);
  for (let digit = 0; digit < CLASSES; digit++) {
    const of = (labels: Uint8Array): number => labels.filter((l) => l === digit).length;
    // Rounding the running total moves a class by less than one digit either way.
    expect(Math.abs(of(heldOut.labels) - of(digits.labels) * 0.15)).toBeLessThan(1);
    expect(of(train.labels) + of(heldOut.labels)).toBe(of(digits.labels));
  }
  const key = (images: Uint8Array, i: number): string =>
    Buffer.from(images.buffer, images.byteOffset + i * PIXELS, PIXELS).toString('latin1');
  const seen = new Set(Array.from(train.labels, (_, i) => key(train.images, i)));
  const again = Array.from(heldOut.labels, (_, i) => key(heldOut.images, i)).filter((k) => seen.has(k));
  expect(again).toHaveLength(0);
  const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
  expect(same(split(digits, 1500, seededRandom(1)).heldOut.images, heldOut.images)).toBe(true);
  expect(same(split(digits, 1500, seededRandom(2)).heldOut.images, heldOut.images)).toBe(false);
});

test('packing and unpacking give the same digits; a wrong length is refused', () => {
  const { heldOut } = split(digits, 20, seededRandom(3));
  const packed = packDigits(heldOut);
  expect(packed.length).toBe(20 * 785);
  expect(unpackDigits(packed, 20)).toEqual(heldOut);
  expect(() => unpackDigits(packed, 21)).toThrow(/16485 bytes for 21 digits/);
});

const STILL = { radians: 0, zoom: 1, dx: 0, dy: 0 };

test('a movement of nothing changes nothing', () => {
  const plain = new Float32Array(PIXELS);
  const moved = new Float32Array(PIXELS);
  copyImage(plain, 0, digits, 1234);
  copyMoved(moved, 0, digits, 1234, STILL);
  expect(moved).toEqual(plain);
});

test('a shift moves pixels and brings in paper; half a pixel shares the ink', () => {
  const image = new Uint8Array(PIXELS);
  image[5 * 28 + 6] = 255;
  image[27 * 28 + 27] = 51;
  const one = { images: image, labels: Uint8Array.of(0) };
  const out = new Float32Array(PIXELS);
  copyMoved(out, 0, one, 0, { ...STILL, dx: 2, dy: -1 });
  expect(out[4 * 28 + 8]).toBe(1);
  // The corner left the picture to the right; nothing else is ink.
  expect(out.filter((v) => v !== 0)).toHaveLength(1);
  copyMoved(out, 0, one, 0, { ...STILL, dx: 0.5 });
  expect([out[5 * 28 + 6], out[5 * 28 + 7]]).toEqual([0.5, 0.5]);
});

test('a quarter turn takes the right edge to the bottom; twice the zoom doubles the distance from the middle', () => {
  const image = new Uint8Array(PIXELS);
  image[10 * 28 + 20] = 255;
  const one = { images: image, labels: Uint8Array.of(0) };
  const out = new Float32Array(PIXELS);
  copyMoved(out, 0, one, 0, { ...STILL, radians: Math.PI / 2 });
  // From the middle (13.5, 13.5): (6.5, −3.5) turns to (3.5, 6.5), that is column 17, row 20. cos(π/2) is 6e-17.
  expect(out[20 * 28 + 17]).toBeCloseTo(1, 6);
  copyMoved(out, 0, one, 0, { ...STILL, zoom: 2 });
  // (6.5, −3.5) · 2 = (13, −7): column 26.5, row 6.5; its four neighbours each lie a quarter pixel off: (3/4)².
  expect(out[6 * 28 + 26]).toBeCloseTo(0.5625, 6);
});
