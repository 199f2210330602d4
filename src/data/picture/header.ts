/**
 * What a picture's first bytes say: format, size, colours, orientation. Read before anything is decoded, so that a
 * small file that would unfold to gigabytes is refused unopened. It must not know codecs.
 */
import { PareError } from '../../core/errors.ts';

export interface PictureHeader {
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly width: number;
  readonly height: number;
  /** Colour components of a JPEG: 1, 3, or 4 (CMYK, YCCK). */
  readonly components: number;
  /** EXIF orientation 1..8 of a JPEG; 1 = upright. */
  readonly orientation: number;
}

/** Decoded: 256 MB of RGBA, twice that while it is decoded. */
export const MAX_PIXELS = 64 * 1024 * 1024;
export const MAX_BYTES = 64 * 1024 * 1024;

const readable = 'Only JPEG, PNG and WebP pictures are read.';

/** Bytes as Latin-1 text, for magic numbers. */
function ascii(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

/** What else people have with a picture's name; null = nothing known. */
function otherFormat(bytes: Uint8Array): string | null {
  const start = ascii(bytes, 0, 12);
  if (start.startsWith('GIF8')) return 'A GIF picture';
  if (start.startsWith('BM')) return 'A BMP picture';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'A TIFF picture';
  if (start.startsWith('%PDF')) return 'A PDF document';
  if (start.startsWith('PK\x03\x04')) return 'A zip archive';
  if (start.startsWith('8BPS')) return 'A Photoshop document';
  if (start.startsWith('\xFF\x0A') || start.slice(4, 8) === 'JXL ') return 'A JPEG XL picture';
  if (start.slice(4, 8) === 'jP  ') return 'A JPEG 2000 picture';
  if (start.slice(4, 8) === 'ftyp') {
    const brand = start.slice(8, 12);
    if (brand.startsWith('avi')) return 'An AVIF picture';
    if (/^(hei|hev|mif|msf)/.test(brand)) return 'A HEIC picture';
    return 'A video';
  }
  const text = ascii(bytes, 0, 512).trimStart().toLowerCase();
  if (text.startsWith('<svg') || (text.startsWith('<?xml') && text.includes('<svg'))) return 'An SVG drawing';
  if (text.startsWith('<!doctype html') || text.startsWith('<html'))
    return 'A web page (HTML), not a picture';
  if (text.startsWith('version https://git-lfs')) return 'A Git LFS pointer, not the picture itself';
  return null;
}

const u16be = (b: Uint8Array, at: number): number => b[at] * 256 + b[at + 1];
const u32be = (b: Uint8Array, at: number): number => u16be(b, at) * 65536 + u16be(b, at + 2);
const u16le = (b: Uint8Array, at: number): number => b[at] + b[at + 1] * 256;
const u24le = (b: Uint8Array, at: number): number => u16le(b, at) + b[at + 2] * 65536;
const u32le = (b: Uint8Array, at: number): number => u24le(b, at) + b[at + 3] * 2 ** 24;

function damaged(what: string, how: string, path: string): PareError {
  return new PareError('malformed', `${what} that ${how}.`, { at: path });
}

/**
 * @throws PareError `unsupported` for other formats and too large pictures, `malformed` for headers that make no sense.
 */
export function readHeader(bytes: Uint8Array, path: string): PictureHeader {
  if (bytes.length === 0) throw new PareError('malformed', 'An empty file, not a picture.', { at: path });
  const header = identify(bytes, path);
  if (header === null) {
    const other = otherFormat(bytes);
    if (other === null) {
      throw new PareError('malformed', `A file that starts like no picture. ${readable}`, { at: path });
    }
    throw new PareError('unsupported', `${other}. ${readable}`, { at: path });
  }
  const { format, width, height } = header;
  const name = FORMAT_NAMES[format];
  if (width === 0 || height === 0) throw damaged(name, `says it is ${width}×${height} pixels`, path);
  if (width * height > MAX_PIXELS) {
    throw new PareError(
      'unsupported',
      `${name} of ${width}×${height} pixels; at most ${MAX_PIXELS / 2 ** 20} million (2^20) pixels are decoded.`,
      { at: path, hint: 'Shrink the picture first.' },
    );
  }
  if (bytes.length > MAX_BYTES) {
    throw new PareError(
      'unsupported',
      `${name} of ${(bytes.length / 2 ** 20).toFixed(0)} MB; at most ${MAX_BYTES / 2 ** 20} MB are decoded.`,
      { at: path, hint: 'Shrink the picture first.' },
    );
  }
  return header;
}

export const FORMAT_NAMES = { jpeg: 'A JPEG picture', png: 'A PNG picture', webp: 'A WebP picture' } as const;

function identify(bytes: Uint8Array, path: string): PictureHeader | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return readJpegHeader(bytes, path);
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return readPngHeader(bytes, path);
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return readWebpHeader(bytes, path);
  return null;
}

