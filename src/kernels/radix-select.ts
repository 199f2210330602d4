/**
 * Radix selection of the k-th smallest key from digit counts: 31-bit keys, 11 + 10 + 10 bits. Backends count, this walks. It must
 * not know where the counts come from.
 */

/** Which digit of which keys to count: (key >> shift) & (digits − 1) of keys with key >> prefixShift = prefix. */
export interface DigitPass {
  readonly prefix: number;
  readonly prefixShift: number;
  readonly shift: number;
  readonly digits: number;
}

/** The k-th smallest key, how many keys are below it and how many equal it. */
export interface Selection {
  readonly key: number;
  readonly below: number;
  readonly equal: number;
}

export const TOP_DIGITS = 2048;
export const DIGITS = 1024;

/** The digit in which the k-th key lies. */
function walk(counts: Uint32Array, k: number): Selection {
  let below = 0;
  for (let key = 0; key < counts.length; key++) {
    if (below + counts[key] >= k) return { key, below, equal: counts[key] };
    below += counts[key];
  }
  throw new RangeError(`only ${below} keys counted, the ${k}-th was asked for`);
}

/** Yields a pass, expects its counts, returns the selection. k counts from 1. */
export function* radixSelect(k: number): Generator<DigitPass, Selection, Uint32Array> {
  let found = walk(yield { prefix: 0, prefixShift: 31, shift: 20, digits: TOP_DIGITS }, k);
  for (const shift of [10, 0]) {
    const counts = yield { prefix: found.key, prefixShift: shift + 10, shift, digits: DIGITS };
    const next = walk(counts, k - found.below);
    found = {
      key: found.key * DIGITS + next.key,
      below: found.below + next.below,
      equal: next.equal,
    };
  }
  return found;
}
