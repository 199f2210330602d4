/**
 * How fast the WASM kernels are: each against the plain TypeScript reference and against copying the same bytes, in one run, as
 * medians of interleaved rounds. Fails when quantizeRows misses its marks. Run: npm run bench -- kernels
 */
import { damp, gridsOf } from '../src/kernels/testing/second-order.ts';
import { createReferenceKernels } from '../src/kernels/reference-backend.ts';
import type { SyncKernelSet } from '../src/kernels/reference-backend.ts';
import { quantizeRowsInto } from '../src/kernels/quantize/reference.ts';
import type { WasmKernelSet } from '../src/kernels/wasm-backend.ts';
import { createWasmKernels } from '../src/kernels/wasm-backend.ts';
import { CHUNK_ELEMENTS } from '../src/kernels/wasm-memory.ts';
import { instantiate, supportsFlavour } from '../src/kernels/wasm-module.ts';

/** quantizeRows must reach this part of the speed of a copy, and this multiple of the reference. */
const LEAST_OF_COPY = 0.3;
const LEAST_OF_REFERENCE = 20;

const ROWS = 4096;
const COLUMNS = 1024;
const COUNT = ROWS * COLUMNS;

interface Job {
  readonly name: string;
  /** Bytes of the input: what "the same bytes" means. */
  readonly bytes: number;
  readonly run: (kernels: SyncKernelSet) => unknown;
}

/** Weights: roughly normal, seeded. */
function weights(count: number, seed: number): Float32Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => (next() + next() + next() - 1.5) * 0.1);
}

const x = weights(COUNT, 1);
const y = weights(COUNT, 2);
const reference = createReferenceKernels();
const scales = reference.absmaxRows(x, ROWS, COLUMNS).map((most) => most / 127);
const codes = reference.quantizeRows(x, ROWS, COLUMNS, scales, undefined, -127, 127);
const nibbles = codes.map((code) => code >> 4);
const mask = new Uint8Array(COUNT / 8).map((_, i) => (i * 151) & 0xff);
const flags = new Uint8Array(COUNT).map((_, i) => (mask[i >> 3] >> (i & 7)) & 1);
const kept = flags.reduce((sum, flag) => sum + flag, 0);
const halves = reference.toHalf(x).codes;
const packed = reference.packInt4(nibbles);
const factors = Float32Array.from({ length: 8 }, (_, i) => 1 - 0.05 * i);
const small = x.subarray(0, COUNT / 8);
/** A layer of 256 inputs: beside a copy the matrix kernels say nothing, beside the reference they do. */
const INPUTS = 256;
const inputs = x.subarray(0, 4 * INPUTS * INPUTS);
const empty = new Float32Array(INPUTS * INPUTS);
const h = damp(reference.accumulateGram(inputs, 4 * INPUTS, INPUTS, empty), INPUTS, 0.01);
const u = reference.inverseCholesky(h, INPUTS) ?? empty;
const layer = y.subarray(0, INPUTS * INPUTS);
const grids = gridsOf(layer, INPUTS, INPUTS, { low: -8, high: 7, groupSize: 32 });
const start = new Int8Array(layer.length);

