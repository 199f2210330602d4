/**
 * Whether the cost model says what whole networks then do: for each labelled model the device's constants are measured,
 * the speed of a recipe is predicted, the variant is made and timed against the simplified original in turn (what simplify
 * gains is no part of the prediction).
 * Run with `npm run bench -- cost-model`.
 */
import { nodeCalibration } from '../src/core/testing/node-calibration.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { concatParts } from '../src/core/bytes/spans.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { applyRecipe } from '../src/core/passes/manager.ts';
import { predictSpeed } from '../src/core/search/predict-speed.ts';
import { workOf } from '../src/core/search/work-graph.ts';
import type { Recipe, RecipeStep } from '../src/core/recipe/types.ts';
import { targetOf } from '../src/core/targets/registry.ts';
import { createKernels } from '../src/kernels/dispatch.ts';
import { measureDeviceSpeed } from '../src/runtime/device-speed.ts';
import { timePair } from '../src/runtime/latency.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';
import { openSession } from '../src/runtime/session.ts';

const BUDGET_MILLIS = 8000;
const calm = (): Promise<void> => Promise.resolve();

const int8: RecipeStep = { pass: 'quantize-weights', params: { precision: 'int8' } };
const integers = (mode: string): RecipeStep => ({ pass: 'quantize-activations', params: { mode } });
const recipes: Readonly<Record<string, readonly RecipeStep[]>> = {
  'int8 weights': [int8],
  'integers where they pay': [int8, integers('auto')],
  'integers everywhere': [int8, integers('static')],
};

async function main(): Promise<void> {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('The folder ../shared with the models is absent: nothing to compare.');
    return;
  }
  const { ort } = await loadNodeRuntime(1);
  const speed = await measureDeviceSpeed({ ort, clock: performance, threads: 1, checkpoint: calm });
  console.log(
    `floats ${(speed.floatMacs / 1e9).toFixed(1)}, integers ${(speed.integerMacs / 1e9).toFixed(1)} GMAC/s; requantize ${speed.requantizeNanos.toFixed(2)} ns, ${(speed.rectifyNanos ?? 0).toFixed(2)} more behind a Relu; depthwise ${speed.depthwiseFloatNanos.toFixed(2)} and ${speed.depthwiseIntegerNanos.toFixed(2)} ns; fit within ${(100 * speed.fitError).toFixed(0)} %; ${(speed.millis / 1000).toFixed(1)} s`,
  );
  const kernels = createKernels();
  const runner = createNodeRunner();
  for (const id of ['resnet8', 'mobilenet', 'dscnn'] as const) {
    const { model, calibration } = await nodeCalibration(shared, id, { samples: 32, runner });
    const host = { kernels, runner, calibration, checkpoint: calm, now: () => performance.now() };
    const made = async (steps: readonly RecipeStep[]): ReturnType<typeof applyRecipe> =>
      applyRecipe(model, { seed: 1, steps: [{ pass: 'simplify' }, ...steps] }, host);
    const open = async (steps: readonly RecipeStep[]) => {
      const written = writeModel((await made(steps)).model).model;
      const bytes = { model: concatParts(written), external: [] };
      return openSession(ort, bytes, 'wasm', 'the model', () => performance.now());
    };
    const batch = await calibration.samples.batch(0);
    const graph = await workOf((await made([])).logical, targetOf('ort-wasm'), runner, batch);
    const original = await open([]);
    const one = new Map(
      [...batch.feeds].map(([name, tensor]) => {
        const bytes = tensor.bytes.slice(0, tensor.bytes.length / tensor.dims[0]);
        return [name, { ...tensor, dims: [1, ...tensor.dims.slice(1)], bytes }];
      }),
    );
    const feeds = original.feeds(one);
    for (const [name, steps] of Object.entries(recipes)) {
      const recipe: Recipe = { format: 'pare-recipe', version: 1, seed: 1, steps };
      const predicted = predictSpeed(recipe, { layers: [], graph, speed });
      const variant = await open(steps);
      const found = await timePair(
        () => original.run(feeds),
        () => variant.run(feeds),
        { clock: performance, budgetMillis: BUDGET_MILLIS, breathe: calm },
      );
      await variant.release();
      const measured = found.ok
        ? `${found.latency.speedup.toFixed(2)} [${found.latency.speedupInterval.low.toFixed(2)}, ${found.latency.speedupInterval.high.toFixed(2)}] (${found.latency.noise.word}, floats ${found.latency.originalMillis.toFixed(2)} ms)`
        : found.reason;
      console.log(
        `${id.padEnd(10)} ${name.padEnd(24)} predicted ${predicted?.speedup.toFixed(2) ?? '–'}   measured ${measured}`,
      );
    }
    await original.release();
  }
}

await main();
process.exit(0);
