/** inverseCholesky in WASM: in place in linear memory, in steps that may pause. Part of wasm-backend.ts. */
import { checkRows } from './checks.ts';
import type { SyncKernelSet } from './reference-backend.ts';
import type { Pause, Steps } from './steps.ts';
import type { Workspace, Workspaces } from './wasm-workspace.ts';

/** Columns, then rows, that are worked on together. */
const BLOCK = 128;
/** Multiplications of a step: some 10 ms. */
const STEP_PRODUCTS = 2e8;

/** Where things are in linear memory. */
interface Layout {
  /** The matrix: rows of `stride` bytes, a multiple of 8 of them. */
  readonly a: number;
  readonly stride: number;
  readonly padded: number;
  /** A block of columns or rows as panels. */
  readonly panels: number;
  readonly diagonal: number;
  readonly y: number;
  readonly b: number;
}

function layOut({ arena }: Workspace, n: number): Layout {
  const padded = Math.ceil(n / 8) * 8;
  // Rows a multiple of 1 kB apart would share few sets of the first-level cache.
  const stride = padded * 4 + (padded % 256 === 0 ? 64 : 0);
  arena.reset();
  const panels = arena.take(padded * BLOCK * 4);
  const diagonal = arena.take(BLOCK * BLOCK * 4);
  const [y, b] = [arena.take(BLOCK * 32), arena.take(256 * 32)];
  return { a: arena.takeZeroed(padded * stride), stride, padded, panels, diagonal, y, b };
}

/** The lower triangle of h read backwards, the identity after it. */
function writeReversed({ wasm }: Workspace, { a, stride, padded }: Layout, h: Float32Array, n: number): void {
  for (let i = 0; i < padded; i++) {
    const row = new Float32Array(wasm.memory.buffer, a + i * stride, i + 1);
    if (i >= n) {
      row[i] = 1;
      continue;
    }
    const from = (n - 1 - i) * (n + 1);
    row.set(h.subarray(from, from + i + 1));
    row.reverse();
  }
}

/** The lower triangle of the result read backwards; null when an element is not finite. */
function readReversed({ wasm }: Workspace, { a, stride }: Layout, n: number): Float32Array | null {
  const u = new Float32Array(n * n);
  let faults = 0;
  for (let i = 0; i < n; i++) {
    const to = (n - 1 - i) * (n + 1);
    const row = u.subarray(to, to + i + 1);
    row.set(new Float32Array(wasm.memory.buffer, a + i * stride, i + 1));
    row.reverse();
    for (let j = 0; j <= i; j++) faults += row[j] - row[j]; // NaN for what is not finite
  }
  return faults === 0 ? u : null;
}

/** Cuts 0 … count at about equal `products`, a step each. */
function* stepsOf(count: number, productsOf: (item: number) => number): Generator<readonly [number, number]> {
  let products = 0;
  let from = 0;
  for (let item = 0; item < count; item++) {
    products += productsOf(item);
    if (products < STEP_PRODUCTS && item < count - 1) continue;
    yield [from, item + 1];
    [from, products] = [item + 1, 0];
  }
}

/** L in place; yields after each step the part done. False when a pivot is not positive. */
function* factor({ wasm }: Workspace, { a, stride, padded, panels }: Layout): Steps<boolean> {
  for (let k = 0; k < padded; k += BLOCK) {
    const width = Math.min(BLOCK, padded - k);
    if (wasm.factorColumns(a, stride, padded, k, width, panels) === 0) return false;
    const groups = (padded - k - width) / 8;
    for (const [first, last] of stepsOf(groups, (j) => (groups - j) * 64 * width)) {
      wasm.updateColumns(a, stride, padded, k, width, panels, first, last);
      const left = 1 - (k + width * (last / groups)) / padded;
      yield 1 - left ** 3;
    }
  }
  return true;
}

/** L⁻¹ in place of L; yields the part done. */
function* invert({ wasm }: Workspace, layout: Layout): Steps<void> {
  const { a, stride, padded, panels, diagonal, y, b } = layout;
  for (let k = 0; k < padded; k += BLOCK) {
    const width = Math.min(BLOCK, padded - k);
    wasm.packBlock(a, stride, k, width, panels, diagonal);
    const count = (k + width) / 8;
    const productsOf = (panel: number): number => Math.max(0, k - panel * 8) * 8 * width + width * width * 4;
    for (const [first, last] of stepsOf(count, productsOf)) {
      wasm.invertRows(a, stride, k, width, panels, diagonal, first, last, y, b);
      yield ((k + width * (last / count)) / padded) ** 3;
    }
  }
}

function* steps(workspace: Workspace, h: Float32Array, n: number): Steps<Float32Array | null> {
  const layout = layOut(workspace, n);
  writeReversed(workspace, layout, h, n);
  for (const walk = factor(workspace, layout); ;) {
    const step = walk.next();
    if (step.done === true && !step.value) return null;
    if (step.done === true) break;
    yield step.value / 2;
  }
  for (const done of invert(workspace, layout)) yield 0.5 + done / 2;
  return readReversed(workspace, layout, n);
}

export function createWasmCholesky(workspaces: Workspaces): Pick<SyncKernelSet, 'inverseCholesky'> {
  function inverseCholesky(
    h: Float32Array,
    n: number,
    pause?: Pause,
  ): Float32Array | null | Promise<Float32Array | null> {
    checkRows(h.length, n, n);
    return workspaces.run((workspace) => steps(workspace, h, n), pause);
  }
  // The overloads of the interface: without a pause the result is there at once.
  return { inverseCholesky } as Pick<SyncKernelSet, 'inverseCholesky'>;
}
