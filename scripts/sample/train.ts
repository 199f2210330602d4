/**
 * Makes the bundled sample: `npx tsx scripts/sample/train.ts`. Trains the network, keeps a snapshot in
 * .cache/sample, then writes public/samples/digits. `--export-only` starts from the snapshot.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDigits, split } from './dataset.ts';
import { accuracyOf, fit, type FitOptions } from './fit.ts';
import { DIGITS_PLAN, createNetwork } from './network.ts';
import { publish } from './publish.ts';
import { seededRandom } from './random.ts';
import { loadNetwork, saveNetwork } from './snapshot.ts';

const SEED = 1;
const HELD_OUT = 1500;
const OPTIONS: FitOptions = {
  batch: 50,
  epochs: 24,
  peakRate: 0.003,
  warmupSteps: 100,
  weightDecay: 0.05,
  movement: { radians: 0.2, zoom: 0.1, dx: 2, dy: 2 },
};
const ROOT = join(import.meta.dirname, '..', '..');
const SNAPSHOT = join(ROOT, '.cache', 'sample', 'digits.f32');

const PUBLISHED = join(ROOT, 'public', 'samples', 'digits');

async function main(): Promise<void> {
  // Three generators, so that the split does not move when the network or the schedule changes.
  const { train, heldOut } = split(readDigits(), HELD_OUT, seededRandom(SEED));
  const network = createNetwork(DIGITS_PLAN, {
    batch: OPTIONS.batch,
    floats: (count) => new Float32Array(count),
    random: seededRandom(SEED + 1),
  });
  const weights = network.parameters.reduce((sum, p) => sum + p.value.length, 0);
  console.log(`${weights} trainable numbers, ${train.labels.length} digits to learn from, seed ${SEED}`);
  if (process.argv.includes('--export-only')) {
    loadNetwork(network, readFileSync(SNAPSHOT));
  } else {
    fit(network, train, OPTIONS, seededRandom(SEED + 2), ({ epoch, loss, trainAccuracy, seconds }) => {
      console.log(
        `epoch ${epoch}/${OPTIONS.epochs}: loss ${loss.toFixed(4)}, ` +
          `right on moved training digits ${(100 * trainAccuracy).toFixed(2)} %, ${seconds.toFixed(1)} s`,
      );
    });
    mkdirSync(join(ROOT, '.cache', 'sample'), { recursive: true });
    writeFileSync(SNAPSHOT, saveNetwork(network));
  }
  const own = accuracyOf(network, heldOut, OPTIONS.batch);
  const { fp32Accuracy, count } = await publish(PUBLISHED, network, heldOut, SEED);
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.log(
    `${count} held-out digits: ${percent(own)} by the trainer, ${percent(fp32Accuracy)} by onnxruntime-web`,
  );
  console.log(`written to ${PUBLISHED}`);
}

await main();
