/**
 * Pictures from bytes, the same code in page and command line, so that the numbers are the same. It must not know
 * where bytes come from, and it never asks the network: the host hands in the WebAssembly.
 *
 * Alpha stays in the picture; whoever makes model inputs drops it, as `convert('RGB')` of Pillow does.
 */
import { PareError } from '../../core/errors.ts';
import type { CodecHost, Picture, PictureDecoder } from '../types.ts';
import { FORMAT_NAMES, readHeader } from './header.ts';
import { createJpegCodec } from './jpeg-codec.ts';
import { upright } from './orient.ts';
import { createPngCodec } from './png-codec.ts';
import { createWebpCodec } from './webp-codec.ts';

/** Loads what a format needs once, when the first picture of that format comes. */
export function createPictureDecoder(host: CodecHost): PictureDecoder {
  const jpeg = once(async () => createJpegCodec(await host.loadCodec('jpeg')));
  const png = once(async () => createPngCodec(await host.loadCodec('png')));
  const webp = once(async () => createWebpCodec(await host.loadCodec('webp')));
  return {
    async decode(bytes, path) {
      const header = readHeader(bytes, path);
      const codec = { jpeg, png, webp }[header.format];
      await codec();
      let picture: Picture;
      try {
        if (header.format === 'jpeg') picture = await (await jpeg())(bytes, header.components);
        else if (header.format === 'png') picture = (await png())(bytes);
        else picture = await (await webp())(bytes);
      } catch (error) {
        throw undecodable(FORMAT_NAMES[header.format], bytes, error, path);
      }
      if (picture.rgba.length !== picture.width * picture.height * 4) {
        throw undecodable(FORMAT_NAMES[header.format], bytes, 'its size is wrong', path);
      }
      return upright(picture, header.orientation);
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** One sentence in the user's words, with the codec's own in the cause. */
function undecodable(what: string, bytes: Uint8Array, error: unknown, path: string): PareError {
  const words = error instanceof Error ? error.message : String(error);
  const short = endsEarly(what, bytes) || /premature end|unexpected end|truncated|eof/i.test(words);
  const how = short ? 'ends early: the file is cut off' : `is damaged${plain(words)}`;
  return new PareError('malformed', `${what} that ${how}.`, {
    at: path,
    hint: 'Save or download the picture again, or leave it out.',
    cause: error,
  });
}

/** The codec's words where a reader can use them. */
function plain(words: string): string {
  return /unwrap_throw|exit\(|Decoding error|unreachable|memory access|no picture/.test(words)
    ? ''
    : ` (${words})`;
}

/** Each format ends in a mark of its own, or says how long it is. */
function endsEarly(what: string, bytes: Uint8Array): boolean {
  const tail = bytes.subarray(Math.max(0, bytes.length - 64));
  const text = String.fromCharCode(...tail);
  if (what === FORMAT_NAMES.png) return !text.includes('IEND');
  if (what === FORMAT_NAMES.webp) {
    const size = bytes[4] + bytes[5] * 256 + bytes[6] * 65536 + bytes[7] * 2 ** 24;
    return size + 8 > bytes.length;
  }
  return !text.includes('\xff\xd9');
}
