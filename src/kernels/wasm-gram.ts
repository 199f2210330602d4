/** accumulateGram in WASM: inputs as panels in linear memory, the matrix through it in stripes. Part of wasm-backend.ts. */
import { checkGram, mirrorUpper } from './gram/reference.ts';
import type { Workspace, Workspaces } from './wasm-workspace.ts';

/** Input elements (16 MB) that are in linear memory at once. */
const PASS_ELEMENTS = 1 << 22;
/** Rows of a panel: with 8 columns 8 kB, a quarter of a first-level cache. */
const PANEL_ROWS = 256;
/** Rows of the matrix that are worked on at once: their 8 panels of inputs stay in the second-level cache. */
const STRIPE_ROWS = 64;

interface Chunk {
  readonly at: number;
  readonly rows: number;
}

/** Inputs [rows, columns] as chunks of panels. */
function packInputs({ wasm, arena }: Workspace, x: Float32Array, rows: number, columns: number): Chunk[] {
  const padded = Math.ceil(columns / 8) * 8;
  const staging = arena.take(Math.min(rows, PANEL_ROWS) * columns * 4);
  const chunks: Chunk[] = [];
  for (let row = 0; row < rows; row += PANEL_ROWS) {
    const count = Math.min(PANEL_ROWS, rows - row);
    const at = arena.take(count * padded * 4);
    arena.write(staging, x.subarray(row * columns, (row + count) * columns));
    wasm.packPanels(staging, count, columns, at);
    chunks.push({ at, rows: count });
  }
  return chunks;
}

/** Upper triangle of into = that of from + xᵀx. */
function addPass(
  workspace: Workspace,
  x: Float32Array,
  rows: number,
  n: number,
  from: Float32Array,
  into: Float32Array,
): void {
  const { wasm, arena } = workspace;
  arena.reset();
  const panels = Math.ceil(n / 8);
  const stripe = arena.take(STRIPE_ROWS * panels * 32);
  const chunks = packInputs(workspace, x, rows, n);
  for (let top = 0; top < n; top += STRIPE_ROWS) {
    const bottom = Math.min(n, top + STRIPE_ROWS);
    const stride = panels * 32 - top * 4;
    for (let i = top; i < bottom; i++) {
      arena.write(stripe + (i - top) * stride, from.subarray(i * n + top, (i + 1) * n));
    }
    for (const chunk of chunks) {
      wasm.gramStripe(chunk.at, chunk.rows, panels, top / 8, Math.ceil(bottom / 8), stripe, stride);
    }
    for (let i = top; i < bottom; i++) {
      arena.read(stripe + (i - top) * stride, into.subarray(i * n + top, (i + 1) * n));
    }
  }
}

export function createWasmGram(workspaces: Workspaces) {
  function accumulateGram(
    x: Float32Array,
    rows: number,
    columns: number,
    gram: Float32Array,
    into?: Float32Array,
  ): Float32Array {
    checkGram(x, rows, columns, gram, into);
    const sum = into ?? new Float32Array(gram.length);
    if (sum !== gram && rows * columns === 0) sum.set(gram);
    const step = Math.max(1, Math.floor(PASS_ELEMENTS / Math.max(1, columns)));
    workspaces.use((workspace) => {
      for (let row = 0; columns > 0 && row < rows; row += step) {
        const count = Math.min(step, rows - row);
        const part = x.subarray(row * columns, (row + count) * columns);
        addPass(workspace, part, count, columns, row === 0 ? gram : sum, sum);
      }
    });
    mirrorUpper(sum, columns);
    return sum;
  }
  return { accumulateGram };
}
