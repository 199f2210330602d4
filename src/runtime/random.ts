/** Seeded numbers for inputs and resampling: the same seed gives the same inputs in page and command line. */
import type { Random } from '../core/passes/types.ts';

/** Mulberry32: 32 bits of state, plenty for inputs. Source: T. Ettinger, public domain description. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}
