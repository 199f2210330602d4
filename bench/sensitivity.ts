/**
 * Whether quick sensitivity names the same layers as the slow way: on MobileNetV1 (28 layers), the quick way runs a few
 * samples through one session with weights as inputs; the slow way makes a file for each layer and option with the real
 * passes, loads it as a user would and compares its outputs on all calibration samples. Prints seconds and Spearman's
 * rank correlation of each option, and beside it that of the slow way with itself on two halves of the samples: what the
 * noise of the samples alone leaves. Run with `npx tsx bench/sensitivity.ts [mobilenet|resnet8|dscnn] [--samples N] [--all N] [--options LIST] [--list]`.
 */
import { parseArgs } from 'node:util';
import { concatParts } from '../src/core/bytes/spans.ts';
import { addDivergence, classCount, NO_DIVERGENCE } from '../src/core/metrics/agreement.ts';
import type { HostTensor } from '../src/core/onnx/graph-runner.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { applyRecipe } from '../src/core/passes/manager.ts';
import { floatsOf } from '../src/core/search/damage.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../src/core/recipe/types.ts';
import { activationStep, weightPrecision } from '../src/core/search/options.ts';
import { LAYER_OPTIONS, type LayerOption } from '../src/core/search/types.ts';
import { nodeCalibration } from '../src/core/testing/node-calibration.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { createKernels } from '../src/kernels/dispatch.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';
import { searchSensitivity } from '../src/worker/search-model.ts';

const GOAL_CORRELATION = 0.9;
const GOAL_SECONDS = 30;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: 'string', default: '32' },
    all: { type: 'string', default: '300' },
    options: { type: 'string', default: 'int8,int8-activations,int4' },
    list: { type: 'boolean', default: false },
  },
});
const OPTIONS = values.options
  .split(',')
  .filter((name): name is LayerOption => LAYER_OPTIONS.some((known) => known === name));
const calm = (): Promise<void> => Promise.resolve();