const JOBS: readonly Job[] = [
  {
    name: 'quantizeRows',
    bytes: x.byteLength,
    run: (k) => k.quantizeRows(x, ROWS, COLUMNS, scales, undefined, -127, 127),
  },
  {
    name: 'dequantizeRows',
    bytes: x.byteLength,
    run: (k) => k.dequantizeRows(codes, ROWS, COLUMNS, scales, undefined),
  },
  { name: 'absmaxRows', bytes: x.byteLength, run: (k) => k.absmaxRows(x, ROWS, COLUMNS) },
  { name: 'absmaxRows /32', bytes: x.byteLength, run: (k) => k.absmaxRows(x, COUNT / 32, 32) },
  { name: 'minmaxRows', bytes: x.byteLength, run: (k) => k.minmaxRows(x, ROWS, COLUMNS) },
  { name: 'histogram 256', bytes: x.byteLength, run: (k) => k.histogram(x, -0.15, 0.15, 256) },
  {
    name: 'mseScaleRows 8',
    bytes: small.byteLength,
    run: (k) => k.mseScaleRows(small, small.length / 32, 32, -8, 7, factors),
  },
  { name: 'packInt4', bytes: nibbles.byteLength, run: (k) => k.packInt4(nibbles) },
  { name: 'unpackInt4', bytes: packed.byteLength, run: (k) => k.unpackInt4(packed, COUNT, true) },
  { name: 'toHalf', bytes: x.byteLength, run: (k) => k.toHalf(x) },
  { name: 'fromHalf', bytes: halves.byteLength, run: (k) => k.fromHalf(halves) },
  { name: 'kthMagnitude', bytes: x.byteLength, run: (k) => k.kthMagnitude([x], COUNT / 2) },
  { name: 'topMask', bytes: x.byteLength, run: (k) => k.topMask(x, COUNT / 2) },
  { name: 'nmMask 2:4', bytes: x.byteLength, run: (k) => k.nmMask(x, ROWS, COLUMNS, 2, 4) },
  { name: 'nmMask 4:8', bytes: x.byteLength, run: (k) => k.nmMask(x, ROWS, COLUMNS, 4, 8) },
  { name: 'packMask', bytes: flags.byteLength, run: (k) => k.packMask(flags) },
  { name: 'applyMask', bytes: x.byteLength, run: (k) => k.applyMask(x, mask) },
  { name: 'compress', bytes: codes.byteLength, run: (k) => k.compress(codes, mask, kept) },
  { name: 'errorSums', bytes: x.byteLength * 2, run: (k) => k.errorSums(x, y) },
  {
    name: 'accumulateGram',
    bytes: inputs.byteLength,
    run: (k) => k.accumulateGram(inputs, 4 * INPUTS, INPUTS, empty),
  },
  { name: 'inverseCholesky', bytes: h.byteLength, run: (k) => k.inverseCholesky(h, INPUTS) },
  {
    name: 'gptqRows',
    bytes: layer.byteLength,
    run: (k) => k.gptqRows(layer, INPUTS, INPUTS, u, grids),
  },
  {
    name: 'descendRows 4',
    bytes: layer.byteLength,
    run: (k) => k.descendRows(layer, INPUTS, INPUTS, h, start, grids, 4),
  },
];

/** The best of so many turns: a turn that the machine interrupted says nothing about the kernel. */
const TURNS = 3;

function millisOf(work: () => unknown): number {
  let best = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Medians over rounds in which the works take turns, after one round that is not counted. */
function interleaved(rounds: number, works: readonly (() => unknown)[]): number[] {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    works.forEach((work, w) => {
      const millis = millisOf(work);
      if (round > 0) times[w].push(millis);
    });
  }
  return times.map(median);
}

/** A copy of so many bytes between two buffers that exist already. */
function copyOf(bytes: number): () => void {
  const from = new Uint8Array(bytes).fill(1);
  const to = new Uint8Array(bytes).fill(2);
  return () => to.set(from);
}

const gigabytes = (bytes: number, millis: number): number => bytes / millis / 1e6;
const cells = (...texts: (string | number)[]): string =>
  texts.map((text, i) => (i === 0 ? String(text).padEnd(18) : String(text).padStart(13))).join('');

const flavour = supportsFlavour('relaxed-simd') ? 'relaxed-simd' : 'simd';

