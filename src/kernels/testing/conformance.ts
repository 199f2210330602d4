/**
 * One suite for all backends: runs every case on a backend and compares with the hand-written expectation or the reference,
 * bit for bit, or within the derived tolerance where the backend cannot be exact. It must not know test runners.
 */
import type { KernelSet } from '../../core/tensor/kernel-set.ts';
import type { KernelName } from '../reference-backend.ts';
import { createReferenceKernels } from '../reference-backend.ts';
import type { ArrayType, Case, Numbers, Values } from './cases.ts';
import type { MatrixInputs } from './matrix-inputs.ts';
import { makeArray } from './cases.ts';
import { matrixInputs } from './matrix-inputs.ts';
import { toleranceOf } from './tolerance.ts';

/** Results by name, so that expectations can be written as data. */
export type Outputs = Readonly<Record<string, Numbers | number>>;

/** Arguments of a case, made for one alignment. */
export interface Inputs {
  readonly rows: number;
  readonly columns: number;
  readonly x: Numbers;
  readonly y: Float32Array;
  readonly mask: Uint8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Int32Array | undefined;
  readonly candidates: Float32Array;
  readonly parts: readonly Float32Array[];
  /** What the matrix kernels take besides x. */
  readonly matrix: () => MatrixInputs;
  arg(name: string): number;
}

type Run = (kernels: KernelSet, input: Inputs) => Promise<Outputs>;

function bitsOf(x: Float32Array): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset, x.length);
}

const floats = (input: Inputs): Float32Array => input.x as Float32Array;
const codes = (input: Inputs): Int8Array | Uint8Array => input.x as Int8Array | Uint8Array;

/** How each kernel is called from a case. Adding a method to KernelSet makes this incomplete: a compile error. */
const RUN: Readonly<Record<KernelName, Run>> = {
  absmaxRows: async (k, i) => ({ out: bitsOf(await k.absmaxRows(floats(i), i.rows, i.columns)) }),
  minmaxRows: async (k, i) => {
    const { min, max } = await k.minmaxRows(floats(i), i.rows, i.columns);
    return { min: bitsOf(min), max: bitsOf(max) };
  },
  histogram: async (k, i) => ({
    out: await k.histogram(floats(i), i.arg('low'), i.arg('high'), i.arg('bins')),
  }),
  quantizeRows: async (k, i) => ({
    out: await k.quantizeRows(
      floats(i),
      i.rows,
      i.columns,
      i.scales,
      i.zeroPoints,
      i.arg('low'),
      i.arg('high'),
    ),
  }),
  dequantizeRows: async (k, i) => ({
    out: await k.dequantizeRows(codes(i), i.rows, i.columns, i.scales, i.zeroPoints),
  }),
  mseScaleRows: async (k, i) => ({
    out: await k.mseScaleRows(floats(i), i.rows, i.columns, i.arg('low'), i.arg('high'), i.candidates),
  }),
  packInt4: async (k, i) => ({ out: await k.packInt4(codes(i)) }),
  unpackInt4: async (k, i) => ({
    out: await k.unpackInt4(i.x as Uint8Array, i.arg('count'), i.arg('signed') === 1),
  }),
  toHalf: async (k, i) => ({ ...(await k.toHalf(floats(i))) }),
  fromHalf: async (k, i) => ({ out: bitsOf(await k.fromHalf(i.x as Uint16Array)) }),
  kthMagnitude: async (k, i) => ({ out: await k.kthMagnitude(i.parts, i.arg('k')) }),
  topMask: async (k, i) => ({ out: await k.topMask(floats(i), i.arg('keep')) }),
  nmMask: async (k, i) => ({ out: await k.nmMask(floats(i), i.rows, i.columns, i.arg('n'), i.arg('m')) }),
  packMask: async (k, i) => ({ out: await k.packMask(i.x as Uint8Array) }),
  applyMask: async (k, i) => ({ out: bitsOf(await k.applyMask(floats(i), i.mask)) }),
  compress: async (k, i) => ({ out: await k.compress(codes(i), i.mask, i.arg('kept')) }),
  errorSums: async (k, i) => ({ ...(await k.errorSums(floats(i), i.y)) }),
  accumulateGram: async (k, i) => ({
    out: await k.accumulateGram(floats(i), i.rows, i.columns, i.matrix().h),
  }),
  inverseCholesky: async (k, i) => {
    const u = await k.inverseCholesky(i.matrix().h, i.columns);
    return { positive: u === null ? 0 : 1, out: u ?? new Float32Array(0) };
  },
  gptqRows: async (k, i) => {
    const { u, grids } = i.matrix();
    return { out: await k.gptqRows(floats(i), i.rows, i.columns, u, grids) };
  },
  descendRows: async (k, i) => {
    const { h, codes, grids } = i.matrix();
    return { out: await k.descendRows(floats(i), i.rows, i.columns, h, codes, grids, i.arg('sweeps')) };
  },
};

