/**
 * What calibration costs, on the shared models with their real samples: statistics inside the graph over plain runs (each
 * round runs both, the median of the rounds' ratios), the heap of the runtime after 1,000 samples, and the seconds of a
 * whole calibration of MobileNetV1 on 300 images. Fails when ranges and figures of channels, as a calibration takes them,
 * cost more than LARGEST_RATIO.
 * Run: npm run bench -- calibration
 */
import { countingModel, histogramGraph } from '../src/core/calibration/distributions.ts';
import { knowValues } from '../src/core/calibration/known-values.ts';
import { channelEvery, momentsGraph } from '../src/core/calibration/moments.ts';
import type { SweepGraph } from '../src/core/calibration/sweep.ts';
import type { CalibrationBatch, StatisticsRequest } from '../src/core/calibration/types.ts';
import type { GraphSession } from '../src/core/onnx/graph-runner.ts';
import type { Model } from '../src/core/onnx/ir.ts';
import { listWeights } from '../src/core/onnx/weights.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { applyRecipe } from '../src/core/passes/manager.ts';
import { PASSES } from '../src/core/passes/registry.ts';
import { targetOf } from '../src/core/targets/registry.ts';
import { nodeCalibration } from '../src/core/testing/node-calibration.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { createKernels } from '../src/kernels/dispatch.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';

/** Over a plain run. */
const LARGEST_RATIO = 1.15;
/** What a recipe of a usual number of samples takes figures by channel of. */
const EVERY = channelEvery(256);
const FULL = 'ranges and channels, in the batches that are looked at in full';
const BOTH = `ranges, and channels in one batch of ${EVERY}`;
const WARM_ROUNDS = 8;
const ROUNDS = 60;
const MB = 2 ** 20;

const folder = sharedDir();
if (folder === undefined) {
  console.log('No figures: the folder shared, with models and data, is not there.');
  process.exit(0);
}

const { memory } = await loadNodeRuntime(1);
const runner = createNodeRunner();
const wait = (): Promise<void> => Promise.resolve();
const heap = (): number => (memory.usedBytes() ?? 0) / MB;

async function simplified(model: Model): Promise<Model> {
  const recipe = { seed: 1, steps: [{ pass: 'simplify' }] };
  const context = { kernels: createKernels(), runner, checkpoint: wait, now: () => performance.now() };
  return (await applyRecipe(model, recipe, context)).logical;
}

/** What a recipe of static 8 bits with all corrections asks for, plus the channels of each layer's input. */
function requestOf(model: Model): Required<StatisticsRequest> {
  const declared = PASSES.flatMap((pass) => {
    if (pass.meta.id !== 'quantize-activations') return [];
    return pass.declare?.(model, { mode: 'static', range: 'auto' }, {}, targetOf('openvino')) ?? [];
  });
  const values = [...new Set(declared.flatMap(({ histograms }) => histograms ?? []))];
  const nodes = listWeights(model).flatMap(({ consumers }) => consumers.map(({ node }) => node));
  const inputs = [...new Set(nodes.map((node) => node.inputs[0]))];
  const channels = inputs.map((value) => ({ value, axis: 1 }));
  return { of: 'floats', ranges: values, histograms: values, channels };
}

async function graphsOf(
  model: Model,
  batch: CalibrationBatch,
): Promise<Readonly<Record<string, SweepGraph>>> {
  const request = requestOf(model);
  const names = [...request.ranges, ...request.channels.map(({ value }) => value)];
  const { values } = await knowValues(model, names, batch, runner, wait);
  const known = request.ranges.flatMap((name) => values.get(name) ?? []);
  const channels = request.channels.flatMap(({ value: name, axis }) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ value, axis, channels: value.dims[axis] }];
  });
  const own = new Set(channels.map(({ value }) => value));
  const tasks = { channels, countElements: false, batch: batch.rows };
  const counting = countingModel(model);
  if (typeof counting === 'string') throw new Error(counting);
  const histograms = known.map((value) => ({ value, range: { min: -10, max: 10 } }));
  return {
    plain: { model, outputs: model.graph.outputs.map(({ name }) => name) },
    ranges: momentsGraph(model, { ...tasks, ranges: known, channels: [] }, false),
    [FULL]: momentsGraph(model, { ...tasks, ranges: known.filter((value) => !own.has(value)) }, false),
    histograms: histogramGraph(counting, histograms, batch.rows, false),
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/**
 * By graph: the median over the rounds of time / time of the plain graph in that round. Of the processor, not of the
 * clock: a busy machine interrupts the longer run more often.
 */
async function ratiosOf(
  graphs: Readonly<Record<string, SweepGraph>>,
  batch: CalibrationBatch,
): Promise<{ readonly ratios: Map<string, number>; readonly plainMillis: number }> {
  const sessions = new Map<string, GraphSession>();
  for (const [name, { model }] of Object.entries(graphs)) {
    sessions.set(name, await runner.open(writeModel(model, { externalize: 'never' }).model, 'basic'));
  }
  const ratios = new Map<string, number[]>();
  const plains: number[] = [];
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
    let plain = NaN;
    for (const [name, session] of sessions) {
      const started = process.cpuUsage();
      await session.run(batch.feeds, graphs[name].outputs);
      const used = process.cpuUsage(started);
      const millis = (used.user + used.system) / 1000;
      if (name === 'plain') plain = millis;
      if (round < WARM_ROUNDS) continue;
      if (name === 'plain') plains.push(millis);
      ratios.set(name, [...(ratios.get(name) ?? []), millis / plain]);
    }
    const last = (name: string): number => ratios.get(name)?.at(-1) ?? NaN;
    if (round < WARM_ROUNDS) continue;
    const both = (last(FULL) + (EVERY - 1) * last('ranges')) / EVERY;
    ratios.set(BOTH, [...(ratios.get(BOTH) ?? []), both]);
  }
  for (const session of sessions.values()) await session.release();
  return {
    ratios: new Map([...ratios].map(([name, all]) => [name, median(all)])),
    plainMillis: median(plains),
  };
}

