/**
 * What integers gain where there is much to multiply: dense convolutions like ResNet-8's with a fan-in K of 576 and more,
 * one layer a model between floats, and chains of three, each as floats against static int8 as Pare writes it; in turn, one
 * thread, one run. Values behave like a network's: inputs and weights normal, a Relu behind each layer, scaled so that
 * magnitudes stay. Fails where a lower bound is below the goal. Run with `npm run bench -- wide-layers [seconds a model]`.
 */
import { concatParts } from '../src/core/bytes/spans.ts';
import type { HostTensor } from '../src/core/onnx/graph-runner.ts';
import { floatTensor, graph, ints, model, node, valueInfo } from '../src/core/onnx/build.ts';
import type { Model, Node, Tensor } from '../src/core/onnx/ir.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { applyRecipe } from '../src/core/passes/manager.ts';
import { seededRandom } from '../src/core/passes/random.ts';
import { calibrationOn, floatFeed, givenSamples } from '../src/core/testing/node-calibration.ts';
import { createKernels } from '../src/kernels/dispatch.ts';
import { timePair } from '../src/runtime/latency.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';
import { openSession } from '../src/runtime/session.ts';

const GOAL = 1.5;
const SECONDS = Number(process.argv[2] ?? 6);
const SAMPLES = 8;
const calm = (): Promise<void> => Promise.resolve();

interface Shape {
  readonly channels: number;
  /** Output channels of each layer in turn. */
  readonly layers: readonly number[];
  /** Height and width of the input and, at stride 1, of every result. */
  readonly side: number;
}

const one = (channels: number, out: number, side: number): Shape => ({ channels, layers: [out], side });
const three = (channels: number, side: number): Shape => ({
  channels,
  layers: [channels, channels, channels],
  side,
});

const SHAPES: readonly Shape[] = [
  one(64, 64, 8),
  one(64, 64, 16),
  one(64, 128, 8),
  one(128, 128, 8),
  one(128, 128, 16),
  one(256, 256, 8),
  three(64, 8),
  three(64, 16),
  three(128, 8),
  three(128, 16),
];

/** Standard normal, by Box and Muller. */
function normals(count: number, random: { next(): number }, deviation: number): Float32Array {
  return Float32Array.from(
    { length: count },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

/** Convolutions of 3 × 3, each followed by a Relu. */
function chainOf({ channels, layers, side }: Shape, random: { next(): number }): Model {
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  let [value, width] = ['x', channels];
  layers.forEach((out, i) => {
    const fanIn = 9 * width;
    // Half of a Relu's results are 0: twice the variance keeps the magnitude (He et al. 2015, arXiv:1502.01852).
    const weight = normals(out * fanIn, random, Math.sqrt(2 / fanIn));
    initializers.push(floatTensor(`w${i}`, [out, width, 3, 3], weight));
    initializers.push(floatTensor(`b${i}`, [out], normals(out, random, 0.1)));
    const attrs = { pads: ints([1, 1, 1, 1]), kernel_shape: ints([3, 3]) };
    nodes.push(node('Conv', [value, `w${i}`, `b${i}`], [`c${i}`], { attrs }));
    nodes.push(node('Relu', [`c${i}`], [`y${i}`]));
    [value, width] = [`y${i}`, out];
  });
  return model(
    graph({
      inputs: [valueInfo('x', 'float32', [1, channels, side, side])],
      initializers,
      nodes,
      outputs: [valueInfo(value, 'float32', [1, width, side, side])],
    }),
  );
}

/** Runs of both in turn on the same samples. @returns what the table says of a shape */
async function timeShape(shape: Shape): Promise<{ readonly text: string; readonly low: number }> {
  const random = seededRandom(1);
  const floats = chainOf(shape, random);
  const { channels, side, layers } = shape;
  const dims = [1, channels, side, side];
  // What a convolution in a network reads has been through a Relu.
  const inputs = Array.from({ length: SAMPLES }, (): HostTensor =>
    floatFeed(
      dims,
      normals(channels * side * side, random, 1).map((x) => Math.max(0, x)),
    ),
  );
  const feeds = inputs.map((x) => new Map([['x', x]]));
  const made = await applyRecipe(
    floats,
    {
      seed: 1,
      steps: [
        { pass: 'simplify' },
        { pass: 'quantize-weights', params: { precision: 'int8' } },
        { pass: 'quantize-activations', params: { mode: 'static' } },
      ],
    },
    {
      kernels: createKernels(),
      runner: createNodeRunner(),
      calibration: calibrationOn(givenSamples(feeds)),
      checkpoint: calm,
      now: () => performance.now(),
    },
  );
  const { ort } = await loadNodeRuntime(1);
  const open = (which: Model) =>
    openSession(ort, { model: concatParts(writeModel(which).model), external: [] }, 'wasm', 'the model', () =>
      performance.now(),
    );
  const [first, second] = [await open(floats), await open(made.model)];
  const fed = feeds.map((tensors) => [first, second].map((session) => session.feeds(tensors)));
  const timed = await timePair(
    (turn) => first.run(fed[turn % SAMPLES][0]),
    (turn) => second.run(fed[turn % SAMPLES][1]),
    { clock: performance, budgetMillis: 1000 * SECONDS, breathe: calm },
  );
  await first.release();
  await second.release();
  if (!timed.ok) throw new Error(timed.reason);
  const { speedup, speedupInterval, originalMillis, variantMillis, noise } = timed.latency;
  const name = `${layers.length} × Conv 3×3, ${[channels, ...layers].join(' → ')}, ${side}×${side}`;
  return {
    text: `| ${name} | ${9 * Math.min(...[channels, ...layers].slice(0, -1))} | ${originalMillis.toFixed(3)} | ${variantMillis.toFixed(3)} | ${speedup.toFixed(2)} [${speedupInterval.low.toFixed(2)}, ${speedupInterval.high.toFixed(2)}] | ${noise.word} |`,
    low: speedupInterval.low,
  };
}

console.log(`Goal: ${GOAL}× in every row, lower bound of the 95 % interval; onnxruntime-web, one thread.`);
console.log('| layers | least K | floats, ms | int8, ms | ratio | machine |');
console.log('|---|--:|--:|--:|--:|---|');
for (const shape of SHAPES) {
  const { text, low } = await timeShape(shape);
  console.log(text);
  if (low < GOAL) process.exitCode = 1;
}
process.exit();