/** Types of x where it is not float32, and of outputs that are written as floats in the cases. */
const INPUT_TYPE: Partial<Record<KernelName, ArrayType>> = {
  dequantizeRows: 'int8',
  packInt4: 'int8',
  unpackInt4: 'uint8',
  fromHalf: 'uint16',
  packMask: 'uint8',
  compress: 'int8',
};
/** Outputs compared as bits but written as floats. */
const FLOAT_BITS: ReadonlySet<KernelName> = new Set(['absmaxRows', 'minmaxRows', 'fromHalf', 'applyMask']);

function setBits(mask: Uint8Array, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) bits += (mask[i >> 3] >> (i & 7)) & 1;
  return bits;
}

/** The arguments of a case; `lead` elements of misalignment. */
export function inputsOf(test: Case, lead: number): Inputs {
  const { spec, rows, columns } = test;
  const count = rows * columns;
  const make = (values: Values | undefined, type: ArrayType, size: number): Numbers =>
    makeArray(values ?? [], type, size, lead);
  const type = spec.type ?? INPUT_TYPE[spec.kernel] ?? 'float32';
  const x = make(spec.x, type, spec.kernel === 'unpackInt4' ? Math.ceil(count / 2) : count);
  const mask = make(spec.mask, 'uint8', Math.ceil(count / 8)) as Uint8Array;
  return {
    rows,
    columns,
    x,
    y: make(spec.y, 'float32', count) as Float32Array,
    mask,
    scales: make(spec.scales, 'float32', rows) as Float32Array,
    zeroPoints: spec.zeroPoints && (make(spec.zeroPoints, 'int32', rows) as Int32Array),
    candidates: make(spec.candidates, 'float32', 0) as Float32Array,
    parts: cut(x as Float32Array, spec.parts),
    matrix: () => matrixInputs(test, x, lead),
    arg: (name) => argument(spec.args?.[name], name, { count, kept: setBits(mask, count) }),
  };
}

function cut(x: Float32Array, lengths: readonly number[] | undefined): Float32Array[] {
  if (lengths === undefined) return [x];
  let at = 0;
  const parts = lengths.map((length) => x.subarray(at, (at += length)));
  return [...parts, x.subarray(at)];
}

/** A number; "all" for the count; "fraction:f" for that part of it; "set" for the number of set mask bits. */
function argument(
  value: number | string | undefined,
  name: string,
  known: { count: number; kept: number },
): number {
  if (typeof value === 'number') return value;
  if (value === 'all') return known.count;
  if (value === 'set') return known.kept;
  if (value?.startsWith('fraction:')) return Math.round(known.count * Number(value.slice(9)));
  throw new Error(`the case needs the argument ${name}`);
}

/** Undefined when equal, else what differs first. NaN equals NaN; −0 and +0 differ. */
function difference(found: Numbers | number, wanted: Numbers | number): string | undefined {
  if (typeof found === 'number' || typeof wanted === 'number') {
    return Object.is(found, wanted) ? undefined : `${String(found)} instead of ${String(wanted)}`;
  }
  if (found.constructor !== wanted.constructor) {
    return `${found.constructor.name} instead of ${wanted.constructor.name}`;
  }
  if (found.length !== wanted.length) return `length ${found.length} instead of ${wanted.length}`;
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(found[i], wanted[i])) return `[${i}]: ${found[i]} instead of ${wanted[i]}`;
  }
  return undefined;
}