// First of all: the heap never shrinks, so that later figures of it would be those of what ran before.
{
  const opened = await nodeCalibration(folder, 'resnet8', { samples: 1000, batch: 16, runner });
  const model = await simplified(opened.model);
  const request = requestOf(model);
  const before = heap();
  const started = performance.now();
  await opened.calibration.statistics(model, request, wait);
  const layers = listWeights(model).map(({ id }) => id);
  let most = 0;
  await opened.calibration.grams(model, layers, 'floats', wait, () => {
    most = Math.max(most, process.memoryUsage().rss / MB);
    return Promise.resolve();
  });
  console.log(
    `ResNet-8, 1,000 samples, all statistics and Gram matrices: ${((performance.now() - started) / 1000).toFixed(1)} s; ` +
      `heap of the runtime ${before.toFixed(0)} → ${heap().toFixed(0)} MB, the whole process ${most.toFixed(0)} MB`,
  );
  opened.dispose();
}

let failed = false;
for (const id of ['mobilenet', 'resnet8', 'dscnn'] as const) {
  const opened = await nodeCalibration(folder, id, { samples: 16, batch: 16, runner });
  const model = await simplified(opened.model);
  const batch = await opened.calibration.samples.batch(0);
  const { ratios, plainMillis } = await ratiosOf(await graphsOf(model, batch), batch);
  const parts = [...ratios].filter(([name]) => name !== 'plain');
  console.log(
    `${id}, ${requestOf(model).ranges.length} ranges, ${requestOf(model).channels.length} values by channel, ${batch.rows} samples a run, plain ${plainMillis.toFixed(1)} ms: ` +
      parts.map(([name, ratio]) => `${name} ${ratio.toFixed(2)}×`).join(', '),
  );
  const both = ratios.get(BOTH) ?? NaN;
  if (both > LARGEST_RATIO) {
    console.log(`  ${both.toFixed(2)}× with channels is above the goal of ${LARGEST_RATIO}×`);
    failed = true;
  }
  opened.dispose();
}

{
  const opened = await nodeCalibration(folder, 'mobilenet', { samples: 300, batch: 16, runner });
  const model = await simplified(opened.model);
  const request = requestOf(model);
  const lap = (() => {
    let last = performance.now();
    return (what: string): void => {
      const now = performance.now();
      console.log(`  ${what}: ${((now - last) / 1000).toFixed(2)} s`);
      last = now;
    };
  })();
  console.log('MobileNetV1 0.25 128, 300 images:');
  const { samples } = opened.calibration;
  for (let i = 0; i < samples.batches; i++) await samples.batch(i);
  lap('reading and fitting the images');
  await opened.calibration.statistics(model, { ...request, histograms: [] }, wait);
  lap(`ranges of ${request.ranges.length} values and channels of ${request.channels.length}`);
  await opened.calibration.statistics(model, request, wait);
  lap(`histograms of ${request.histograms.length}`);
  const layers = listWeights(model).map(({ id }) => id);
  await opened.calibration.grams(model, layers, 'floats', wait, wait);
  lap(`Gram matrices of ${layers.length} layers`);
  opened.dispose();
}

if (failed) {
  console.error(`Ranges and channels cost more than ${LARGEST_RATIO}× a plain run somewhere.`);
  process.exit(1);
}
process.exit(0);
