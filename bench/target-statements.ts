/**
 * What the target table says of onnxruntime-web on the CPU, looked at in the runtime itself, each on a graph of a few
 * nodes: sums that do not saturate, signed codes, a Relu before codes, depthwise layers, weights that are decoded at every
 * run, half floats. `npx tsx bench/target-statements.ts`. Times are processor time, medians of
 * interleaved rounds, one thread.
 */
import { profileInNode } from '../src/runtime/node-profile.ts';
import { createNodeRunner } from '../src/runtime/node-runner.ts';
import { createReferenceKernels } from '../src/kernels/reference-backend.ts';
import { concatParts } from '../src/core/bytes/spans.ts';
import type { HostTensor } from '../src/core/onnx/graph-runner.ts';
import {
  floatTensor,
  graph,
  int,
  int8Tensor,
  ints,
  model,
  node,
  uint8Tensor,
  valueInfo,
} from '../src/core/onnx/build.ts';
import type { Model, Node, Tensor } from '../src/core/onnx/ir.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { applyRecipe } from '../src/core/passes/manager.ts';
import { seededRandom } from '../src/core/random.ts';
import type { TargetId } from '../src/core/targets/types.ts';
import type { DataType } from '../src/core/tensor/dtype.ts';

const ROUNDS = 15;
/** A round is as many runs as take about this long. */
const ROUND_MILLIS = 20;

const runner = createNodeRunner();
const random = seededRandom(1);
const floats = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next());
const codes = (count: number): Int8Array =>
  Int8Array.from({ length: count }, () => Math.round((2 * random.next() - 1) * 100));
const bytesOf = (made: Model): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(concatParts(writeModel(made, { externalize: 'never' }).model));

interface Case {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
  readonly feeds: ReadonlyMap<string, HostTensor>;
}

function feed(dims: readonly number[], dataType: DataType = 'float32'): HostTensor {
  const count = dims.reduce((a, b) => a * b, 1);
  const values =
    dataType === 'float32' ? floats(count) : Uint8Array.from({ length: count }, (_, i) => i % 100);
  return { dataType, dims, bytes: new Uint8Array(values.buffer) };
}

function caseOf(
  name: string,
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  dims: readonly number[],
  input: DataType = 'float32',
  output: DataType = input,
): Case & { readonly made: Model } {
  const made = model(
    graph({
      nodes: [...nodes],
      initializers: [...initializers],
      inputs: [valueInfo('x', input, dims)],
      outputs: [valueInfo('y', output)],
    }),
    { opset: 17 },
  );
  return { name, made, file: bytesOf(made), feeds: new Map([['x', feed(dims, input)]]) };
}

/** Medians of interleaved rounds, milliseconds of the processor a run: others may use the machine. */
async function times(cases: readonly Case[]): Promise<number[]> {
  const sessions = await Promise.all(cases.map(({ file }) => runner.open([file], 'all')));
  const run = async (i: number, runs: number): Promise<number> => {
    const started = process.cpuUsage();
    for (let r = 0; r < runs; r++) await sessions[i].run(cases[i].feeds, ['y']);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000 / runs;
  };
  const runs: number[] = [];
  for (const i of cases.keys()) runs.push(Math.max(1, Math.round(ROUND_MILLIS / (await run(i, 3)))));
  const taken: number[][] = cases.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of cases.keys()) taken[i].push(await run(i, runs[i]));
  }
  await Promise.all(sessions.map((session) => session.release()));
  return taken.map((all) => all.sort((a, b) => a - b)[ROUNDS >> 1]);
}

async function compare(cases: readonly Case[]): Promise<void> {
  const found = await times(cases);
  cases.forEach(({ name }, i) =>
    console.log(
      `  ${name.padEnd(52)} ${found[i].toFixed(3)} ms   ${(found[i] / found[0]).toFixed(2)} × the first`,
    ),
  );
}

