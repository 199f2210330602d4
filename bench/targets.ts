/**
 * Every real model in the form of every target: weights alone in 8 and 4 bits and in halves, integer layers, halves all
 * through. Each file is checked by the rules of its target here; with `--out DIR` files, inputs and a list are written
 * for bench/peers/check_targets.py, which lets other tools read and run them. Run with
 * `npx tsx bench/targets.ts [part of a file name …] [--target ID,…] [--form NAME,…] --out DIR`.
 * Ranges come from made-up inputs: this is about forms, not about accuracy.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { concatParts } from '../src/core/bytes/spans.ts';
import { MemorySource } from '../src/core/bytes/spans.ts';
import { createCalibration } from '../src/core/calibration/create.ts';
import { syntheticSamples } from '../src/core/calibration/synthetic.ts';
import type { Calibration } from '../src/core/calibration/types.ts';
import { examine } from '../src/core/doctor/examine.ts';
import type { Finding } from '../src/core/doctor/types.ts';
import { toErrorRecord } from '../src/core/errors.ts';
import { opsetOf } from '../src/core/onnx/build.ts';
import { readModel } from '../src/core/onnx/read.ts';
import type { Recipe, RecipeStep } from '../src/core/recipe/types.ts';
import { TARGETS } from '../src/core/targets/registry.ts';
import type { Target } from '../src/core/targets/types.ts';
import { filesBelow, sharedDir } from '../src/core/testing/shared.ts';
import { createKernels } from '../src/kernels/dispatch.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';
import { makeVariant } from '../src/worker/make-variant.ts';
import { openModel } from './eval/variants.ts';
import type { OpenedModel } from './eval/variants.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { target: { type: 'string' }, form: { type: 'string' }, out: { type: 'string' } },
});

const SAMPLES = 4;
const calm = (): Promise<void> => Promise.resolve();
const weights = (precision: string, more = {}): RecipeStep => ({
  pass: 'quantize-weights',
  params: { precision, method: 'nearest', ...more },
});
const activations = (mode: string): RecipeStep => ({ pass: 'quantize-activations', params: { mode } });

/** What is made, and which targets say that they take it. */
const FORMS: Readonly<
  Record<string, { readonly steps: readonly RecipeStep[]; readonly fits: (target: Target) => boolean }>
> = {
  int8: { steps: [weights('int8')], fits: () => true },
  'int8-activations': {
    steps: [weights('int8'), activations('static')],
    fits: ({ activations: taken }) => taken !== null,
  },
  'int8-dynamic': {
    steps: [weights('int8'), activations('dynamic')],
    fits: ({ activations: taken, refusals }) => taken !== null && !('dynamic-activations' in refusals),
  },
  int4: { steps: [weights('int4')], fits: ({ weights: { bits } }) => bits.includes(4) },
  'int4-blocks': {
    steps: [weights('int4', { granularity: 'block', blockSize: '32' })],
    fits: ({ weights: { bits, blocks } }) => bits.includes(4) && blocks,
  },
  fp16: { steps: [weights('fp16')], fits: () => true },
  half: { steps: [{ pass: 'convert-half' }], fits: ({ fp16 }) => fp16 === 'computes' },
};

interface Line {
  readonly model: string;
  readonly target: string;
  readonly form: string;
  readonly file?: string;
  readonly bytes?: number;
  readonly opset?: number;
  /** Layers in integer arithmetic, by the report of the pass. */
  readonly integerLayers?: number;
  readonly findings?: readonly Pick<Finding, 'hazard' | 'severity' | 'what'>[];
  readonly failed?: string;
}

const recipeOf = (target: Target, steps: readonly RecipeStep[]): Recipe => ({
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  target: target.id,
  steps: [{ pass: 'simplify' }, ...steps],
});

