/** The seeded generator behind everything that is drawn. It must not know what it is used for. */

/** Deterministic from its seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/**
 * 32-bit state, period 2^32; good enough to choose samples and to break ties.
 * Source: mulberry32 (T. Ettinger, public domain description), written from its recurrence.
 */
export function seededRandom(seed: number): Random {
  let state = Math.floor(seed) % 2 ** 32;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
