/**
 * Simplify against onnxsim on real models: nodes, bytes, milliseconds, and whether the outputs stayed. Run with
 * `npx tsx bench/simplify.ts [part of a file name]`; add `--json FILE` for the figures as data.
 *
 * Outputs are compared on seeded inputs in onnxruntime-web with its own optimizer off, so that the models run as they
 * are written. Bound on the difference, relative to the largest |y| of an output: a fold replaces two roundings by one
 * and re-associates sums of K products, whose rounding error grows like √K · 2⁻²⁴ and passes on through D layers with a
 * gain of about one each. With K ≤ 2¹², D ≤ 100: 100 · 64 · 2⁻²⁴ = 3.8e-4. Outputs of a sigmoid or softmax live in [0, 1]
 * and are themselves only computed to a few units in the last place of 1, however small they are: 4 · 2⁻²⁴ = 2.4e-7
 * absolute passes too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { simplify as onnxsim } from 'onnxsim';
import { concatParts, spanOf } from '../src/core/bytes/spans.ts';
import { attempt, toErrorRecord } from '../src/core/errors.ts';
import type { HostTensor } from '../src/core/onnx/graph-runner.ts';
import type { Model } from '../src/core/onnx/ir.ts';
import { readModel } from '../src/core/onnx/read.ts';
import { executeForShapes } from '../src/core/onnx/shapes.ts';
import { difference } from '../src/core/onnx/shapes/testing/difference.ts';
import { feedsFor, realModels } from '../src/core/onnx/shapes/testing/real-models.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { countNodes, simplify } from '../src/core/passes/simplify/pass.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';

const BOUND = 100 * 64 * 2 ** -24;
const ABSOLUTE_BOUND = 4 * 2 ** -24;
const equal = (row: Pick<Row, 'maxRel' | 'maxAbs'>): boolean =>
  row.maxRel <= BOUND || row.maxAbs <= ABSOLUTE_BOUND;

interface Row {
  readonly model: string;
  readonly nodes: readonly [before: number, ours: number, theirs: number];
  readonly bytes: readonly [before: number, ours: number, theirs: number];
  readonly millis: readonly [ours: number, theirs: number];
  readonly maxAbs: number;
  readonly maxRel: number;
  readonly theirRel: number;
}

const runner = createNodeRunner();

function run(model: Model, path: string): Promise<ReadonlyMap<string, HostTensor>> {
  const names = model.graph.outputs.map((output) => output.name);
  return executeForShapes(model, runner, feedsFor(path), names);
}

/** onnxsim reports on the console and on standard error. */
async function quiet<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  const write = process.stderr.write.bind(process.stderr);
  console.log = () => undefined;
  process.stderr.write = () => true;
  try {
    return await work();
  } finally {
    console.log = log;
    process.stderr.write = write;
  }
}

async function measure(path: string): Promise<Row> {
  const bytes = new Uint8Array(readFileSync(path));
  const file = basename(path);
  const model = readModel(spanOf(bytes).source);
  let start = performance.now();
  const ours = await simplify(model, { runner, checkpoint: () => Promise.resolve() });
  const ourMillis = performance.now() - start;
  const written = concatParts(writeModel(ours.model).model);
  start = performance.now();
  const theirs = await quiet(() => onnxsim(bytes));
  const theirMillis = performance.now() - start;
  const theirModel = readModel(spanOf(theirs.model).source);
  const truth = await run(model, path);
  const ourDiff = difference(truth, await run(readModel(spanOf(written).source), path));
  // Not every model that onnxsim writes can be loaded again.
  const theirRun = await attempt(() => run(theirModel, path));
  const theirDiff = theirRun.ok ? difference(truth, theirRun.value) : { abs: NaN, rel: NaN };
  if (!theirRun.ok) console.log(`${file}: onnxsim's model does not run: ${theirRun.error.message}`);
  const save = process.argv.indexOf('--save');
  if (save > 0) writeFileSync(join(process.argv[save + 1], `simplified-${file}`), written);
  if (process.argv.includes('--facts')) console.log(file, ours.facts, ours.skipped);
  return {
    model: file,
    nodes: [countNodes(model), countNodes(ours.model), countNodes(theirModel)],
    bytes: [bytes.length, written.length, theirs.model.length],
    millis: [ourMillis, theirMillis],
    maxAbs: ourDiff.abs,
    maxRel: ourDiff.rel,
    theirRel: theirDiff.rel,
  };
}

function print(rows: readonly Row[]): void {
  const head = [
    'model',
    'nodes',
    'ours',
    'onnxsim',
    'bytes',
    'ours',
    'onnxsim',
    'ms ours',
    'ms onnxsim',
    'max abs',
    'max rel',
    'onnxsim rel',
    '',
  ];
  const table = rows.map((row) => [
    row.model,
    ...row.nodes.map(String),
    ...row.bytes.map(String),
    ...row.millis.map((value) => value.toFixed(0)),
    row.maxAbs.toExponential(1),
    row.maxRel.toExponential(1),
    row.theirRel.toExponential(1),
    equal(row) && row.bytes[1] <= row.bytes[0] && row.nodes[1] <= row.nodes[2] ? 'ok' : 'LOOK',
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...table.map((line) => line[i]?.length ?? 0)));
  for (const line of [head, ...table])
    console.log(
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    );
}

const wanted = process.argv.slice(2).find((arg) => !arg.startsWith('--') && !arg.endsWith('.json')) ?? '';
const files = realModels('bench').filter((path) => path.includes(wanted));

// Both tools load their runtime on first use, which takes a second and is no part of either's work on a model.
const warm = files[0];
if (warm !== undefined) await quiet(() => measure(warm));
const rows: Row[] = [];
for (const path of files) {
  try {
    rows.push(await measure(path));
  } catch (error) {
    console.log(basename(path), toErrorRecord(error), error);
    process.exitCode = 1;
  }
}
print(rows);
const fewer = rows.filter((row) => row.nodes[1] <= row.nodes[2]).length;
const grown = rows.filter((row) => row.bytes[1] > row.bytes[0]).length;
const off = rows.filter((row) => !equal(row)).length;
console.log(
  `${fewer} of ${rows.length} have at most onnxsim's node count; ${grown} grew; ${off} differ by more than ${BOUND.toExponential(1)}.`,
);
const json = process.argv.indexOf('--json');
if (json >= 0) writeFileSync(process.argv[json + 1] ?? 'simplify.json', JSON.stringify(rows, null, 1));
if (grown > 0 || off > 0 || fewer < 0.9 * rows.length) process.exitCode = 1;
process.exit();