async function main(): Promise<void> {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('The folder ../shared with the models is absent: nothing to compare.');
    return;
  }
  const id =
    (['mobilenet', 'resnet8', 'dscnn'] as const).find((one) => one === positionals[0]) ?? 'mobilenet';
  const runner = createNodeRunner();
  const all = await nodeCalibration(shared, id, { samples: Number(values.all), runner });
  const many = await nodeCalibration(shared, id, { samples: DEFAULT_CALIBRATION_SAMPLES, runner });
  const few = await nodeCalibration(shared, id, { samples: Math.max(64, Number(values.samples)), runner });
  const samples = Number(values.samples);
  const started = performance.now();
  const report = await searchSensitivity(
    {
      model: few.model,
      calibration: few.calibration,
      rounding: many.calibration,
      runner,
      now: () => performance.now(),
      checkpoint: calm,
    },
    { options: OPTIONS, samples, metric: 'auto', target: 'ort-wasm' },
  );
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${id}: quick, ${report.layers.length} layers × ${OPTIONS.length} options on ${report.samples} samples: ${seconds.toFixed(1)} s (goal: under ${GOAL_SECONDS} s)`,
  );
  const slow = await leaveOneOut(
    all,
    runner,
    report.layers.map(({ layer }) => layer),
  );
  console.log(`${id}: leave-one-out, a file each on ${values.all} samples: ${slow.seconds.toFixed(1)} s`);
  for (const option of OPTIONS) {
    const pairs = report.layers.flatMap(({ layer, damages }) => {
      const quick = damages.find((damage) => damage.option === option)?.damage;
      const found = slow.damages.get(`${option} ${layer}`);
      return quick === undefined || found === undefined ? [] : [{ layer, quick, ...found }];
    });
    const rho = spearman(
      pairs.map(({ quick }) => quick),
      pairs.map(({ full }) => full),
    );
    const halves = spearman(
      pairs.map(({ even }) => even),
      pairs.map(({ odd }) => odd),
    );
    if (values.list) {
      for (const { layer, quick, full, even, odd } of pairs) {
        const [a, b, c, d] = [quick, full, even, odd].map((nats) => nats.toExponential(2));
        console.log(`  ${layer.padEnd(40)} quick ${a}, leave-one-out ${b} (halves ${c}, ${d})`);
      }
    }
    const worst = pairs.reduce((a, b) => (b.full > a.full ? b : a));
    console.log(
      `${id}: ${option.padEnd(16)} rank correlation ${rho.toFixed(3)} over ${pairs.length} layers (goal: ${GOAL_CORRELATION}); leave-one-out with itself, half against half: ${halves.toFixed(3)}; worst by leave-one-out ${worst.layer}: ${worst.full.toExponential(2)}, quick ${worst.quick.toExponential(2)}`,
    );
    if (rho < GOAL_CORRELATION) process.exitCode = 1;
  }
}

/** Nats a row on all samples, and on every other one. */
interface SlowDamage {
  readonly full: number;
  readonly even: number;
  readonly odd: number;
}

type Source = Awaited<ReturnType<typeof nodeCalibration>>;

async function leaveOneOut(
  { model, calibration }: Source,
  runner: ReturnType<typeof createNodeRunner>,
  layers: readonly string[],
): Promise<{ damages: ReadonlyMap<string, SlowDamage>; seconds: number }> {
  const started = performance.now();
  const kernels = createKernels();
  const name = model.graph.outputs[0].name;
  const outputsOf = async (
    parts: readonly Parameters<typeof runner.open>[0][number][],
  ): Promise<HostTensor[]> => {
    const session = await runner.open(parts, 'all');
    const found: HostTensor[] = [];
    for (let i = 0; i < calibration.samples.batches; i++) {
      const { feeds } = await calibration.samples.batch(i);
      const output = (await session.run(feeds, [name])).get(name);
      if (output !== undefined) found.push(output);
    }
    await session.release();
    return found;
  };
  const original = await outputsOf(writeModel(model).model);
  const damages = new Map<string, SlowDamage>();
  for (const option of OPTIONS) {
    for (const layer of layers) {
      const weights = {
        pass: 'quantize-weights',
        params: { precision: 'fp32' },
        layers: { [layer]: { precision: weightPrecision(option) } },
      };
      const integers = activationStep({ [layer]: option });
      const steps = [{ pass: 'simplify' }, weights, ...(integers === undefined ? [] : [integers])];
      const made = await applyRecipe(
        model,
        { seed: 1, steps },
        { kernels, runner, calibration, checkpoint: calm, now: () => performance.now() },
      );
      const changed = await outputsOf([concatParts(writeModel(made.model).model)]);
      damages.set(`${option} ${layer}`, {
        full: divergence(original, changed),
        even: divergence(original, changed, (i) => i % 2 === 0),
        odd: divergence(original, changed, (i) => i % 2 === 1),
      });
    }
  }
  return { damages, seconds: (performance.now() - started) / 1000 };
}

function divergence(
  original: readonly HostTensor[],
  changed: readonly HostTensor[],
  counts: (batch: number) => boolean = () => true,
): number {
  let sums = NO_DIVERGENCE;
  original.forEach((tensor, i) => {
    if (!counts(i)) return;
    const x = floatsOf(tensor);
    const y = floatsOf(changed[i]);
    const classes = classCount(tensor.dims);
    if (x !== undefined && y !== undefined && classes !== undefined)
      sums = addDivergence(sums, x, y, classes);
  });
  return sums.nats / Math.max(1, sums.rows);
}

/** Pearson's correlation of the ranks; equal values share their middle rank. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const x = ranks(a);
  const y = ranks(b);
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const mx = mean(x);
  const my = mean(y);
  const dot = (u: readonly number[], mu: number, v: readonly number[], mv: number): number =>
    u.reduce((sum, value, i) => sum + (value - mu) * (v[i] - mv), 0);
  return dot(x, mx, y, my) / Math.sqrt(dot(x, mx, x, mx) * dot(y, my, y, my));
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to++;
    for (let i = from; i <= to; i++) found[order[i]] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}

await main();
process.exit();
