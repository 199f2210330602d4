/**
 * PNG to RGBA by the WebAssembly of @jsquash/png (the png crate of Rust). It must not know files.
 *
 * The package's own JavaScript is not used: it keeps one instance for ever, and after some 800 damaged files that
 * instance answers every good one with "memory access out of bounds", because a panic leaves its stack where it was.
 * Here a failed decode costs a fresh instance. The calls are those of wasm-bindgen 0.2; the version is pinned.
 */
import type { Picture } from '../types.ts';

interface PngExports {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(bytes: number, align: number): number;
  __wbindgen_free(pointer: number, bytes: number, align: number): void;
  decode(pointer: number, length: number): number;
}

export type PngDecode = (bytes: Uint8Array) => Picture;

/** @throws whatever the codec says, from the returned function. */
export function createPngCodec(module: WebAssembly.Module): PngDecode {
  let codec = instantiate(module);
  return (bytes) => {
    try {
      return codec(bytes);
    } catch (error) {
      codec = instantiate(module);
      throw error;
    }
  };
}

function instantiate(module: WebAssembly.Module): PngDecode {
  let decoded: Picture | undefined;
  const instance: { exports?: PngExports } = {};
  const imports: Record<string, (...args: number[]) => number> = {};
  for (const { name } of WebAssembly.Module.imports(module)) {
    imports[name] = () => 0;
    if (name.includes('newwithownedu8clampedarray')) {
      imports[name] = (pointer, bytes, width, height) => {
        const { exports } = instance;
        if (exports !== undefined) {
          const rgba = new Uint8Array(exports.memory.buffer, pointer >>> 0, bytes >>> 0).slice();
          exports.__wbindgen_free(pointer, bytes, 1);
          decoded = { width: width >>> 0, height: height >>> 0, rgba };
        }
        return 1;
      };
    }
    if (name === '__wbindgen_throw') {
      imports[name] = (pointer, length) => {
        const text = new Uint8Array(
          instance.exports?.memory.buffer ?? new ArrayBuffer(0),
          pointer >>> 0,
          length >>> 0,
        );
        throw new Error(new TextDecoder().decode(text));
      };
    }
  }
  const exports = new WebAssembly.Instance(module, { wbg: imports }).exports as unknown as PngExports;
  instance.exports = exports;
  return (bytes) => {
    const pointer = exports.__wbindgen_malloc(bytes.length, 1) >>> 0;
    new Uint8Array(exports.memory.buffer).set(bytes, pointer);
    decoded = undefined;
    exports.decode(pointer, bytes.length);
    const result = decoded as Picture | undefined;
    decoded = undefined;
    if (result === undefined) throw new Error('The codec gave no picture.');
    return result;
  };
}
