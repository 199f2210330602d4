/** One process of bench/fuzz.ts: runs inputs first, first + stride … and reports. Not run by hand. */
import { readFileSync } from 'node:fs';
import { checkInput, fuzzSeeds, mutated } from '../../src/core/testing/fuzz.ts';
import { seedModels } from '../../src/core/testing/seeds.ts';
import { filesBelow, sharedDir } from '../../src/core/testing/shared.ts';

const [seed, first, stride, end] = process.argv.slice(2).map(Number);
const MAX_SEED_FILE_BYTES = 4_096;
const REPORT_EVERY = 50;

const shared = sharedDir();
const files =
  shared === undefined ? [] : filesBelow(shared, '.onnx').map((path) => new Uint8Array(readFileSync(path)));
const seeds = fuzzSeeds(seedModels(), files, MAX_SEED_FILE_BYTES);
const counts: Record<string, number> = {};
const findings: string[] = [];
let slowestMillis = 0;
let slowestIndex = -1;
let done = 0;

for (let index = first; index < end; index += stride) {
  // Before each batch, so that the parent knows where a silent process hangs.
  if (done % REPORT_EVERY === 0) process.send?.({ at: index });
  const bytes = mutated(seeds, seed, index);
  const start = performance.now();
  try {
    const outcome = checkInput(bytes);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  } catch (error) {
    findings.push(
      `input ${index}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    if (findings.length >= 10) break;
  }
  const millis = performance.now() - start;
  if (millis > slowestMillis) [slowestMillis, slowestIndex] = [millis, index];
  done++;
}
process.send?.({ done, counts, findings, slowestMillis, slowestIndex, seeds: seeds.length });
process.disconnect();
