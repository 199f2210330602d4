/** The WebAssembly of the picture codecs, from the packages beside the command line. It must not know pictures. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { CodecHost } from '../data/types.ts';

const FILES = {
  jpeg: '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  png: '@jsquash/png/codec/pkg/squoosh_png_bg.wasm',
  webp: '@jsquash/webp/codec/dec/webp_dec.wasm',
} as const;

export const nodeCodecs: CodecHost = {
  async loadCodec(name) {
    const path = createRequire(import.meta.url).resolve(FILES[name]);
    return WebAssembly.compile(await readFile(path));
  },
};
