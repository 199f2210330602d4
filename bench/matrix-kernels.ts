/**
 * GFLOP/s of the matrix kernels beside onnxruntime-web's MatMul of the same sizes: one thread, one run, turns interleaved, medians.
 * Beside the time on the clock stands the CPU time, which other work on the machine changes less; GFLOP/s are of CPU time.
 * xᵀx of [rows, n] counts as 2 · rows · n² for both, though the Gram kernel computes little more than half of it; what it
 * computes is said too. Fails when the Gram kernel is slower than MatMul. Run: npm run bench -- matrix-kernels
 */
import { concatParts } from '../src/core/bytes/spans.ts';
import { graph, model, node, valueInfo } from '../src/core/onnx/build.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import type { RowGrids } from '../src/core/tensor/kernel-set.ts';
import { correlatedInputs, damp, gridsOf, normalValues } from '../src/kernels/testing/second-order.ts';
import type { WasmKernelSet } from '../src/kernels/wasm-backend.ts';
import { createWasmKernels } from '../src/kernels/wasm-backend.ts';
import { supportsFlavour } from '../src/kernels/wasm-module.ts';
import { loadNodeRuntime } from '../src/runtime/node-ort.ts';

/** The Gram kernel must reach this multiple of MatMul's speed at every size. */
const LEAST_OF_MATMUL = 1;

/** Inputs of a layer: 64, 128 and 256 channels of a 3 × 3 convolution; rows: four samples an input. */
const SIZES = [576, 1152, 2304];
const ROWS_PER_INPUT = 4;
/** Rows of weights and sweeps for GPTQ and descent. */
const WEIGHT_ROWS = 128;
const SWEEPS = 8;
const ROUNDS = 5;

type MatMul = (left: Float32Array, right: Float32Array, dims: readonly number[]) => Promise<Float32Array>;

/** [a, b] × [b, a] in onnxruntime-web; both are inputs, so nothing is packed or folded in advance. */
async function openMatMul(): Promise<MatMul> {
  const { ort } = await loadNodeRuntime(1);
  const written = writeModel(
    model(
      graph({
        inputs: [valueInfo('left', 'float32', ['a', 'b']), valueInfo('right', 'float32', ['b', 'a'])],
        nodes: [node('MatMul', ['left', 'right'], ['product'])],
        outputs: [valueInfo('product', 'float32', ['a', 'a'])],
      }),
    ),
  );
  const bytes = concatParts(written.model);
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  return async (left, right, [a, b]) => {
    const { product } = await session.run({
      left: new ort.Tensor('float32', left, [a, b]),
      right: new ort.Tensor('float32', right, [b, a]),
    });
    return product.data as Float32Array;
  };
}

function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = x[r * columns + c];
  return out;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

interface Taken {
  readonly wall: number;
  readonly cpu: number;
}

function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function millisOf(work: () => unknown): Promise<Taken> {
  const [start, cpu] = [performance.now(), cpuMillis()];
  await work();
  return { wall: performance.now() - start, cpu: cpuMillis() - cpu };
}

/** Medians over rounds in which the works take turns, after one round that is not counted. */
async function interleaved(works: readonly (() => unknown)[]): Promise<Taken[]> {
  const times: Taken[][] = works.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [w, work] of works.entries()) {
      const taken = await millisOf(work);
      if (round > 0) times[w].push(taken);
    }
  }
  return times.map((list) => ({
    wall: median(list.map(({ wall }) => wall)),
    cpu: median(list.map(({ cpu }) => cpu)),
  }));
}

interface Figures {
  readonly n: number;
  readonly taken: { readonly [K in 'matmul' | 'gram' | 'cholesky' | 'gptq' | 'descent']: Taken };
  /** Largest difference of the two products, in parts of the largest element. */
  readonly difference: number;
}

