/**
 * Copies planted among real pictures: how many are found, missed, and how many different pictures are taken for copies.
 * Run with `npx tsx bench/duplicates.ts`. Photographs, 32 × 32 pictures, digits and rendered lines of text: the last
 * three are full of look-alikes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import jpeg from 'jpeg-js';
import { nodeCodecs } from '../src/cli/codecs.ts';
import type { DataConfig, DuplicateReport } from '../src/core/dataset/types.ts';
import { seededRandom } from '../src/core/passes/random.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { createPictureDecoder } from '../src/data/picture/decoder.ts';
import { checkSplit } from '../src/data/prepare/check.ts';
import { findDuplicates } from '../src/data/prepare/duplicates.ts';
import { divide, EXCLUDED } from '../src/data/prepare/split.ts';
import { plant, PLANTS, type Plant } from '../src/data/prepare/testing/plant.ts';
import { pictureSet, type MadeSample } from '../src/data/prepare/testing/picture-set.ts';
import type { Picture } from '../src/data/types.ts';

const SEED = 20;
const QUALITIES = [40, 60, 75, 90] as const;
const KINDS = [
  'same bytes, renamed',
  ...QUALITIES.map((quality) => `JPEG quality ${quality}` as const),
  ...PLANTS,
] as const;
type Kind = (typeof KINDS)[number];
/** Made on purpose by augmentation: not looked for. */
const NOT_COPIES: ReadonlySet<Kind> = new Set(['flipped']);

interface RealPicture {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly picture: Picture;
}

async function zipPictures(path: string, most: number): Promise<RealPicture[]> {
  const decoder = createPictureDecoder(nodeCodecs);
  const entries = Object.entries(unzipSync(readFileSync(path))).filter(([name]) =>
    /\.(jpe?g|png)$/.test(name),
  );
  const stride = Math.max(1, entries.length / most);
  const found: RealPicture[] = [];
  for (let at = 0; at < entries.length; at += stride) {
    const [name, bytes] = entries[Math.floor(at)];
    found.push({ name, bytes, picture: await decoder.decode(bytes, name) });
  }
  return found;
}

function digits(path: string, most: number): RealPicture[] {
  const idx = gunzipSync(readFileSync(path));
  return Array.from({ length: most }, (_, i) => {
    const gray = idx.subarray(16 + i * 784, 16 + (i + 1) * 784);
    const rgba = new Uint8Array(784 * 4).fill(255);
    for (const [at, value] of gray.entries()) rgba.fill(value, at * 4, at * 4 + 3);
    return { name: `digit ${i}`, bytes: gray, picture: { width: 28, height: 28, rgba } };
  });
}

function stored(picture: Picture, quality: number): { bytes: Uint8Array; picture: Picture } {
  const { width, height, rgba } = picture;
  const bytes = jpeg.encode({ width, height, data: Buffer.from(rgba) }, quality).data;
  const back = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: true });
  return { bytes, picture: { width: back.width, height: back.height, rgba: back.data } };
}

function copyOf(
  kind: Kind,
  original: RealPicture,
  next: () => number,
): { bytes: Uint8Array; picture: Picture } {
  if (kind === 'same bytes, renamed') return original;
  const quality = QUALITIES.find((q) => kind === `JPEG quality ${q}`);
  if (quality !== undefined) return stored(original.picture, quality);
  return stored(plant(kind as Plant, original.picture, { next }), 85);
}

interface Planted {
  /** Position of the picture that it is, or is a copy of. */
  readonly origin: number;
  readonly kind?: Kind;
}

async function count(title: string, originals: readonly RealPicture[]): Promise<void> {
  const random = seededRandom(SEED);
  const next = (): number => random.next();
  const samples: (MadeSample & Planted)[] = originals.map(({ name, bytes, picture }, i) => ({
    key: `${i} ${name}`,
    bytes,
    picture,
    origin: i,
  }));
  const planted = new Map<Kind, number>();
  // Each kind in turn: every picture gets one copy.
  for (const [i, original] of originals.entries()) {
    const kind = KINDS[i % KINDS.length];
    planted.set(kind, (planted.get(kind) ?? 0) + 1);
    samples.push({ key: `copy of ${i}, ${kind}`, ...copyOf(kind, original, next), origin: i, kind });
  }
  const byKey = new Map(samples.map((sample) => [sample.key, sample]));
  const started = performance.now();
  const report = await findDuplicates(pictureSet(samples), () => Promise.resolve());
  const seconds = (performance.now() - started) / 1000;
  const found = new Map<Kind, number>();
  const wrong: string[] = [];
  for (const { keys } of report.groups) {
    const [kept, ...copies] = keys.map((key) => byKey.get(key));
    for (const copy of copies) {
      if (copy === undefined || kept === undefined) continue;
      const kind = copy.kind ?? kept.kind;
      if (copy.origin !== kept.origin) wrong.push(`${kept.key} = ${copy.key}`);
      else if (kind !== undefined) found.set(kind, (found.get(kind) ?? 0) + 1);
    }
  }
  console.log(
    `\n${title}: ${originals.length} pictures, ${samples.length - originals.length} planted, ${seconds.toFixed(1)} s`,
  );
  for (const [kind, n] of planted) {
    const hits = found.get(kind) ?? 0;
    const note = NOT_COPIES.has(kind) ? '  (not looked for)' : '';
    console.log(
      `  ${kind.padEnd(20)} found ${String(hits).padStart(3)} of ${String(n).padStart(3)}, missed ${n - hits}${note}`,
    );
  }
  console.log(`  different pictures taken for copies: ${wrong.length}`);
  for (const line of wrong.slice(0, 5)) console.log(`    ${line}`);
  countLeaks(samples, report);
}

/** Copies on the other side of a division: how many there are, how many the check names, before and after the fix. */
function countLeaks(samples: readonly (MadeSample & Planted)[], report: DuplicateReport): void {
  const set = pictureSet(samples);
  const config: DataConfig = {
    format: 'pare-data',
    version: 1,
    name: 'planted',
    inputs: {},
    task: { kind: 'agreement' },
    classes: [],
    split: { seed: SEED, calibration: Math.round(samples.length / 5), holdBack: 0.2 },
    exclude: [],
  };
  const leaks = (how: DataConfig): number => {
    const { codes } = divide(set, how);
    return samples.filter(
      ({ origin, kind }, i) =>
        kind !== undefined &&
        !NOT_COPIES.has(kind) &&
        codes[i] !== EXCLUDED &&
        codes[origin] !== EXCLUDED &&
        codes[i] !== codes[origin],
    ).length;
  };
  const named = (how: DataConfig): number =>
    checkSplit(set, how, report).problems.find(({ code }) => code === 'split-leak')?.count ?? 0;
  const fixed = { ...config, exclude: report.removable };
  console.log(
    `  copies across a division: ${leaks(config)}, named as leaks: ${named(config)}; with the copies left out: ${leaks(fixed)}, named ${named(fixed)}`,
  );
}

const shared = sharedDir();
if (shared === undefined) {
  console.log('skipped: the folder with the real pictures is not beside the project');
} else {
  const models = join(shared, 'models');
  await count('photographs', await zipPictures(join(models, 'imagenet-mobilenetv1/images-500.zip'), 500));
  await count('32 × 32 pictures', await zipPictures(join(models, 'cifar10-resnet8/test-2000.zip'), 1000));
  await count('rendered lines of text', await zipPictures(join(models, 'ocr-lines/lines-300.zip'), 300));
  await count('handwritten digits', digits(join(models, 'mnist-cntk/t10k-images-idx3-ubyte.gz'), 1000));
}