async function lineOf(
  opened: OpenedModel,
  target: Target,
  form: string,
  calibration: Calibration,
): Promise<Line> {
  const head = { model: opened.name, target: target.id, form };
  try {
    const file = `${opened.name}.${target.id}.${form}.onnx`;
    const made = await makeVariant(opened.model, recipeOf(target, FORMS[form].steps), file, {
      runner: createNodeRunner(),
      calibration,
      now: () => performance.now(),
      checkpoint: calm,
    });
    const bytes = concatParts(made.written.model);
    if (options.out !== undefined) writeFileSync(join(options.out, file), bytes);
    const written = readModel(new MemorySource(bytes));
    const report = await examine(
      {
        original: opened.model,
        written,
        logical: made.logical,
        target,
        calibration,
        calibratedOn: calibration.samples,
      },
      calm,
    );
    const step = made.steps.find(({ pass }) => pass === 'quantize-activations');
    return {
      ...head,
      file,
      bytes: bytes.length,
      opset: opsetOf(written),
      integerLayers: step?.changed.length ?? 0,
      findings: report.findings.map(({ hazard, severity, what }) => ({ hazard, severity, what })),
    };
  } catch (error) {
    const { message, at } = toErrorRecord(error);
    return { ...head, failed: at === undefined ? message : `${message} (${at})` };
  }
}

/** The inputs of one sample, for tools that read neither models nor recipes of ours. */
async function writeInputs(opened: OpenedModel, calibration: Calibration, out: string): Promise<object> {
  writeFileSync(join(out, `${opened.name}.onnx`), opened.bytes);
  const { feeds } = await calibration.samples.batch(0);
  const inputs = [...feeds].map(([name, { dataType, dims, bytes }], i) => {
    const file = `${opened.name}.input${i}.bin`;
    writeFileSync(join(out, file), bytes);
    return { name, dataType, dims, file };
  });
  return { original: `${opened.name}.onnx`, inputs };
}

function asked(list: string | undefined, all: readonly string[]): readonly string[] {
  return list === undefined ? all : all.filter((name) => list.split(',').includes(name));
}

async function main(): Promise<void> {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('The folder ../shared with real models is absent: nothing to write.');
    return;
  }
  if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
  const targets = asked(
    options.target,
    TARGETS.map(({ id }) => id),
  );
  const forms = asked(options.form, Object.keys(FORMS));
  const lines: Line[] = [];
  const models: Record<string, object> = {};
  for (const path of filesBelow(join(shared, 'models'), '.onnx')) {
    if (positionals.length > 0 && !positionals.some((part) => path.includes(part))) continue;
    const opened = openModel(path);
    const runner = createNodeRunner();
    const samples = syntheticSamples(opened.model, { seed: 1, count: SAMPLES, runner });
    const calibration = createCalibration({ runner, samples, kernels: createKernels() });
    if (options.out !== undefined) models[opened.name] = await writeInputs(opened, calibration, options.out);
    for (const target of TARGETS.filter(({ id }) => targets.includes(id))) {
      for (const form of forms.filter((name) => FORMS[name].fits(target))) {
        const line = await lineOf(opened, target, form, calibration);
        lines.push(line);
        console.log(text(line));
        if (options.out !== undefined) {
          writeFileSync(
            join(options.out, 'targets.json'),
            JSON.stringify({ models, variants: lines }, null, 1),
          );
        }
      }
    }
  }
  const errors = lines.filter(
    ({ failed, findings }) => failed !== undefined || findings?.some(({ severity }) => severity === 'error'),
  );
  console.log(`${lines.length} files, ${errors.length} that failed or break a rule of their target.`);
  process.exit(errors.length === 0 ? 0 : 1);
}

function text({ model, target, form, bytes, opset, integerLayers, findings, failed }: Line): string {
  const head = `${model.padEnd(28)} ${target.padEnd(17)} ${form.padEnd(17)}`;
  if (failed !== undefined) return `${head} FAILED: ${failed}`;
  const errors = (findings ?? []).filter(({ severity }) => severity === 'error');
  const rest = (findings ?? []).filter(({ severity }) => severity !== 'error');
  return [
    `${head} ${String(bytes).padStart(9)} B  opset ${opset}  integer layers ${integerLayers}`,
    ...errors.map(({ hazard, what }) => `    ERROR ${hazard}: ${what}`),
    ...(rest.length === 0 ? [] : [`    also: ${rest.map(({ hazard }) => hazard).join(', ')}`]),
  ].join('\n');
}

await main();
