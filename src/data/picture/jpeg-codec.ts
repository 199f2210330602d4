/**
 * JPEG to RGBA by mozjpeg (@jsquash/jpeg), and by jpeg-js for the four-colour ones that mozjpeg does not convert.
 * It must not know files.
 *
 * mozjpeg smooths chroma as browsers and Pillow do; on 32×32 pictures blocky chroma costs half a point of accuracy.
 */
import decodeWithMozjpeg, { init } from '@jsquash/jpeg/decode.js';
import { decode as decodeWithJpegJs } from 'jpeg-js';
import type { Picture } from '../types.ts';
import { MAX_PIXELS } from './header.ts';

export type JpegDecode = (bytes: Uint8Array, components: number) => Promise<Picture>;

/** The package keeps one codec for a realm: what it says and whose turn it is belong to that one. */
const said: string[] = [];
let turn: Promise<unknown> = Promise.resolve();
let ready: Promise<void> | undefined;

/** Types of the package know one argument of the two. */
type Init = (module: WebAssembly.Module, options: Readonly<Record<string, unknown>>) => Promise<void>;

/**
 * @throws from the returned function: an Error whose message is what the codec says, also where libjpeg would go on
 * with grey instead of the missing part.
 */
export function createJpegCodec(module: WebAssembly.Module): JpegDecode {
  const start = (): Promise<void> =>
    (init as unknown as Init)(module, {
      print: (line: string) => said.push(line),
      printErr: (line: string) => said.push(line),
      // Without this the glue resolves its own address, which fails in a worker that was started from a blob.
      locateFile: (name: string) => name,
    });
  const decodeNow = async (bytes: Uint8Array): Promise<Picture> => {
    ready ??= start();
    await ready;
    said.length = 0;
    try {
      // A buffer of its own: the glue takes whole ArrayBuffers.
      const { width, height, data } = await decodeWithMozjpeg(Uint8Array.from(bytes).buffer);
      const warning = said.find((line) => !HARMLESS.test(line));
      if (warning !== undefined) throw new Error(warning);
      return { width, height, rgba: data };
    } catch (error) {
      // After an error the codec has left by exit(): its heap leaks, and after a hundred it traps on good files.
      ready = undefined;
      throw new Error(said.find((line) => !HARMLESS.test(line)) ?? wordsOf(error), { cause: error });
    }
  };
  return (bytes, components) => {
    if (components === 4) return Promise.resolve().then(() => decodeFourColours(bytes));
    const decoded = turn.then(() => decodeNow(bytes));
    turn = decoded.catch(() => undefined);
    return decoded;
  };
}

/** Warnings that change no pixel. Source: libjpeg jerror.h. */
const HARMLESS =
  /extraneous bytes before marker|Unknown Adobe color transform|thumbnail|^Warning: unknown JFIF/i;

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** CMYK and YCCK, inverted as Adobe writes them, to RGB. */
function decodeFourColours(bytes: Uint8Array): Picture {
  const { width, height, data } = decodeWithJpegJs(bytes, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: 1024,
  });
  return { width, height, rgba: data };
}
