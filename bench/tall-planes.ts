/**
 * What tall planes cost onnxruntime-web's convolutions and pools: the same layers on H × W and on W × H, in turn, one
 * thread. Bears out the constants of simplify's tall planes. Run with `npm run bench -- tall-planes`.
 */
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../src/core/onnx/build.ts';
import type { Model, Node, Tensor } from '../src/core/onnx/ir.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { concatParts } from '../src/core/bytes/spans.ts';
import { seededRandom } from '../src/core/passes/random.ts';
import { timePair } from '../src/runtime/latency.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';
import { openSession } from '../src/runtime/session.ts';

const BUDGET_MILLIS = 3000;
/** Layers in a row: what one run costs beside them is shared by them. */
const LAYERS = 4;
const CHANNELS = 64;
const calm = (): Promise<void> => Promise.resolve();
const random = seededRandom(1);
const noise = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => 2 * random.next() - 1);

interface Kind {
  readonly name: string;
  readonly size: number;
  readonly groups: number;
}
const KINDS: readonly Kind[] = [
  { name: '3×3 depthwise', size: 3, groups: CHANNELS },
  { name: '5×5 depthwise', size: 5, groups: CHANNELS },
  { name: '3×3 max pool', size: 3, groups: 0 },
  { name: '3×3 dense', size: 3, groups: 1 },
  { name: 'pointwise', size: 1, groups: 1 },
];
const PLANES = [
  [25, 5],
  [40, 20],
  [50, 10],
  [128, 4],
] as const;

function chain({ size, groups }: Kind, rows: number, columns: number): Model {
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const pad = (size - 1) / 2;
  const window = { kernel_shape: ints([size, size]), pads: ints([pad, pad, pad, pad]) };
  for (let i = 0; i < LAYERS; i++) {
    const [from, to] = [i === 0 ? 'x' : `y${i - 1}`, `y${i}`];
    if (groups === 0) nodes.push(node('MaxPool', [from], [to], { attrs: window }));
    else {
      const dims = [CHANNELS, CHANNELS / groups, size, size];
      initializers.push(floatTensor(`w${i}`, dims, noise(dims.reduce((a, b) => a * b, 1))));
      nodes.push(node('Conv', [from, `w${i}`], [to], { attrs: { ...window, group: int(groups) } }));
    }
  }
  return model(
    graph({
      nodes,
      initializers,
      inputs: [valueInfo('x', 'float32', [1, CHANNELS, rows, columns])],
      outputs: [valueInfo(`y${LAYERS - 1}`, 'float32')],
    }),
  );
}

async function main(): Promise<void> {
  const { ort } = await loadNodeRuntime(1);
  const open = async (made: Model) => {
    const bytes = { model: concatParts(writeModel(made).model), external: [] };
    return openSession(ort, bytes, 'wasm', 'the model', () => performance.now());
  };
  for (const kind of KINDS) {
    for (const [rows, columns] of PLANES) {
      const tall = await open(chain(kind, rows, columns));
      const wide = await open(chain(kind, columns, rows));
      const bytes = new Uint8Array(noise(CHANNELS * rows * columns).buffer);
      const feed = (dims: readonly number[]) =>
        new Map([['x', { dataType: 'float32' as const, dims, bytes }]]);
      const [tallFeeds, wideFeeds] = [
        tall.feeds(feed([1, CHANNELS, rows, columns])),
        wide.feeds(feed([1, CHANNELS, columns, rows])),
      ];
      const found = await timePair(
        () => tall.run(tallFeeds),
        () => wide.run(wideFeeds),
        { clock: performance, budgetMillis: BUDGET_MILLIS, breathe: calm },
      );
      if (found.ok) {
        const { originalMillis, variantMillis, speedup, speedupInterval } = found.latency;
        const micros = (millis: number): string => ((1000 * millis) / LAYERS).toFixed(1).padStart(8);
        const nanosARow = (1e6 * (originalMillis - variantMillis)) / LAYERS / CHANNELS / (rows - columns);
        console.log(
          `${kind.name.padEnd(15)} ${`${rows} × ${columns}`.padEnd(8)} ${micros(originalMillis)} µs, swapped ${micros(variantMillis)} µs   ${speedup.toFixed(2)}x [${speedupInterval.low.toFixed(2)}, ${speedupInterval.high.toFixed(2)}]   ${nanosARow.toFixed(0)} ns a row and channel`,
        );
      } else console.log(`${kind.name} ${rows} × ${columns}: ${found.reason}`);
      await tall.release();
      await wide.release();
    }
  }
}

await main();
process.exit(0);
