/** One model's part of the quantization table: every variant on the same samples, against the same original. It must not know how peers work. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsOf } from '../../src/core/calibration/ports.ts';
import type { DataConfig } from '../../src/core/dataset/types.ts';
import type { TaskComparison } from '../../src/core/metrics/tasks/types.ts';
import type { LatencyMeasurement } from '../../src/core/metrics/types.ts';
import { openData } from '../../src/cli/open-data.ts';
import { evaluateModels } from '../../src/cli/evaluate.ts';
import { createNodeRunner } from '../../src/runtime/node-runner.ts';
import { openNodePredictor } from '../../src/runtime/node-predictor.ts';
import type { Predictor } from '../../src/core/dataset/predictor.ts';
import type { Dataset } from '../../src/data/types.ts';
import { readSampleFeeds } from '../../src/worker/sample-feeds.ts';
import type { LabelledModel } from './sets.ts';
import { measureVariant, openModel, type OpenedModel } from './variants.ts';
import { pareVariants } from './pare-variants.ts';

export interface QuantizationLine {
  readonly model: string;
  readonly variant: string;
  readonly n: number;
  readonly value: number;
  readonly comparison: TaskComparison | null;
  readonly bytes: number;
  readonly latency: LatencyMeasurement | null;
  readonly note: string;
}

interface Place {
  readonly labelled: LabelledModel;
  readonly dataset: Dataset;
  readonly config: DataConfig;
  readonly opened: OpenedModel;
  readonly original: Predictor;
  readonly timed: boolean;
}

const calm = (): Promise<void> => Promise.resolve();
/** Milliseconds of timing for each variant: enough for a ratio known to about one percent on a quiet machine. */
const TIMING_BUDGET_MILLIS = 8000;
const points = (fraction: number): string => `${fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(2)}`;

function describe({ variant, value, comparison, bytes, latency, note }: QuantizationLine): string {
  const change =
    comparison === null
      ? ''
      : `${points(comparison.difference)} [${points(comparison.interval.low)}, ${points(comparison.interval.high)}]`;
  const speed =
    latency === null
      ? ''
      : `${latency.speedup.toFixed(3)}x [${latency.speedupInterval.low.toFixed(3)}, ${latency.speedupInterval.high.toFixed(3)}]`;
  return `  ${variant.padEnd(26)} ${(100 * value).toFixed(2).padStart(6)} %  ${change.padEnd(24)} ${String(bytes).padStart(9)} B  ${speed.padEnd(24)} ${note}`;
}

async function judge(
  place: Place,
  variant: string,
  bytes: Uint8Array<ArrayBuffer>,
  note: string,
): Promise<QuantizationLine> {
  const { labelled, dataset, config, opened, original, timed } = place;
  const predictor = await openNodePredictor([{ name: `${variant}.onnx`, parts: [bytes] }], 1);
  const common = { dataset, config, part: 'evaluation', fitted: '', checkpoint: calm } as const;
  const { comparison, records } = await evaluateModels(predictor, original, common);
  if (comparison === null) throw new Error('two models and no comparison');
  const measured = timed
    ? await measureVariant(
        opened,
        { bytes, millis: 0, steps: [], changed: new Set() },
        { budgetMillis: TIMING_BUDGET_MILLIS, dimensions: {} },
        // Times of integer kernels depend on the values: made-up inputs can be off by a factor of 1.6.
        (count) => readSampleFeeds(dataset, config, portsOf(opened.model), count),
      )
    : null;
  return {
    model: labelled.name,
    variant,
    n: records.length,
    value: comparison.value,
    comparison,
    bytes: bytes.length,
    latency: measured?.latency ?? null,
    note,
  };
}

/** @param peers what quantize.py wrote down */
export async function quantizationTable(
  labelled: LabelledModel,
  folder: string,
  peers: unknown,
  { timed, only }: { readonly timed: boolean; readonly only: readonly string[] },
): Promise<QuantizationLine[]> {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as DataConfig;
  const dataset = await openData(labelled.data, calm);
  const opened = openModel(labelled.model);
  const original = await openNodePredictor([{ name: 'original.onnx', parts: [opened.bytes] }], 1);
  const place: Place = { labelled, dataset, config, opened, original, timed };
  const lines: QuantizationLine[] = [];
  const add = (line: QuantizationLine): void => {
    if (lines.length === 0) console.log(`\n${labelled.name}, n = ${line.n}`);
    console.log(describe(line));
    lines.push(line);
  };
  const fail = (variant: string, error: unknown): void =>
    console.log(`  ${variant.padEnd(26)} failed: ${String(error)}`);
  add(await judge(place, 'fp32', opened.bytes, 'the original'));
  for (const [name, { tool, failed }] of Object.entries(
    peers as Record<string, { tool?: string; failed?: string }>,
  )) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    const file = join(folder, 'peers', `${name}.onnx`);
    if (failed !== undefined || !existsSync(file)) {
      console.log(`  ${name.padEnd(26)} failed: ${failed ?? 'no file'}`);
      continue;
    }
    try {
      add(await judge(place, name, Uint8Array.from(readFileSync(file)), tool ?? ''));
    } catch (error) {
      fail(name, error);
    }
  }
  for await (const { name, bytes, note } of pareVariants(
    opened,
    { dataset, config, runner: createNodeRunner() },
    only,
  )) {
    try {
      add(await judge(place, name, bytes, note));
    } catch (error) {
      fail(name, error);
    }
  }
  return lines;
}
