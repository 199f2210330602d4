/** The WebAssembly of the picture decoders, from the page's own origin. It must not know what a picture is. */
import jpegUrl from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url';
import pngUrl from '@jsquash/png/codec/pkg/squoosh_png_bg.wasm?url';
import webpUrl from '@jsquash/webp/codec/dec/webp_dec.wasm?url';
import type { CodecBlobs } from '../../worker/api.ts';
import { fetchOnce } from './worker-script.ts';

/** Fetched once; every worker gets the same blobs. */
export async function loadCodecs(): Promise<CodecBlobs> {
  const [jpeg, png, webp] = await Promise.all([fetchOnce(jpegUrl), fetchOnce(pngUrl), fetchOnce(webpUrl)]);
  return { jpeg, png, webp };
}
