/** WASM kernels that choose elements by magnitude: k-th smallest, top mask, N:M mask. Part of wasm-backend.ts. */
import { checkWhole, maskBytes } from './checks.ts';
import { floatOfKey, totalLength } from './magnitude/reference.ts';
import { checkNm } from './nm-mask/reference.ts';
import type { WasmContext } from './wasm-backend.ts';
import { CHUNK_ELEMENTS, rowChunks } from './wasm-memory.ts';

/** The k-th smallest key, how many keys are below it and how many equal it. */
interface Selection {
  readonly key: number;
  readonly below: number;
  readonly equal: number;
}

const TOP_DIGITS = 2048;
const DIGITS = 1024;

/** The digit in which the k-th key lies, from counts per digit. `below` counts the keys before it. */
function walk(counts: Uint32Array, k: number): { digit: number; below: number; equal: number } {
  let below = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    if (below + counts[digit] >= k) return { digit, below, equal: counts[digit] };
    below += counts[digit];
  }
  throw new RangeError(`only ${below} keys counted, the ${k}-th was asked for`);
}

function foldLanes(lanes: Uint32Array, size: number): Uint32Array {
  return Uint32Array.from(
    { length: size },
    (_, d) => lanes[d] + lanes[size + d] + lanes[2 * size + d] + lanes[3 * size + d],
  );
}

/** Radix selection, 11 + 10 + 10 bits; one sweep over all parts for each digit. */
function selectKth({ wasm, arena }: WasmContext, parts: readonly Float32Array[], k: number): Selection {
  arena.reset();
  const table = arena.take(TOP_DIGITS * 16);
  const at = arena.take(CHUNK_ELEMENTS * 4);
  function sweep(words: number, count: (n: number) => void): Uint32Array {
    arena.write(table, new Uint32Array(words));
    for (const part of parts) {
      for (const { from, to } of rowChunks(1, part.length, 4)) {
        arena.write(at, part.subarray(from, to));
        count(to - from);
      }
    }
    const counts = new Uint32Array(words);
    arena.read(table, counts);
    return counts;
  }
  const top = walk(
    foldLanes(
      sweep(TOP_DIGITS * 4, (n) => wasm.countKeys(at, n, table)),
      TOP_DIGITS,
    ),
    k,
  );
  let key = top.digit;
  let below = top.below;
  let equal = top.equal;
  for (const shift of [10, 0]) {
    const prefix = key;
    const next = walk(
      sweep(DIGITS, (n) => wasm.countKeysWithPrefix(at, n, prefix, shift, table)),
      k - below,
    );
    key = key * DIGITS + next.digit;
    below += next.below;
    equal = next.equal;
  }
  return { key, below, equal };
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
    for (const { from, to } of rowChunks(1, x.length, 8)) {
      arena.write(at, x.subarray(from, to));
      ties = wasm.thresholdMask(at, to - from, key, ties, out);
      arena.read(out, mask.subarray(from / 8, maskBytes(to)));
    }
    return mask;
  }

  function nmMask(x: Float32Array, rows: number, columns: number, n: number, m: number): Uint8Array {
    checkNm(x.length, rows, columns, n, m);
    const mask = new Uint8Array(maskBytes(x.length));
    for (const chunk of rowChunks(rows, columns, m)) {
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
