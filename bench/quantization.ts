/**
 * Quantization side by side: Pare and other tools on the same calibration samples, judged on the same other samples in
 * onnxruntime-web. Three commands: `npx tsx bench/quantization.ts --dump DIR` writes the tensors,
 * `python bench/peers/quantize.py DIR` lets the other tools work, `npx tsx bench/quantization.ts DIR [part of a name]
 * [--json FILE] [--no-latency] [--only PART] [--reuse FILE]` makes Pare's variants and prints the table. `--reuse` takes an
 * earlier --json: accuracies of files that are still the same byte for byte are taken over, Pare's files are those that run
 * left in DIR, and only latency is measured anew (some 12 minutes). No label is read for calibration.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedDir } from '../src/core/testing/shared.ts';
import { fitData, openData } from '../src/cli/open-data.ts';
import { openNodePredictor } from '../src/runtime/node-predictor.ts';
import { indicesOf } from '../src/data/prepare/split.ts';
import { dumpInputs } from './eval/dump.ts';
import { CALIBRATION_SAMPLES, labelledModels, type LabelledModel } from './eval/sets.ts';
import { quantizationTable } from './eval/quantization-table.ts';
import type { QuantizationLine } from './eval/quantization-lines.ts';
import { openModel } from './eval/variants.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dump: { type: 'string' },
    json: { type: 'string' },
    'no-latency': { type: 'boolean' },
    /** Parts of variants' names. */
    only: { type: 'string', multiple: true },
    /** An earlier --json. */
    reuse: { type: 'string' },
  },
});

const calm = (): Promise<void> => Promise.resolve();

/** Tensors, the original, and which samples methods may look at. */
async function dump(labelled: LabelledModel, root: string): Promise<void> {
  const folder = join(root, labelled.id);
  mkdirSync(folder, { recursive: true });
  const dataset = await openData(labelled.data, calm);
  const { bytes } = openModel(labelled.model);
  const predictor = await openNodePredictor([{ name: 'original.onnx', parts: [bytes] }], 1);
  const fitted = await fitData(undefined, dataset, predictor, { seed: 1, checkpoint: calm });
  const split = { ...fitted.config.split, calibration: CALIBRATION_SAMPLES[labelled.id] ?? 0, holdBack: 0 };
  const config = { ...fitted.config, split };
  await dumpInputs(folder, dataset, config, predictor);
  const chosen = Array.from(indicesOf(dataset, config, 'calibration'));
  writeFileSync(join(folder, 'original.onnx'), bytes);
  writeFileSync(join(folder, 'calibration.json'), JSON.stringify(chosen));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  console.log(`${labelled.name}: ${dataset.length} samples, ${chosen.length} of them for calibration`);
}

async function main(): Promise<void> {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('The folder ../shared with the labelled sets is absent: nothing to evaluate.');
    return;
  }
  const models = labelledModels(shared);
  if (options.dump !== undefined) {
    for (const labelled of models) await dump(labelled, options.dump);
    return;
  }
  const [given, ...parts] = positionals;
  const root = given ?? mkdtempSync(join(tmpdir(), 'pare-quantization-'));
  if (given === undefined) {
    console.log('Without other tools: give a folder that --dump has written and quantize.py has worked in.');
    for (const labelled of models) await dump(labelled, root);
  }
  const earlier =
    options.reuse === undefined
      ? []
      : (JSON.parse(readFileSync(options.reuse, 'utf8')) as readonly QuantizationLine[]);
  const lines: QuantizationLine[] = [];
  for (const labelled of models) {
    if (parts.length > 0 && !parts.some((part) => labelled.name.includes(part))) continue;
    const folder = join(root, labelled.id);
    if (!existsSync(join(folder, 'config.json'))) {
      console.log(`${labelled.name}: not in ${root}; write it with --dump.`);
      continue;
    }
    const peers = join(folder, 'peers', 'peers.json');
    const found: unknown = existsSync(peers) ? JSON.parse(readFileSync(peers, 'utf8')) : {};
    lines.push(
      ...(await quantizationTable(labelled, folder, found, {
        timed: options['no-latency'] !== true,
        only: options.only ?? [],
        earlier,
      })),
    );
  }
  const peers = lines.filter(({ peer, latency }) => peer && latency !== null);
  if (peers.length > 0) {
    const slower = peers.filter(({ latency }) => latency !== null && latency.speedupInterval.high < 1);
    console.log(
      `\nAll models: peers: ${slower.length} of ${peers.length} files slower than fp32 (upper bound < 1.00)`,
    );
  }
  if (given === undefined) rmSync(root, { recursive: true });
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(lines, null, 2));
}

await main();