async function measure(kernels: WasmKernelSet, matMul: MatMul, n: number): Promise<Figures> {
  const rows = ROWS_PER_INPUT * n;
  const x = correlatedInputs(rows, n, n);
  const left = transposed(x, rows, n);
  const zero = new Float32Array(n * n);
  const gram = kernels.accumulateGram(x, rows, n, zero);
  const h = damp(gram, n, 0.01);
  const u = kernels.inverseCholesky(h, n);
  if (u === null) throw new Error('the damped matrix is not positive');
  const w = normalValues(WEIGHT_ROWS * n, 1);
  const grids: RowGrids = gridsOf(w, WEIGHT_ROWS, n, { low: -8, high: 7, groupSize: 32 });
  const codes = kernels.gptqRows(w, WEIGHT_ROWS, n, u, grids);
  let product = new Float32Array(0);
  const [matmul, ofGram, cholesky, gptq, descent] = await interleaved([
    async () => (product = (await matMul(left, x, [n, rows])) as Float32Array<ArrayBuffer>),
    () => kernels.accumulateGram(x, rows, n, zero),
    () => kernels.inverseCholesky(h, n),
    () => kernels.gptqRows(w, WEIGHT_ROWS, n, u, grids),
    () => kernels.descendRows(w, WEIGHT_ROWS, n, h, codes, grids, SWEEPS),
  ]);
  let [most, apart] = [0, 0];
  product.forEach((value, i) => {
    most = Math.max(most, Math.abs(value));
    apart = Math.max(apart, Math.abs(value - gram[i]));
  });
  return { n, taken: { matmul, gram: ofGram, cholesky, gptq, descent }, difference: apart / most };
}

const cells = (...texts: string[]): string =>
  texts.map((text, i) => (i === 0 ? text.padEnd(26) : text.padStart(12))).join('');

/** Tiles of 8 × 8 on and above the diagonal. */
const computedProducts = (n: number): number => (((n / 8) * (n / 8 + 1)) / 2) * 64;

/** One line; `flops` in GFLOP/s of CPU time, and beside MatMul's where `asked` says what that one did. */
function line(
  name: string,
  { wall, cpu }: Taken,
  flops?: number,
  beside?: { matmul: Taken; asked: number },
): void {
  const speed = flops === undefined ? '' : (flops / cpu / 1e6).toFixed(1);
  const ratios =
    flops === undefined || beside === undefined
      ? []
      : (['wall', 'cpu'] as const).map((clock) => {
          const taken = clock === 'wall' ? wall : cpu;
          return (flops / taken / (beside.asked / beside.matmul[clock])).toFixed(2);
        });
  console.log(cells(name, wall.toFixed(1), cpu.toFixed(1), speed, ...ratios));
}

/** Prints the figures of one size; returns how many times as fast as MatMul the Gram kernel is, by the clock. */
function report({ n, taken, difference }: Figures): number {
  const rows = ROWS_PER_INPUT * n;
  const asked = 2 * rows * n * n;
  const beside = { matmul: taken.matmul, asked };
  console.log(`\nn = ${n}, ${rows} rows`);
  console.log(cells('', 'ms', 'CPU ms', 'GFLOP/s', '× MatMul', '× in CPU'));
  line('MatMul xᵀ·x', taken.matmul, asked, beside);
  line('accumulateGram', taken.gram, asked, beside);
  line('  by FLOP it computes', taken.gram, 2 * rows * computedProducts(n), beside);
  line('inverseCholesky', taken.cholesky, (2 / 3) * n ** 3, beside);
  line(`gptqRows, ${WEIGHT_ROWS}`, taken.gptq, WEIGHT_ROWS * n * n, beside);
  line(`descendRows, ${WEIGHT_ROWS} × ${SWEEPS}`, taken.descent);
  console.log(`xᵀx of the two: at most ${difference.toExponential(1)} of the largest element apart`);
  return taken.matmul.wall / taken.gram.wall;
}

async function main(): Promise<void> {
  const flavour = supportsFlavour('relaxed-simd') ? 'relaxed-simd' : 'simd';
  const kernels = createWasmKernels(flavour);
  const matMul = await openMatMul();
  console.log(`WASM ${flavour}, one thread; medians of ${ROUNDS} interleaved rounds`);
  console.log('GFLOP/s: xᵀx 2·rows·n², inverse Cholesky 2/3·n³ (n³/3 for L, n³/3 for L⁻¹), GPTQ m·n²');
  const ratios: number[] = [];
  for (const n of SIZES) ratios.push(report(await measure(kernels, matMul, n)));
  const least = Math.min(...ratios);
  if (least >= LEAST_OF_MATMUL) return;
  console.log(`MISSED: accumulateGram is only ${least.toFixed(2)} × MatMul`);
  process.exitCode = 1;
}

await main();
