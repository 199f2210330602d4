import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jpegJs from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { PareError } from '../../core/errors.ts';
import type { CodecHost, Picture } from '../types.ts';
import { createPictureDecoder } from './decoder.ts';
import { MAX_BYTES } from './header.ts';
import { makePng, type PngOptions } from './testing/make-png.ts';

const FILES = {
  jpeg: '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  png: '@jsquash/png/codec/pkg/squoosh_png_bg.wasm',
  webp: '@jsquash/webp/codec/dec/webp_dec.wasm',
} as const;
const require = createRequire(import.meta.url);
const host: CodecHost = {
  loadCodec: (name) => WebAssembly.compile(readFileSync(require.resolve(FILES[name]))),
};
const decoder = createPictureDecoder(host);

const pixel = ({ width, rgba }: Picture, x: number, y: number): number[] => [
  ...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await decoder.decode(bytes, 'a file');
  } catch (error) {
    expect(error).toBeInstanceOf(PareError);
    expect((error as PareError).at).toBe('a file');
    return (error as PareError).message;
  }
  throw new Error('It was decoded.');
}

const text = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? Array.from(part, (c) => c.charCodeAt(0)) : part)),
  );

/** 16×16: the left half red, the lower right quarter blue, the rest white; large areas, so that JPEG keeps the colours. */
function quarters(width = 32, height = 16): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      if (x < width / 2) rgba.set([255, 0, 0], at);
      else if (y >= height / 2) rgba.set([0, 0, 255], at);
    }
  }
  return rgba;
}

function makeJpeg(width = 32, height = 16): Uint8Array {
  return Uint8Array.from(jpegJs.encode({ width, height, data: quarters(width, height) }, 95).data);
}

/** Puts an EXIF segment with the orientation behind the start marker. */
function oriented(jpeg: Uint8Array, orientation: number, little: boolean): Uint8Array {
  const u16 = (v: number): number[] => (little ? [v & 255, v >> 8] : [v >> 8, v & 255]);
  const u32 = (v: number): number[] => (little ? [...u16(v), 0, 0] : [0, 0, ...u16(v)]);
  const entry = [...u16(0x0112), ...u16(3), ...u32(1), ...u16(orientation), 0, 0];
  const tiff = [
    ...(little ? [0x49, 0x49] : [0x4d, 0x4d]),
    ...u16(42),
    ...u32(8),
    ...u16(1),
    ...entry,
    0,
    0,
    0,
    0,
  ];
  const body = [...text('Exif\0\0'), ...tiff];
  const length = body.length + 2;
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255, ...body, ...jpeg.subarray(2)]);
}

const near = (found: number[], wanted: number[]): boolean =>
  found.every((value, i) => Math.abs(value - wanted[i]) <= 24);

describe('PNG', () => {
  const depths: Readonly<Record<PngOptions['colourType'], PngOptions['bitDepth'][]>> = {
    0: [1, 2, 4, 8, 16],
    2: [8, 16],
    3: [1, 2, 4, 8],
    4: [8, 16],
    6: [8, 16],
  };
  const palette = [
    [10, 20, 30],
    [40, 50, 60],
    [70, 80, 90],
    [250, 240, 230],
  ] as const;
  /** Sizes that no pass of the interlacing divides. */
  const width = 11;
  const height = 9;
  for (const [type, each] of Object.entries(depths)) {
    for (const bitDepth of each) {
      for (const interlaced of [false, true]) {
        const colourType = Number(type) as PngOptions['colourType'];
        it(`type ${type}, ${bitDepth} bits${interlaced ? ', interlaced' : ''}`, async () => {
          const most = 2 ** bitDepth - 1;
          const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colourType];
          const sample = (x: number, y: number): number[] =>
            Array.from({ length: channels }, (_, c) =>
              colourType === 3
                ? (x + y) % Math.min(4, most + 1)
                : Math.round((most * ((x * 7 + y * 5 + c * 3) % 16)) / 15),
            );
          const picture = await decoder.decode(
            makePng({
              width,
              height,
              colourType,
              bitDepth,
              interlaced,
              sample,
              ...(colourType === 3 ? { palette } : {}),
            }),
            'x.png',
          );
          expect([picture.width, picture.height]).toEqual([width, height]);
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const values = sample(x, y);
              // 16 bits keep their upper byte, as libpng and Pillow do; fewer than 8 are spread over 0..255.
              const bytes = values.map((v) => (bitDepth === 16 ? v >> 8 : Math.round((v * 255) / most)));
              const wanted = {
                0: [bytes[0], bytes[0], bytes[0], 255],
                2: [...bytes, 255],
                3: [...(palette[values[0]] ?? []), 255],
                4: [bytes[0], bytes[0], bytes[0], bytes[1]],
                6: bytes,
              }[colourType];
              expect(pixel(picture, x, y)).toEqual(wanted);
            }
          }
        });
      }
    }
  }

  it('goes on after thousands of damaged files', async () => {
    const good = makePng({ width, height, colourType: 0, bitDepth: 8, sample: (x) => [x] });
    const bad = good.slice();
    bad.fill(0x77, 45, 60);
    for (let i = 0; i < 1500; i++)
      await expect(decoder.decode(bad, 'bad.png')).rejects.toThrow(/damaged|cut off/);
    expect(pixel(await decoder.decode(good, 'good.png'), 3, 0)).toEqual([3, 3, 3, 255]);
  });
});

