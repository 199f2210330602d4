/** One model's part of the quantization table: every variant on the same samples, against the same original. It must not know how peers work. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsOf } from '../../src/core/calibration/ports.ts';
import type { Predictor } from '../../src/core/dataset/predictor.ts';
import type { DataConfig } from '../../src/core/dataset/types.ts';
import type { SampleRecord, TaskComparison } from '../../src/core/metrics/tasks/types.ts';
import type { LatencyMeasurement } from '../../src/core/metrics/types.ts';
import { evaluateModels } from '../../src/cli/evaluate.ts';
import { openData } from '../../src/cli/open-data.ts';
import { concludeEvaluation } from '../../src/data/evaluate/conclude.ts';
import type { Dataset } from '../../src/data/types.ts';
import { createNodeRunner } from '../../src/runtime/node-runner.ts';
import { openNodePredictor } from '../../src/runtime/node-predictor.ts';
import { readSampleFeeds } from '../../src/worker/sample-feeds.ts';
import { pareVariants, TIMED_VARIANTS, type WeightBits } from './pare-variants.ts';
import { describeLine, summaryOf, type Against, type QuantizationLine } from './quantization-lines.ts';
import type { LabelledModel } from './sets.ts';
import { measureVariant, openModel, type OpenedModel } from './variants.ts';

export interface TableOptions {
  readonly timed: boolean;
  /** Parts of variants' names; none = all. */
  readonly only: readonly string[];
  /** Lines of an earlier run: what they say of a file is taken over where it is the same byte for byte. */
  readonly earlier: readonly QuantizationLine[];
}

/** Milliseconds of timing for each variant: enough for a ratio known to about one percent on a quiet machine. */
const TIMING_BUDGET_MILLIS = 8000;
const calm = (): Promise<void> => Promise.resolve();

/** A file that stands in the table. */
interface Candidate {
  readonly variant: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly note: string;
  readonly peer: boolean;
  readonly timed: boolean;
  readonly bits: WeightBits | null;
}

class Table {
  readonly lines: QuantizationLine[] = [];
  readonly #labelled: LabelledModel;
  readonly #dataset: Dataset;
  readonly #config: DataConfig;
  readonly #opened: OpenedModel;
  readonly #options: TableOptions;
  /** Files by variant: records are made only where a line needs them. */
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #records = new Map<string, readonly SampleRecord[]>();

  constructor(
    labelled: LabelledModel,
    data: { readonly dataset: Dataset; readonly config: DataConfig },
    opened: OpenedModel,
    options: TableOptions,
  ) {
    this.#labelled = labelled;
    this.#dataset = data.dataset;
    this.#config = data.config;
    this.#opened = opened;
    this.#options = options;
  }

  async add(candidate: Candidate): Promise<void> {
    const { variant, bytes, note, peer, bits } = candidate;
    try {
      this.#files.set(variant, bytes);
      const digest = createHash('sha256').update(bytes).digest('hex');
      const known = this.#options.earlier.find(
        (line) => line.model === this.#labelled.name && line.variant === variant && line.digest === digest,
      );
      const judged = known ?? (await this.#judge(candidate));
      const { n, value, comparison, against } = judged;
      const latency = candidate.timed && this.#options.timed ? await this.#time(bytes) : null;
      const line: QuantizationLine = {
        model: this.#labelled.name,
        ...{ variant, digest, peer, n, value, comparison, against },
        ...{ bytes: bytes.length, bits, latency, note },
      };
      if (this.lines.length === 0) console.log(`\n${line.model}, n = ${n}`);
      console.log(describeLine(line));
      this.lines.push(line);
    } catch (error) {
      this.fail(variant, String(error));
    }
  }

  fail(variant: string, reason: string): void {
    console.log(`  ${variant.padEnd(26)} failed: ${reason}`);
  }