/** The kernel alone, on one chunk in linear memory, beside a copy of that chunk: all of it in the second-level cache. */
function kernelAlone(): string {
  const wasm = instantiate(flavour);
  wasm.memory.grow(32);
  const bytes = CHUNK_ELEMENTS * 4;
  const base = Math.ceil(wasm.heapBase() / 64) * 64;
  const [from, to, inverses, zeros] = [base, base + bytes + 64, base + 2 * bytes + 128, base + 3 * bytes];
  const rows = CHUNK_ELEMENTS / COLUMNS;
  new Float32Array(wasm.memory.buffer, from, CHUNK_ELEMENTS).set(x.subarray(0, CHUNK_ELEMENTS));
  new Float32Array(wasm.memory.buffer, inverses, rows).set(scales.subarray(0, rows).map((s) => 1 / s));
  const memory = new Uint8Array(wasm.memory.buffer);
  const repeats = 50; // one chunk takes some 20 µs: too short for the clock
  const repeat = (work: () => void) => (): void => {
    for (let turn = 0; turn < repeats; turn++) work();
  };
  const [copy, quantize] = interleaved(15, [
    repeat(() => memory.copyWithin(to, from, from + bytes)),
    repeat(() => wasm.quantizeRows(from, rows, COLUMNS, inverses, zeros, -127, 127, to)),
  ]);
  const [speed, copySpeed] = [quantize, copy].map((millis) => gigabytes(bytes * repeats, millis).toFixed(1));
  return `kernel alone, 256 kB in cache: ${speed} GB/s (a copy there: ${copySpeed} GB/s)`;
}

/** Rows for the reference: it is bound by arithmetic, not by memory, and short turns are seldom interrupted. */
const FEW_ROWS = 256;

/** The mark: 16 MiB from a tensor to codes in arrays that exist, chunks through linear memory included. */
function quantizeMark(wasm: WasmKernelSet): { lines: string[]; misses: string[] } {
  const into = new Int8Array(COUNT);
  const few = x.subarray(0, FEW_ROWS * COLUMNS);
  const fewScales = scales.subarray(0, FEW_ROWS);
  const [copy, fast, slow] = interleaved(15, [
    copyOf(x.byteLength),
    () => wasm.quantizeRowsInto(into, x, ROWS, COLUMNS, scales, undefined, -127, 127),
    () => quantizeRowsInto(into, few, FEW_ROWS, COLUMNS, fewScales, undefined, -127, 127),
  ]);
  const speeds = [
    gigabytes(x.byteLength, fast),
    gigabytes(x.byteLength, copy),
    gigabytes(few.byteLength, slow),
  ];
  const ofCopy = speeds[0] / speeds[1];
  const ofReference = speeds[0] / speeds[2];
  const [wasmText, copyText, referenceText] = speeds.map((speed) => speed.toFixed(2));
  return {
    lines: [
      `16 MiB of float32 → int8: WASM ${wasmText} GB/s, copy ${copyText} GB/s, reference (1 MiB) ${referenceText} GB/s`,
      `${ofCopy.toFixed(2)} × copy (at least ${LEAST_OF_COPY}), ${ofReference.toFixed(1)} × reference (at least ${LEAST_OF_REFERENCE})`,
    ],
    misses: [
      ...(ofCopy < LEAST_OF_COPY ? [`${ofCopy.toFixed(2)} × copy`] : []),
      ...(ofReference < LEAST_OF_REFERENCE ? [`${ofReference.toFixed(1)} × reference`] : []),
    ],
  };
}

function main(): void {
  const wasm = createWasmKernels(flavour);
  console.log(`WASM kernels (${flavour}); medians over interleaved rounds of the best of ${TURNS} turns`);
  console.log('\nquantizeRows');
  console.log(kernelAlone());
  const { lines, misses } = quantizeMark(wasm);
  for (const line of lines) console.log(line);
  console.log(
    `\nall kernels, ${COUNT / 2 ** 20} Mi elements; GB/s of input; whole calls, the allocation of the result included`,
  );
  console.log(cells('kernel', 'GB/s', '× copy', '× reference'));
  for (const { name, bytes, run } of JOBS) {
    const [copy, fast] = interleaved(7, [copyOf(bytes), () => run(wasm)]);
    // The reference takes up to a second: fewer rounds, still in turn with the kernel.
    const [slow, again] = interleaved(1, [() => run(reference), () => run(wasm)]);
    console.log(
      cells(name, gigabytes(bytes, fast).toFixed(2), (copy / fast).toFixed(2), (slow / again).toFixed(1)),
    );
  }
  for (const miss of misses) console.log(`MISSED: quantizeRows is only ${miss}`);
  if (misses.length > 0) process.exitCode = 1;
}

main();