describe('JPEG', () => {
  it('keeps colours', async () => {
    const picture = await decoder.decode(makeJpeg(), 'a.jpg');
    expect(near(pixel(picture, 4, 4), [255, 0, 0, 255])).toBe(true);
    expect(near(pixel(picture, 28, 12), [0, 0, 255, 255])).toBe(true);
    expect(near(pixel(picture, 28, 3), [255, 255, 255, 255])).toBe(true);
  });

  // Where the blue quarter, at the lower right of the stored picture, lies when it is shown.
  const corners = [
    [1, 'right', 'bottom'],
    [2, 'left', 'bottom'],
    [3, 'left', 'top'],
    [4, 'right', 'top'],
    [5, 'right', 'bottom'],
    [6, 'left', 'bottom'],
    [7, 'left', 'top'],
    [8, 'right', 'top'],
  ] as const;
  for (const [orientation, side, end] of corners) {
    for (const little of [true, false]) {
      it(`EXIF orientation ${orientation}, ${little ? 'little' : 'big'} endian`, async () => {
        const picture = await decoder.decode(oriented(makeJpeg(), orientation, little), 'a.jpg');
        const { width, height } = picture;
        expect([width, height]).toEqual(orientation >= 5 ? [16, 32] : [32, 16]);
        const x = side === 'left' ? 2 : width - 3;
        const y = end === 'top' ? 2 : height - 3;
        expect(near(pixel(picture, x, y), [0, 0, 255, 255])).toBe(true);
        // Red fills the half that was on the left; its corner opposite to the blue quarter is always red.
        expect(near(pixel(picture, width - 1 - x, height - 1 - y), [255, 0, 0, 255])).toBe(true);
      });
    }
  }

  it('goes on after hundreds of damaged files', async () => {
    const good = makeJpeg();
    const bad = good.slice();
    for (let i = 200; i < bad.length - 40; i += 3) bad[i] ^= 0x5a;
    let refused = 0;
    for (let i = 0; i < 300; i++) await decoder.decode(bad, 'bad.jpg').catch(() => refused++);
    expect(refused).toBe(300);
    expect(near(pixel(await decoder.decode(good, 'good.jpg'), 4, 4), [255, 0, 0, 255])).toBe(true);
  });

  it('decodes several at a time without mixing up who failed', async () => {
    const good = makeJpeg();
    const cut = good.subarray(0, good.length - 30);
    const results = await Promise.allSettled(
      [good, cut, good, cut, good].map((bytes) => decoder.decode(bytes, 'x')),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });
});

const fromBase64 = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

/** 8×8, the left half red, the right half blue. */
const CMYK =
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwA8Z/8ALn/wP/2WuZo8Gf8AL5/wD/2aumr/2Q==';
const WEBP_LOSSLESS = 'UklGRh4AAABXRUJQVlA4TBIAAAAvB8ABAA8Q87//8x8O+hDR/wA=';
const WEBP_LOSSY =
  'UklGRlAAAABXRUJQVlA4IEQAAAAQAgCdASoIAAgAAsBMJagCdHIAq//cAAXAAP7yO/wwf7f9rD9r/FO4i//9aH+d/incRf89D/wa/bylI3N/cP28pRrgAA==';

describe('other encodings', () => {
  for (const [name, base64] of [
    ['JPEG in CMYK, inverted as Adobe writes it', CMYK],
    ['WebP, lossless', WEBP_LOSSLESS],
    ['WebP, lossy', WEBP_LOSSY],
  ] as const) {
    it(name, async () => {
      const picture = await decoder.decode(fromBase64(base64), 'x');
      expect([picture.width, picture.height]).toEqual([8, 8]);
      expect(near(pixel(picture, 1, 4), [255, 0, 0, 255])).toBe(true);
      expect(near(pixel(picture, 6, 4), [0, 0, 255, 255])).toBe(true);
    });
  }

  it('cut off in the middle', async () => {
    for (const base64 of [WEBP_LOSSLESS, WEBP_LOSSY]) {
      const bytes = fromBase64(base64);
      expect(await refusal(bytes.subarray(0, bytes.length - 6))).toMatch(/^A WebP picture that ends/);
    }
    expect(await refusal(fromBase64(CMYK).subarray(0, 340))).toMatch(/^A JPEG picture that ends/);
  });
});

describe('what is refused', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /^An empty file/],
    ['GIF', text('GIF89a', [1, 0, 1, 0]), /^A GIF picture\. Only JPEG, PNG and WebP/],
    ['BMP', text('BM', [0, 0, 0, 0]), /^A BMP picture/],
    ['TIFF', text('II*\0', [8, 0, 0, 0]), /^A TIFF picture/],
    ['HEIC', text([0, 0, 0, 24], 'ftypheic'), /^A HEIC picture/],
    ['AVIF', text([0, 0, 0, 24], 'ftypavif'), /^An AVIF picture/],
    ['HTML', text('<!DOCTYPE html><html>'), /^A web page \(HTML\), not a picture/],
    ['SVG', text('<svg xmlns="">'), /^An SVG drawing/],
    ['LFS', text('version https://git-lfs.github.com/spec/v1'), /^A Git LFS pointer/],
    ['text', text('hello'), /starts like no picture/],
    ['the head of a PNG', text('\x89PNG\r\n\x1a\n'), /^A PNG picture that ends before its size/],
    [
      'the head of a JPEG',
      Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]),
      /^A JPEG picture that ends before/,
    ],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, async () => {
      expect(await refusal(bytes)).toMatch(message);
    });
  }

  it('pictures of many pixels, from their header', async () => {
    const bomb = makePng({ width: 1, height: 1, colourType: 0, bitDepth: 8, sample: () => [0] });
    new DataView(bomb.buffer).setUint32(16, 60_000);
    new DataView(bomb.buffer).setUint32(20, 60_000);
    expect(await refusal(bomb)).toMatch(/^A PNG picture of 60000×60000 pixels; at most 64 million/);
  });

  it('files of many bytes', async () => {
    const long = new Uint8Array(MAX_BYTES + 1);
    long.set(makeJpeg());
    expect(await refusal(long)).toMatch(/^A JPEG picture of 64 MB; at most 64 MB/);
  });

  it('cut off files, wherever they end', async () => {
    const jpeg = makeJpeg();
    const png = makePng({
      width: 40,
      height: 40,
      colourType: 2,
      bitDepth: 8,
      sample: (x, y) => [x * 6, y * 6, (x * y) % 256],
    });
    for (const part of [0.5, 0.8, 0.95]) {
      expect(await refusal(jpeg.subarray(0, Math.floor(jpeg.length * part)))).toMatch(
        /^A JPEG picture that ends/,
      );
      expect(await refusal(png.subarray(0, Math.floor(png.length * part)))).toMatch(
        /^A PNG picture that ends/,
      );
    }
  });

  it('any damage is a coded error, never another', async () => {
    const files = [
      makeJpeg(),
      makePng({ width: 9, height: 9, colourType: 6, bitDepth: 8, sample: (x, y) => [x, y, 0, 255] }),
    ];
    let state = 7;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (let i = 0; i < 200; i++) {
      const bytes = files[i % 2].slice();
      for (let k = 0; k < 4; k++) bytes[3 + random(bytes.length - 3)] = random(256);
      const error: unknown = await decoder.decode(bytes, 'x').then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) expect(error).toBeInstanceOf(PareError);
    }
  });
});
