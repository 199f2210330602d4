/** Sets for the end-to-end tests, made from the held-out digits of the bundled sample. It must not know the page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { zipSync, type Zippable } from 'fflate';
import { unpackDigits } from '../../scripts/sample/dataset.ts';
import type { SampleDescription } from '../../scripts/sample/publish.ts';
import { SAMPLE_FOLDER } from './models.ts';
import type { DroppedFile } from './studio-page.ts';

export const SAMPLE = JSON.parse(
  readFileSync(join(SAMPLE_FOLDER, 'digits.json'), 'utf8'),
) as SampleDescription;
export const HELD_OUT = unpackDigits(readFileSync(join(SAMPLE_FOLDER, SAMPLE.data)), SAMPLE.count);
const SIDE = 28;
const PIXELS = SIDE * SIDE;

function chunk(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(named));
  return Buffer.concat([head, named, tail]);
}

/** An 8-bit grey PNG. Source: PNG specification, third edition, sections 5 and 11. */
export function greyPng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, greyscale, deflate, adaptive filters, no interlace.
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The held-out digit as 0..255 pixels. */
export function digit(index: number): Uint8Array {
  return HELD_OUT.images.subarray(index * PIXELS, (index + 1) * PIXELS);
}

/** The first `count` held-out digits as PNG files, a folder per class. */
export function digitsZip(count: number, extra: Zippable = {}): DroppedFile {
  const files: Zippable = { ...extra };
  for (let i = 0; i < count; i++) {
    files[`digits/${HELD_OUT.labels[i]}/${String(i).padStart(4, '0')}.png`] = greyPng(digit(i), SIDE, SIDE);
  }
  return { name: 'digits.zip', bytes: zipSync(files, { level: 0 }) };
}

/** The same with a labels file whose last column groups the samples. */
export function digitsWithGroups(count: number): DroppedFile {
  const files: Zippable = {};
  const lines = ['file,label,writer'];
  for (let i = 0; i < count; i++) {
    const name = `images/${String(i).padStart(4, '0')}.png`;
    files[name] = greyPng(digit(i), SIDE, SIDE);
    lines.push(`${name},${HELD_OUT.labels[i]},${i % 3 === 0 ? 'left-handed' : 'right-handed'}`);
  }
  files['labels.csv'] = new TextEncoder().encode(lines.join('\r\n'));
  return { name: 'digits-groups.zip', bytes: zipSync(files, { level: 0 }) };
}
