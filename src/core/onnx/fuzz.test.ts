/** Mutated models: always a model or a coded error. `bench/fuzz.ts` runs a million and more. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkInput, fuzzSeeds, mutated } from '../testing/fuzz.ts';
import { seedModels } from '../testing/seeds.ts';
import { filesBelow, sharedDir } from '../testing/shared.ts';

const INPUTS = 20_000;
const SEED = 20_240_601;
const MAX_SEED_FILE_BYTES = 4_096;

it(`opens and saves, or refuses with a code, ${INPUTS} mutated models`, () => {
  const shared = sharedDir();
  const files =
    shared === undefined ? [] : filesBelow(shared, '.onnx').map((path) => new Uint8Array(readFileSync(path)));
  const seeds = fuzzSeeds(seedModels(), files, MAX_SEED_FILE_BYTES);
  const counts = new Map<string, number>();
  for (let index = 0; index < INPUTS; index++) {
    const bytes = mutated(seeds, SEED, index);
    try {
      const outcome = checkInput(bytes);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    } catch (cause) {
      throw new Error(`input ${index} of seed ${SEED}`, { cause });
    }
  }
  console.log(`${seeds.length} seed files`);
  console.table(Object.fromEntries([...counts].sort((a, b) => b[1] - a[1])));
  // Mutations that are always refused, or never, would test nothing.
  expect(counts.get('saved byte-identical')).toBeGreaterThan(INPUTS / 50);
  expect(counts.get('malformed')).toBeGreaterThan(INPUTS / 50);
}, 120_000);
