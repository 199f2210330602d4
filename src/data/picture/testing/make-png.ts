/** PNG files of every colour type, depth and interlacing, so that a decoder can be checked. Tests only. */
import { zlibSync } from 'fflate';

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  readonly interlaced?: boolean;
  readonly palette?: readonly (readonly [number, number, number])[];
  /** Samples of a pixel, each below 2^bitDepth. */
  readonly sample: (x: number, y: number) => readonly number[];
}

/** Adam7: first column, first row, step across, step down of each pass. Source: W3C PNG, 8.2. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function makePng(options: PngOptions): Uint8Array {
  const { width, height, colourType, bitDepth, interlaced = false, palette } = options;
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  const rows = passes.flatMap(([left, top, across, down]) => passRows(options, left, top, across, down));
  const header = [...u32(width), ...u32(height), bitDepth, colourType, 0, 0, interlaced ? 1 : 0];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk('IHDR', header),
    ...(palette === undefined ? [] : chunk('PLTE', palette.flat())),
    ...chunk('IDAT', [...zlibSync(Uint8Array.from(rows))]),
    ...chunk('IEND', []),
  ]);
}

/** Rows of one pass, each behind filter 0. */
function passRows(
  { width, height, bitDepth, sample }: PngOptions,
  left: number,
  top: number,
  across: number,
  down: number,
): number[] {
  const bytes: number[] = [];
  for (let y = top; y < height && left < width; y += down) {
    const bits: number[] = [];
    for (let x = left; x < width; x += across) {
      for (const value of sample(x, y)) {
        for (let bit = bitDepth - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
      }
    }
    bytes.push(0);
    for (let i = 0; i < bits.length; i += 8) {
      let byte = 0;
      for (let k = 0; k < 8; k++) byte = byte * 2 + (bits[i + k] ?? 0);
      bytes.push(byte);
    }
  }
  return bytes;
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function chunk(name: string, body: readonly number[]): number[] {
  const typed = [...new TextEncoder().encode(name), ...body];
  return [...u32(body.length), ...typed, ...u32(crc32(typed))];
}

/** Source: W3C PNG, annex D. */
function crc32(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