/** Source: W3C PNG specification, 11.2.2 IHDR. */
function readPngHeader(bytes: Uint8Array, path: string): PictureHeader {
  if (bytes.length < 33 || ascii(bytes, 12, 4) !== 'IHDR') {
    throw damaged(FORMAT_NAMES.png, 'ends before its size', path);
  }
  return {
    format: 'png',
    width: u32be(bytes, 16),
    height: u32be(bytes, 20),
    components: 4,
    orientation: 1,
  };
}

/** Source: WebP container specification (RIFF, VP8, VP8L, VP8X). */
function readWebpHeader(bytes: Uint8Array, path: string): PictureHeader {
  if (bytes.length < 30) throw damaged(FORMAT_NAMES.webp, 'ends before its size', path);
  const base = { format: 'webp', components: 4, orientation: 1 } as const;
  const chunk = ascii(bytes, 12, 4);
  if (chunk === 'VP8 ') {
    return { ...base, width: u16le(bytes, 26) & 0x3fff, height: u16le(bytes, 28) & 0x3fff };
  }
  if (chunk === 'VP8L') {
    const bits = u32le(bytes, 21);
    return { ...base, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === 'VP8X') {
    if ((bytes[20] & 2) !== 0) {
      throw new PareError('unsupported', `An animated WebP picture. ${readable}`, { at: path });
    }
    return { ...base, width: u24le(bytes, 24) + 1, height: u24le(bytes, 27) + 1 };
  }
  throw damaged(FORMAT_NAMES.webp, 'holds no picture data', path);
}

/**
 * Walks the marker segments up to the frame header.
 * Source: ITU-T T.81 annex B; Exif 2.3, 4.6 (orientation, tag 0x0112).
 */
function readJpegHeader(bytes: Uint8Array, path: string): PictureHeader {
  let orientation = 1;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw damaged(FORMAT_NAMES.jpeg, 'is damaged in its header', path);
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = u16be(bytes, at + 2);
    const body = at + 4;
    // SOF0..SOF15 without DHT (c4), JPG (c8) and DAC (cc).
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (body + 6 > bytes.length) break;
      return {
        format: 'jpeg',
        height: u16be(bytes, body + 1),
        width: u16be(bytes, body + 3),
        components: bytes[body + 5],
        orientation,
      };
    }
    if (marker === 0xe1 && ascii(bytes, body, 6) === 'Exif\0\0') {
      orientation = readOrientation(bytes.subarray(body + 6, at + 2 + length));
    }
    if (marker === 0xda || marker === 0xd9) break;
    at += 2 + Math.max(2, length);
  }
  throw damaged(FORMAT_NAMES.jpeg, 'ends before its size', path);
}

/** Orientation in the first directory of a TIFF structure; 1 where there is none or it makes no sense. */
function readOrientation(tiff: Uint8Array): number {
  if (tiff.length < 14) return 1;
  const little = tiff[0] === 0x49;
  const u16 = little ? u16le : u16be;
  const directory = (little ? u32le : u32be)(tiff, 4);
  if (directory + 2 > tiff.length) return 1;
  const entries = u16(tiff, directory);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return 1;
    if (u16(tiff, entry) !== 0x0112) continue;
    const value = u16(tiff, entry + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
