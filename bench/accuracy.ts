/**
 * Accuracy on labelled data: the original reproduces the figures of the corpus' README, and what fp16, int8 and int4
 * weights leave of it, on the same samples, paired. Run with `npx tsx bench/accuracy.ts [part of a name] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AccuracyMeasurement } from '../src/core/metrics/types.ts';
import { PRESETS } from '../src/core/recipe/presets.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { labelledModels } from './eval/sets.ts';
import type { LabelledModel } from './eval/sets.ts';
import { benchContext, measureVariant, openModel, variantOf } from './eval/variants.ts';

const PRESET_NAMES = ['fp16', 'int8', 'int4', 'sparse50', 'int8-sparse80'] as const;
/** int8 weights, one scale a channel, may cost this many points of top-1. */
const INT8_BAR_POINTS = 0.8;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
});

const points = (fraction: number): string => (100 * fraction).toFixed(2);
const signed = (fraction: number): string => (fraction >= 0 ? '+' : '') + points(fraction);

interface Line {
  readonly model: string;
  readonly preset: string;
  readonly bytesRatio: number;
  readonly accuracy: AccuracyMeasurement;
}

function describe({ preset, bytesRatio, accuracy }: Line): string {
  const { value, difference, interval, pValue } = accuracy;
  return `  ${preset.padEnd(14)} ${points(value).padStart(6)} %   ${signed(difference).padStart(6)} [${signed(interval.low)}, ${signed(interval.high)}] points   p = ${(pValue ?? 1).toPrecision(2)}   file ${bytesRatio.toFixed(3)}`;
}

async function evaluate(labelled: LabelledModel): Promise<{ lines: Line[]; missed: string[] }> {
  const dataset = await labelled.load();
  const opened = openModel(labelled.model);
  const context = benchContext();
  const lines: Line[] = [];
  const missed: string[] = [];
  for (const preset of PRESET_NAMES) {
    const variant = await variantOf(opened, PRESETS[preset], context);
    const result = await measureVariant(opened, variant, { budgetMillis: 1, dimensions: {}, dataset });
    const { accuracy } = result;
    if (accuracy === null) {
      missed.push(`${labelled.name}, ${preset}: ${JSON.stringify(result.notMeasured)}`);
      continue;
    }
    if (lines.length === 0) {
      console.log(`\n${labelled.name}, ${dataset.name}`);
      console.log(
        `  ${'original'.padEnd(14)} ${points(accuracy.baseline).padStart(6)} %   (README: ${labelled.expected} %)`,
      );
      if (Math.abs(100 * accuracy.baseline - labelled.expected) > labelled.tolerance) {
        missed.push(
          `${labelled.name}: original ${points(accuracy.baseline)} %, README ${labelled.expected} %`,
        );
      }
    }
    const line = {
      model: labelled.name,
      preset,
      bytesRatio: variant.bytes.length / opened.bytes.length,
      accuracy,
    };
    console.log(describe(line));
    lines.push(line);
    if (preset === 'int8' && 100 * accuracy.difference < -INT8_BAR_POINTS) {
      missed.push(
        `${labelled.name}: int8 costs ${points(-accuracy.difference)} points, bar ${INT8_BAR_POINTS}`,
      );
    }
  }
  return { lines, missed };
}

async function main(): Promise<void> {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('The folder ../shared with the labelled sets is absent: nothing to evaluate.');
    return;
  }
  const chosen = labelledModels(shared).filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  const lines: Line[] = [];
  const missed: string[] = [];
  for (const labelled of chosen) {
    const found = await evaluate(labelled);
    lines.push(...found.lines);
    missed.push(...found.missed);
  }
  console.log(`\n${missed.length} below a bar.`);
  for (const line of missed) console.log(`  ${line}`);
  if (missed.length > 0) process.exitCode = 1;
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(lines, null, 2));
}

await main();
