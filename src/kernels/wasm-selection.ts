/** WASM kernels that choose elements by magnitude: k-th smallest, top mask, N:M mask. Part of wasm-backend.ts. */
import { checkWhole, maskBytes } from './checks.ts';
import { floatOfKey, totalLength } from './magnitude/reference.ts';
import { checkNm } from './nm-mask/reference.ts';
import type { DigitPass, Selection } from './radix-select.ts';
import { DIGITS, TOP_DIGITS, radixSelect } from './radix-select.ts';
import type { WasmContext } from './wasm-backend.ts';
import { CHUNK_ELEMENTS } from './wasm-memory.ts';
import { rowChunks } from './row-chunks.ts';

function foldLanes(lanes: Uint32Array, size: number): Uint32Array {
  return Uint32Array.from(
    { length: size },
    (_, d) => lanes[d] + lanes[size + d] + lanes[2 * size + d] + lanes[3 * size + d],
  );
}

/** One sweep over all parts for each digit. */
function selectKth({ wasm, arena }: WasmContext, parts: readonly Float32Array[], k: number): Selection {
  arena.reset();
  const table = arena.take(TOP_DIGITS * 16);
  const at = arena.take(CHUNK_ELEMENTS * 4);
  function sweep(words: number, count: (n: number) => void): Uint32Array {
    arena.write(table, new Uint32Array(words));
    for (const part of parts) {
      for (const { from, to } of rowChunks(1, part.length, 4, CHUNK_ELEMENTS)) {
        arena.write(at, part.subarray(from, to));
        count(to - from);
      }
    }
    const counts = new Uint32Array(words);
    arena.read(table, counts);
    return counts;
  }
  function countDigits({ prefix, shift, digits }: DigitPass): Uint32Array {
    if (digits === DIGITS) return sweep(digits, (n) => wasm.countKeysWithPrefix(at, n, prefix, shift, table));
    return foldLanes(
      sweep(digits * 4, (n) => wasm.countKeys(at, n, table)),
      digits,
    );
  }
  const walk = radixSelect(k);
  let step = walk.next();
  while (step.done !== true) step = walk.next(countDigits(step.value));
  return step.value;
}

export function createWasmSelection(context: WasmContext) {
  const { wasm, arena } = context;

  function kthMagnitude(parts: readonly Float32Array[], k: number): number {
    checkWhole('k', k, 1, totalLength(parts));
    return floatOfKey(selectKth(context, parts, k).key);
  }

  function topMask(x: Float32Array, keep: number): Uint8Array {
    checkWhole('keep', keep, 0, x.length);
    const mask = new Uint8Array(maskBytes(x.length));
    if (keep === 0) return mask;
    const { key, below, equal } = selectKth(context, [x], x.length - keep + 1);
    let ties = keep - (x.length - below - equal);
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS * 4), arena.take(maskBytes(CHUNK_ELEMENTS))];
    for (const { from, to } of rowChunks(1, x.length, 8, CHUNK_ELEMENTS)) {
      arena.write(at, x.subarray(from, to));
      ties = wasm.thresholdMask(at, to - from, key, ties, out);
      arena.read(out, mask.subarray(from / 8, maskBytes(to)));
    }
    return mask;
  }

  function nmMask(x: Float32Array, rows: number, columns: number, n: number, m: number): Uint8Array {
    checkNm(x.length, rows, columns, n, m);
    const mask = new Uint8Array(maskBytes(x.length));
    for (const chunk of rowChunks(rows, columns, m, CHUNK_ELEMENTS)) {
      const { from, to } = chunk;
      arena.reset();
      const [at, scratch] = [arena.take((to - from) * 4), arena.take(m * 4)];
      const out = arena.take(maskBytes(to - from) + 1);
      arena.write(at, x.subarray(from, to));
      wasm.nmMask(at, chunk.rows, chunk.columns, n, m, from % 8, scratch, out);
      const first = Math.floor(from / 8);
      const before = mask[first];
      arena.read(out, mask.subarray(first, maskBytes(to)));
      mask[first] |= before; // the bits of this byte that the chunk before wrote
    }
    return mask;
  }

  return { kthMagnitude, topMask, nmMask };
}
