/** WebP to RGBA by libwebp (@jsquash/webp). It must not know files. */
import decodeWithLibwebp, { init } from '@jsquash/webp/decode.js';
import type { Picture } from '../types.ts';

export type WebpDecode = (bytes: Uint8Array) => Promise<Picture>;

/** Types of the package know one argument of the two. */
type Init = (module: WebAssembly.Module, options: Readonly<Record<string, unknown>>) => Promise<void>;

/** @throws from the returned function when the codec gives no picture. */
export function createWebpCodec(module: WebAssembly.Module): WebpDecode {
  let ready: Promise<void> | undefined;
  return async (bytes) => {
    // Without locateFile the glue resolves its own address, which fails in a worker that was started from a blob.
    ready ??= (init as unknown as Init)(module, { locateFile: (name: string) => name });
    await ready;
    try {
      const { width, height, data } = await decodeWithLibwebp(Uint8Array.from(bytes).buffer);
      return { width, height, rgba: data };
    } catch (error) {
      ready = undefined;
      throw error;
    }
  };
}