  async #judge({
    variant,
    peer,
  }: Candidate): Promise<Pick<QuantizationLine, 'n' | 'value' | 'comparison' | 'against'>> {
    const records = await this.#recordsOf(variant);
    const comparison = this.#compare(await this.#recordsOf('fp32'), records);
    const best = peer || variant === 'fp32' ? undefined : this.#bestPeer();
    let against: Against | null = null;
    if (best !== undefined) {
      const { difference, interval } = this.#compare(await this.#recordsOf(best), records);
      against = { peer: best, difference, interval };
    }
    return { n: records.length, value: comparison.value, comparison, against };
  }

  #bestPeer(): string | undefined {
    const peers = this.lines.filter(({ peer }) => peer);
    return peers.toSorted((a, b) => b.value - a.value)[0]?.variant;
  }

  #compare(baseline: readonly SampleRecord[], variant: readonly SampleRecord[]): TaskComparison {
    const { comparison } = concludeEvaluation(this.#dataset, this.#config, { baseline, variant });
    if (comparison === null) throw new Error('two models and no comparison');
    return comparison;
  }

  async #recordsOf(variant: string): Promise<readonly SampleRecord[]> {
    const known = this.#records.get(variant);
    if (known !== undefined) return known;
    const bytes = this.#files.get(variant);
    if (bytes === undefined) throw new Error(`no file of ${variant}`);
    const predictor: Predictor = await openNodePredictor([{ name: `${variant}.onnx`, parts: [bytes] }], 1);
    const common = { part: 'evaluation', fitted: '', checkpoint: calm } as const;
    const { records } = await evaluateModels(predictor, undefined, {
      dataset: this.#dataset,
      config: this.#config,
      ...common,
    });
    this.#records.set(variant, records);
    return records;
  }

  /** Times of integer kernels depend on the values: made-up inputs can be off by a factor of 1.6. */
  async #time(bytes: Uint8Array<ArrayBuffer>): Promise<LatencyMeasurement | null> {
    const { latency } = await measureVariant(
      this.#opened,
      { bytes },
      { budgetMillis: TIMING_BUDGET_MILLIS, dimensions: {} },
      (count) => readSampleFeeds(this.#dataset, this.#config, portsOf(this.#opened.model), count),
    );
    return latency;
  }
}

/** @param peers what quantize.py wrote down */
export async function quantizationTable(
  labelled: LabelledModel,
  folder: string,
  peers: unknown,
  options: TableOptions,
): Promise<QuantizationLine[]> {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as DataConfig;
  const dataset = await openData(labelled.data, calm);
  const opened = openModel(labelled.model);
  const table = new Table(labelled, { dataset, config }, opened, options);
  const original = { bytes: opened.bytes, note: 'the original', peer: false, timed: true, bits: null };
  await table.add({ variant: 'fp32', ...original });
  const { only } = options;
  for (const [name, { tool, failed }] of Object.entries(
    peers as Record<string, { tool?: string; failed?: string }>,
  )) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    const file = join(folder, 'peers', `${name}.onnx`);
    if (failed !== undefined || !existsSync(file)) table.fail(name, failed ?? 'no file');
    else {
      const bytes = Uint8Array.from(readFileSync(file));
      await table.add({ variant: name, bytes, note: tool ?? '', peer: true, timed: true, bits: null });
    }
  }
  await addOwn(table, { labelled, folder, dataset, config, opened }, options);
  for (const sentence of summaryOf(table.lines)) console.log(`  ${sentence}`);
  return table.lines;
}

/** Pare's own: the files that an earlier run left, where it is built upon, or made now. */
async function addOwn(
  table: Table,
  {
    labelled,
    folder,
    dataset,
    config,
    opened,
  }: {
    readonly labelled: LabelledModel;
    readonly folder: string;
    readonly dataset: Dataset;
    readonly config: DataConfig;
    readonly opened: OpenedModel;
  },
  { only, earlier }: TableOptions,
): Promise<void> {
  const made = join(folder, 'pare');
  const fileOf = (name: string): string => join(made, `${name.replaceAll(' ', '-')}.onnx`);
  const own = earlier.filter(
    ({ model, variant, peer }) => model === labelled.name && !peer && variant !== 'fp32',
  );
  if (own.length > 0) {
    console.log(`  (files of Pare as an earlier run left them in ${made})`);
    for (const { variant, note, bits } of own) {
      if (only.length > 0 && !only.some((part) => variant.includes(part))) continue;
      if (!existsSync(fileOf(variant))) {
        table.fail(variant, 'the earlier run left no file');
        continue;
      }
      const bytes = Uint8Array.from(readFileSync(fileOf(variant)));
      const timed = TIMED_VARIANTS.has(variant);
      await table.add({ variant, bytes, note, bits, peer: false, timed });
    }
    return;
  }
  mkdirSync(made, { recursive: true });
  const from = { dataset, config, runner: createNodeRunner() };
  for await (const { name, bytes, note, bits } of pareVariants(opened, from, only)) {
    writeFileSync(fileOf(name), bytes);
    await table.add({ variant: name, bytes, note, bits, peer: false, timed: TIMED_VARIANTS.has(name) });
  }
}