async function operators({ name, file }: Case): Promise<void> {
  const { nodes } = await profileInNode({
    model: [{ name: 'model.onnx', parts: [file] }],
    provider: 'wasm',
    threads: 1,
    seed: 1,
    dimensions: {},
    budgetMillis: 100,
    layerNodes: {},
  });
  console.log(`  ${name.padEnd(52)} ${nodes.map(({ op }) => op).join(', ')}`);
}

const scale = (name: string, value: number): Tensor => floatTensor(name, [], [value]);
const zero = (name: string, type: 'int8' | 'uint8', value = 0): Tensor =>
  type === 'int8' ? int8Tensor(name, [], Int8Array.of(value)) : uint8Tensor(name, [], Uint8Array.of(value));

/** 64 products of 255 and 127: in 16 bits a single pair, 64,770, would be cut off at 32,767. */
async function saturation(): Promise<void> {
  const weight = int8Tensor('w', [64, 16], new Int8Array(64 * 16).fill(127));
  const dims = [4, 64];
  const sums = caseOf('sums', [node('MatMulInteger', ['x', 'w'], ['y'])], [weight], dims, 'uint8', 'int32');
  const feeds = new Map([['x', { dataType: 'uint8', dims, bytes: new Uint8Array(256).fill(255) } as const]]);
  const found = await runner.run([sums.file], feeds, ['y']);
  const bytes = found.get('y')?.bytes ?? new Uint8Array(0);
  const values = new Set(new Int32Array(bytes.slice().buffer));
  console.log(`  64 · 255 · 127 = ${64 * 255 * 127}, found ${[...values].join(', ')}`);
}

function convolution(type: 'int8' | 'uint8', channels: number, depthwise = false): Case {
  const dims = [channels, depthwise ? 1 : channels, 3, 3];
  const count = dims.reduce((a, b) => a * b, 1);
  const group = depthwise ? channels : 1;
  const inputs = ['x', 's', 'z', 'w', 's', 'wz', 't', 'z'];
  const attrs = { pads: ints([1, 1, 1, 1]), group: int(group) };
  const kind = `${type} activations${depthwise ? ', depthwise' : ''}`;
  return caseOf(
    `QLinearConv, 3×3, ${channels} channels, ${kind}`,
    [node('QLinearConv', inputs, ['y'], { attrs })],
    [
      scale('s', 0.01),
      scale('t', 1),
      zero('z', type, type === 'int8' ? 0 : 128),
      zero('wz', 'int8'),
      int8Tensor('w', dims, codes(count)),
    ],
    [1, channels, 32, 32],
    type,
  );
}

function floatConvolution(channels: number, depthwise: boolean): Case {
  const dims = [channels, depthwise ? 1 : channels, 3, 3];
  const attrs = { pads: ints([1, 1, 1, 1]), group: int(depthwise ? channels : 1) };
  return caseOf(
    `Conv, 3×3, ${channels} channels${depthwise ? ', depthwise' : ''}, floats`,
    [node('Conv', ['x', 'w'], ['y'], { attrs })],
    [floatTensor('w', dims, floats(dims.reduce((a, b) => a * b, 1)))],
    [1, channels, 32, 32],
  );
}

/** Q → DQ → Conv → Relu or Clip → Q → DQ. */
function clamped(op: 'Relu' | 'Clip', outputScale: number, zeroPoint: number): Case {
  const limits = op === 'Clip' ? ['low', 'high'] : [];
  return caseOf(
    `${op}${op === 'Clip' ? ' 0…6' : ''}, scale ${outputScale.toFixed(4)}, zero point ${zeroPoint}`,
    [
      node('DequantizeLinear', ['w', 's', 'wz'], ['wf']),
      node('QuantizeLinear', ['x', 's', 'xz'], ['q']),
      node('DequantizeLinear', ['q', 's', 'xz'], ['f']),
      node('Conv', ['f', 'wf'], ['c']),
      node(op, ['c', ...limits], ['r']),
      node('QuantizeLinear', ['r', 't', 'z'], ['rq']),
      node('DequantizeLinear', ['rq', 't', 'z'], ['y']),
    ],
    [
      int8Tensor('w', [16, 16, 1, 1], codes(256)),
      scale('s', 0.01),
      scale('t', outputScale),
      zero('xz', 'uint8'),
      zero('wz', 'int8'),
      zero('z', 'uint8', zeroPoint),
      ...(op === 'Clip' ? [scale('low', 0), scale('high', 6)] : []),
    ],
    [1, 16, 8, 8],
  );
}

