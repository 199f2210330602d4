/**
 * Opens and saves every model of the shared corpus and prints what became of each: `npx tsx bench/corpus.ts`. Fails when
 * one is saved differently, throws what is no coded error, or takes longer than five seconds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { concatParts, MemorySource } from '../src/core/bytes/spans.ts';
import { PareError } from '../src/core/errors.ts';
import { openDraft } from '../src/core/onnx/draft.ts';
import { readModel } from '../src/core/onnx/read.ts';
import { assertValid } from '../src/core/onnx/verify.ts';
import { forEachTensor } from '../src/core/onnx/walk.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { filesBelow, sharedDir } from '../src/core/testing/shared.ts';

const HANG_MILLIS = 5_000;
const shared = sharedDir();
if (shared === undefined) {
  console.log('There is no folder "shared" beside the project: nothing to open.');
  process.exit(0);
}

function openAndSave(path: string): string {
  const bytes = new Uint8Array(readFileSync(path));
  const source = new MemorySource(bytes);
  const beside = new Map<string, MemorySource>();
  forEachTensor(readModel(source, { missingExternal: 'allow' }), ({ data }) => {
    if (data.kind !== 'external') return;
    const file = join(dirname(path), data.location);
    if (existsSync(file)) beside.set(data.location, new MemorySource(new Uint8Array(readFileSync(file))));
  });
  const model = readModel(source, { files: beside });
  assertValid(model);
  const saved = concatParts(writeModel(openDraft(model).finish()).model);
  return Buffer.compare(saved, bytes) === 0 ? 'saved byte-identical' : 'SAVED DIFFERENTLY';
}

const counts = new Map<string, number>();
const faults: string[] = [];
let slowest = { millis: 0, path: '' };
const files = filesBelow(shared, '.onnx');
for (const path of files) {
  const name = relative(shared, path);
  const start = performance.now();
  let outcome: string;
  try {
    outcome = openAndSave(path);
  } catch (error) {
    outcome = error instanceof PareError ? `refused: ${error.code}` : 'UNCAUGHT';
    if (!(error instanceof PareError) || error.code === 'internal') faults.push(`${name}: ${String(error)}`);
  }
  const millis = performance.now() - start;
  if (outcome === 'SAVED DIFFERENTLY') faults.push(`${name}: saved differently`);
  if (millis > HANG_MILLIS) faults.push(`${name}: ${Math.round(millis)} ms`);
  if (millis > slowest.millis) slowest = { millis, path: name };
  counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
}
console.log(`${files.length} files`);
for (const [outcome, count] of [...counts].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(count).padStart(6)}  ${outcome}`);
}
console.log(`slowest: ${slowest.millis.toFixed(1)} ms, ${slowest.path}`);
for (const fault of faults) console.log(`FAULT  ${fault}`);
console.log(`${faults.length} hangs, uncaught exceptions or differences`);
process.exitCode = faults.length === 0 ? 0 : 1;
