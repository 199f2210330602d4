/**
 * Accuracy on labelled data as a user gets it: the set is opened, its fit to the model is proposed by trying, original
 * and variants are evaluated on the same samples. The originals reproduce the figures of the corpus' README. Run with
 * `npx tsx bench/accuracy.ts [part of a name] [--json FILE] [--dump DIR]`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PRESETS } from '../src/core/recipe/presets.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import type { TaskComparison, TaskSummary } from '../src/core/metrics/tasks/types.ts';
import { evaluateModels } from '../src/cli/evaluate.ts';
import { fitData, openData } from '../src/cli/open-data.ts';
import { openNodePredictor } from '../src/runtime/node-predictor.ts';
import { dumpInputs } from './eval/dump.ts';
import { labelledModels, type LabelledModel } from './eval/sets.ts';
import { benchContext, openModel, variantOf } from './eval/variants.ts';

const PRESET_NAMES = ['fp16', 'int8', 'int4', 'sparse50', 'int8-sparse80'] as const;
/** int8 weights, one scale a channel, may cost this many points. */
const INT8_BAR_POINTS = 0.8;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, dump: { type: 'string' } },
});

const calm = (): Promise<void> => Promise.resolve();
const points = (fraction: number): string => (100 * fraction).toFixed(2);
const signed = (fraction: number): string => (fraction >= 0 ? '+' : '') + points(fraction);

interface Line {
  readonly model: string;
  readonly preset: string;
  readonly bytesRatio: number;
  readonly comparison: TaskComparison;
}

function describe({ preset, bytesRatio, comparison }: Line): string {
  const { value, difference, interval, pValue } = comparison;
  const p = pValue === null ? '' : `   p = ${pValue.toPrecision(2)}`;
  return `  ${preset.padEnd(14)} ${points(value).padStart(6)} %   ${signed(difference).padStart(6)} [${signed(interval.low)}, ${signed(interval.high)}] points${p}   file ${bytesRatio.toFixed(3)}`;
}

/** The original's figures against those of the README. */
function readmeMisses({ name, expected }: LabelledModel, summary: TaskSummary): string[] {
  return Object.entries(expected).flatMap(([metric, { percent, tolerance }]) => {
    const found = 100 * (summary.metrics[metric as keyof TaskSummary['metrics']] ?? NaN);
    console.log(`  ${metric.padEnd(14)} ${found.toFixed(2).padStart(6)} %   (README: ${percent} %)`);
    return Math.abs(found - percent) <= tolerance
      ? []
      : [`${name}: ${metric} ${found.toFixed(2)} %, README ${percent} %`];
  });
}

async function evaluate(labelled: LabelledModel): Promise<{ lines: Line[]; missed: string[] }> {
  const { name } = labelled;
  const dataset = await openData(labelled.data, calm);
  const opened = openModel(labelled.model);
  const original = await openNodePredictor([{ name: 'original.onnx', parts: [opened.bytes] }], 1);
  const started = performance.now();
  const { config, how } = await fitData(undefined, dataset, original, { seed: 1, checkpoint: calm });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${name}, ${dataset.length} samples\n  ${how} (${seconds} s)`);
  const common = { dataset, config, part: 'evaluation', fitted: how, checkpoint: calm } as const;
  if (options.dump !== undefined)
    await dumpInputs(join(options.dump, labelled.id), dataset, config, original);
  const context = benchContext();
  const lines: Line[] = [];
  const missed: string[] = [];
  for (const preset of PRESET_NAMES) {
    const variant = await variantOf(opened, PRESETS[preset], context);
    const predictor = await openNodePredictor([{ name: `${preset}.onnx`, parts: [variant.bytes] }], 1);
    const { comparison, baseline, records } = await evaluateModels(predictor, original, common);
    if (comparison === null) throw new Error('two models and no comparison');
    if (lines.length === 0) missed.push(...readmeMisses(labelled, baseline));
    const line = { model: name, preset, bytesRatio: variant.bytes.length / opened.bytes.length, comparison };
    console.log(describe(line));
    lines.push(line);
    if (preset === 'int8' && 100 * comparison.difference < -INT8_BAR_POINTS) {
      missed.push(`${name}: int8 costs ${points(-comparison.difference)} points, bar ${INT8_BAR_POINTS}`);
    }
    if (options.dump !== undefined) {
      const folder = join(options.dump, labelled.id);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${preset}.onnx`), variant.bytes);
      writeFileSync(join(folder, `${preset}.json`), JSON.stringify(records));
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