/** The hand-written expectation in the types of the reference's result. */
function expectation(test: Case, reference: Outputs): Outputs {
  const wanted: Record<string, Numbers | number> = {};
  for (const [name, values] of Object.entries(test.spec.expect ?? {})) {
    const like = reference[name];
    if (typeof like === 'number') {
      wanted[name] = makeArray([values as number], 'float32', 1, 0)[0];
      if (typeof values === 'number') wanted[name] = values;
      continue;
    }
    const list = values as readonly (number | string)[];
    if (FLOAT_BITS.has(test.spec.kernel)) {
      wanted[name] = bitsOf(makeArray(list, 'float32', list.length, 0) as Float32Array);
    } else {
      const type = like.constructor.name.replace('Array', '').toLowerCase() as ArrayType;
      wanted[name] = makeArray(list, type, list.length, 0);
    }
  }
  return wanted;
}

async function mustThrow(run: Run, kernels: KernelSet, input: Inputs): Promise<string | undefined> {
  try {
    await run(kernels, input);
  } catch (error) {
    return error instanceof RangeError ? undefined : `threw ${String(error)} instead of a RangeError`;
  }
  return 'did not refuse';
}

const known = new WeakMap<Case, Promise<Outputs>>();
/** What the reference says, once a case: the backends share it. */
function referenceOutputs(test: Case): Promise<Outputs> {
  let outputs = known.get(test);
  if (outputs === undefined) {
    outputs = RUN[test.spec.kernel](createReferenceKernels(), inputsOf(test, 0));
    known.set(test, outputs);
  }
  return outputs;
}

async function compare(kernels: KernelSet, test: Case, lead: number): Promise<string | undefined> {
  const run = RUN[test.spec.kernel];
  const input = inputsOf(test, lead);
  if (test.spec.throws === true) return mustThrow(run, kernels, input);
  const reference = await referenceOutputs(test);
  const found = await run(kernels, input);
  const within = toleranceOf(kernels.backend, test.spec.kernel);
  if (within !== undefined) return within(found, reference, input);
  const wanted = { ...reference, ...expectation(test, reference) };
  for (const [name, value] of Object.entries(wanted)) {
    const differs = difference(found[name], value);
    if (differs !== undefined) return `${name}${differs.startsWith('[') ? '' : ' '}${differs}`;
  }
  return undefined;
}

/** Elements by which the inputs are moved from the start of their buffers. */
const LEADS = [0, 1, 3];

/** Runs one case on one backend in every alignment. Returns the number of checks and the failures. */
export async function runCase(
  kernels: KernelSet,
  test: Case,
): Promise<{ checks: number; failures: string[] }> {
  const failures: string[] = [];
  for (const lead of LEADS) {
    const differs = await compare(kernels, test, lead);
    if (differs !== undefined) {
      failures.push(`${test.spec.kernel}, ${test.title}, ${lead} elements into the buffer: ${differs}`);
    }
  }
  return { checks: LEADS.length, failures };
}

/** Checks per kernel and backend as text, one line a kernel. */
export function checksTable(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const backends = [...counts.keys()];
  const kernels = Object.keys(RUN);
  const cell = (text: string | number): string => String(text).padStart(14);
  const line = (head: string, cells: (string | number)[]): string =>
    head.padEnd(16) + cells.map(cell).join('');
  const countOf = (backend: string, kernel: string): number => counts.get(backend)?.get(kernel) ?? 0;
  const total = (backend: string): number =>
    kernels.reduce((sum, kernel) => sum + countOf(backend, kernel), 0);
  return [
    line('checks', backends),
    ...kernels.map((kernel) =>
      line(
        kernel,
        backends.map((backend) => countOf(backend, kernel)),
      ),
    ),
    line('total', backends.map(total)),
  ].join('\n');
}

/** Every kernel must have cases: the names without one. */
export function kernelsWithoutCases(cases: readonly Case[]): string[] {
  return Object.keys(RUN).filter((kernel) => !cases.some((test) => test.spec.kernel === kernel));
}