const SIDE = 768;

/** One matrix product, its weight stored as the target and the form say. */
async function stored(
  name: string,
  rows: number,
  target: TargetId,
  params: Record<string, string>,
): Promise<Case> {
  const base = caseOf(
    name,
    [node('MatMul', ['x', 'w'], ['y'])],
    [floatTensor('w', [SIDE, SIDE], floats(SIDE * SIDE))],
    [rows, SIDE],
  );
  const { model: made } = await applyRecipe(
    base.made,
    { seed: 1, target, steps: [{ pass: 'quantize-weights', params }] },
    {
      kernels: createReferenceKernels(),
      runner,
      checkpoint: () => Promise.resolve(),
      now: () => performance.now(),
    },
  );
  return { ...base, file: bytesOf(made) };
}

function half(): Case {
  const FLOAT16 = 10;
  const cast = (to: number) => ({ attrs: { to: int(to) } });
  return caseOf(
    'Cast to half → MatMul → Cast to float',
    [
      node('Cast', ['x'], ['xh'], cast(FLOAT16)),
      node('Cast', ['w'], ['wh'], cast(FLOAT16)),
      node('MatMul', ['xh', 'wh'], ['p']),
      node('Sigmoid', ['p'], ['s']),
      node('Cast', ['s'], ['y'], cast(1)),
    ],
    [floatTensor('w', [64, 64], floats(64 * 64))],
    [4, 64],
  );
}

console.log('Sums of integer products (wasm-exact-sums)');
await saturation();
console.log('Signed and unsigned codes in QLinear operators (wasm-unsigned-activations)');
await compare([convolution('uint8', 64), convolution('int8', 64)]);
console.log('Depthwise and other convolutions, integers beside floats (wasm-fan-in)');
await compare([floatConvolution(64, true), convolution('uint8', 64, true)]);
for (const channels of [8, 16, 32, 64])
  await compare([floatConvolution(channels, false), convolution('uint8', channels)]);
console.log('A Relu or Clip before codes (wasm-relu, cpu-relu): QLinearConv where it is absorbed');
for (const [op, s, z] of [
  ['Relu', 0.05, 0],
  ['Relu', 0.05, 128],
  ['Clip', 6 / 255, 0],
  ['Clip', 12 / 255, 0],
] as const)
  await operators(clamped(op, s, z));
console.log('Weights of a matrix product (wasm-decode-at-load)');
for (const rows of [1, 64]) {
  const block = { granularity: 'block', blockSize: '32' };
  await compare([
    await stored(`${rows} rows, floats`, rows, 'ort-wasm', { precision: 'fp32' }),
    await stored(`${rows} rows, int8, decoded at load`, rows, 'ort-wasm', {
      precision: 'int8',
      storage: 'decode-at-load',
    }),
    await stored(`${rows} rows, int8, DequantizeLinear`, rows, 'ort-wasm', {
      precision: 'int8',
      storage: 'dequantize-linear',
    }),
    await stored(`${rows} rows, int8, MatMulNBits`, rows, 'ort-wasm', {
      precision: 'int8',
      storage: 'matmul-nbits',
      ...block,
    }),
    await stored(`${rows} rows, int4, MatMulNBits`, rows, 'ort-wasm', {
      precision: 'int4',
      storage: 'matmul-nbits',
      ...block,
    }),
  ]);
}
console.log('Half floats (wasm-half, wasm-no-half-kernels)');
await operators(half());
await operators(await stored('weights in halves', 4, 'ort-wasm', { precision: 'fp16' }));
process.exit(0);
