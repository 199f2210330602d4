/** WASM kernels over codes and masks: nibbles, bit masks, compression. Part of wasm-backend.ts. */
import { wrongKept } from './bitmask/reference.ts';
import { checkMask, checkWhole, maskBytes } from './checks.ts';
import { checkUnpack } from './int4/reference.ts';
import type { WasmContext } from './wasm-backend.ts';
import { CHUNK_ELEMENTS } from './wasm-memory.ts';
import { rowChunks } from './row-chunks.ts';

type Codes = Int8Array | Uint8Array;

function nibbles({ wasm, arena }: WasmContext) {
  function packInt4(codes: Codes): Uint8Array {
    const packed = new Uint8Array(Math.ceil(codes.length / 2));
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS), arena.take(CHUNK_ELEMENTS / 2)];
    for (const { from, to } of rowChunks(1, codes.length, 32, CHUNK_ELEMENTS)) {
      arena.write(at, codes.subarray(from, to));
      arena.write(at + to - from, Uint8Array.of(0)); // the absent partner of an odd last code
      wasm.packInt4(at, to - from, out);
      arena.read(out, packed.subarray(from / 2, Math.ceil(to / 2)));
    }
    return packed;
  }

  function unpackInt4(packed: Uint8Array, count: number, signed: boolean): Codes {
    checkUnpack(packed, count);
    const codes = signed ? new Int8Array(count) : new Uint8Array(count);
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS / 2), arena.take(CHUNK_ELEMENTS)];
    for (const { from, to } of rowChunks(1, count, 32, CHUNK_ELEMENTS)) {
      arena.write(at, packed.subarray(from / 2, Math.ceil(to / 2)));
      wasm.unpackInt4(at, to - from, signed ? 1 : 0, out);
      arena.read(out, codes.subarray(from, to));
    }
    return codes;
  }
  return { packInt4, unpackInt4 };
}

function masks({ wasm, arena }: WasmContext) {
  function packMask(flags: Uint8Array): Uint8Array {
    const mask = new Uint8Array(maskBytes(flags.length));
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS), arena.take(maskBytes(CHUNK_ELEMENTS))];
    for (const { from, to } of rowChunks(1, flags.length, 16, CHUNK_ELEMENTS)) {
      arena.write(at, flags.subarray(from, to));
      wasm.packMask(at, to - from, out);
      arena.read(out, mask.subarray(from / 8, maskBytes(to)));
    }
    return mask;
  }

  function applyMask(x: Float32Array, mask: Uint8Array): Float32Array {
    checkMask(mask, x.length);
    const kept = new Float32Array(x.length);
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS * 4), arena.take(CHUNK_ELEMENTS * 4)];
    const bits = arena.take(maskBytes(CHUNK_ELEMENTS));
    for (const { from, to } of rowChunks(1, x.length, 8, CHUNK_ELEMENTS)) {
      arena.write(at, x.subarray(from, to));
      arena.write(bits, mask.subarray(from / 8, maskBytes(to)));
      wasm.applyMask(at, to - from, bits, out);
      arena.read(out, kept.subarray(from, to));
    }
    return kept;
  }

  function compress(codes: Codes, mask: Uint8Array, kept: number): Codes {
    checkMask(mask, codes.length);
    checkWhole('kept', kept, 0, codes.length);
    const values = codes instanceof Int8Array ? new Int8Array(kept) : new Uint8Array(kept);
    let found = 0;
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS), arena.take(CHUNK_ELEMENTS)];
    const bits = arena.take(maskBytes(CHUNK_ELEMENTS));
    for (const { from, to } of rowChunks(1, codes.length, 8, CHUNK_ELEMENTS)) {
      arena.write(at, codes.subarray(from, to));
      arena.write(bits, mask.subarray(from / 8, maskBytes(to)));
      const count = wasm.compress(at, to - from, bits, out);
      if (found < kept) arena.read(out, values.subarray(found, Math.min(kept, found + count)));
      found += count;
    }
    if (found !== kept) throw wrongKept(kept, found);
    return values;
  }
  return { packMask, applyMask, compress };
}

export function createWasmCodes(context: WasmContext) {
  return { ...nibbles(context), ...masks(context) };
}
