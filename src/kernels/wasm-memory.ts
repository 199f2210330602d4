/**
 * Working memory of the WASM kernels: one small arena, filled anew for every chunk, so that a tensor of any size needs the
 * same few hundred kilobytes and nothing can leak. It must not know what the kernels compute.
 */

/** Floats of one chunk. 256 kB: large enough to hide the calls, small enough to stay in a core's second-level cache. */
export const CHUNK_ELEMENTS = 65536;

/** Bytes that a kernel may touch beyond the end of an array. */
const PADDING = 64;
const PAGE = 65536;

type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array;

/** Bump allocator over a WebAssembly.Memory. `reset` before each use; grows the memory when needed, up to its peak use. */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  readonly #base: number;
  #top: number;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#base = Math.ceil(base / 16) * 16;
    this.#top = this.#base;
  }

  /** Forgets everything taken. */
  reset(): void {
    this.#top = this.#base;
  }

  /** Address of `bytes` fresh bytes (16-byte aligned, padded, content undefined). */
  take(bytes: number): number {
    const at = this.#top;
    this.#top = Math.ceil((at + bytes + PADDING) / 16) * 16;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return at;
  }

  /** Address of `bytes` fresh zero bytes. */
  takeZeroed(bytes: number): number {
    const at = this.take(bytes);
    new Uint8Array(this.#memory.buffer, at, bytes).fill(0);
    return at;
  }

  /** Copies values in; `at` is an address from `take`. */
  write(at: number, values: Numbers): void {
    const source = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.#memory.buffer, at, values.byteLength).set(source);
  }

  /** Copies the bytes at `at` over all of `into`. */
  read(at: number, into: Numbers): void {
    const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    target.set(new Uint8Array(this.#memory.buffer, at, into.byteLength));
  }

  /** Bytes of linear memory held now. */
  get heldBytes(): number {
    return this.#memory.buffer.byteLength;
  }
}
