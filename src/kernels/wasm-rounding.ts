/** gptqRows and descendRows in WASM: eight rows of weights a panel, U and H through linear memory. Part of wasm-backend.ts. */
import type { RowGrids } from '../core/tensor/kernel-set.ts';
import { checkDescend } from './descend/reference.ts';
import { checkGptq } from './gptq/reference.ts';
import type { SyncKernelSet } from './reference-backend.ts';
import type { Pause, Steps } from './steps.ts';
import type { Workspace, Workspaces } from './wasm-workspace.ts';

/** Bytes of weights (or of gradients, codes and weights) that are in linear memory at once. */
const PASS_BYTES = 16 * 2 ** 20;
/** Columns that are worked on together. */
const BLOCK = 64;
/** Bytes of a group in a table of grids: 8 scales and 8 zero points. */
const GROUP = 64;

/** Some rows of the weights, in linear memory. */
interface Pass {
  readonly row: number;
  readonly rows: number;
  /** Panels of 8 rows. */
  readonly panels: number;
  /** Columns, rounded up to a multiple of 8. */
  readonly padded: number;
  /** Bytes of a panel. */
  readonly size: number;
  /** Grids, by panel, and bytes of one panel's. */
  readonly tables: number;
  readonly tableSize: number;
  readonly groupOf: number;
}

/** Cuts the rows; `floats` is how many float32 of working memory an element needs. */
function* passes(
  rows: number,
  columns: number,
  floats: number,
  grids: RowGrids,
): Generator<[number, number]> {
  const bytes = columns * (floats * 4 + 1) + grids.groups * 8;
  const step = Math.max(8, Math.floor(PASS_BYTES / bytes / 8) * 8);
  for (let row = 0; row < rows; row += step) yield [row, Math.min(step, rows - row)];
}

function openPass(
  { wasm, arena }: Workspace,
  row: number,
  rows: number,
  columns: number,
  grids: RowGrids,
): Pass {
  arena.reset();
  const panels = Math.ceil(rows / 8);
  const padded = Math.ceil(columns / 8) * 8;
  const { groups, scales, zeroPoints } = grids;
  const groupOf = arena.takeZeroed(padded * 4);
  arena.write(groupOf, grids.groupOf);
  const tableSize = groups * GROUP;
  const tables = arena.takeZeroed(panels * tableSize);
  const table = new Float32Array(wasm.memory.buffer, tables, panels * groups * 16);
  for (let r = 0; r < rows; r++) {
    const to = (r >> 3) * groups * 16 + (r & 7);
    for (let g = 0; g < groups; g++) {
      const from = (row + r) * groups + g;
      table[to + g * 16] = scales[from];
      if (zeroPoints !== undefined) table[to + g * 16 + 8] = zeroPoints[from];
    }
  }
  return { row, rows, panels, padded, size: padded * 32, tables, tableSize, groupOf };
}

/** The weights of a pass as panels. Rows that fill the last panel are 0. */
function writeWeights({ wasm, arena }: Workspace, w: Float32Array, columns: number, pass: Pass): number {
  const at = arena.take(pass.panels * pass.size);
  const staging = arena.takeZeroed(8 * columns * 4);
  for (let p = 0; p < pass.panels; p++) {
    const from = pass.row + p * 8;
    const to = Math.min(from + 8, pass.row + pass.rows);
    if (to < from + 8) new Uint8Array(wasm.memory.buffer, staging, 8 * columns * 4).fill(0);
    arena.write(staging, w.subarray(from * columns, to * columns));
    wasm.packRows(staging, columns * 4, pass.padded, at + p * pass.size);
  }
  return at;
}

function readCodes({ arena }: Workspace, from: number, codes: Int8Array, columns: number, pass: Pass): void {
  for (let r = 0; r < pass.rows; r++) {
    const row = pass.row + r;
    arena.read(from + r * pass.padded, codes.subarray(row * columns, (row + 1) * columns));
  }
}

/** Codes of a pass; yields the part of the columns that is done. */
function* gptqPass(
  workspace: Workspace,
  w: Float32Array,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
  pass: Pass,
  codes: Int8Array,
): Steps<void> {
  const { wasm, arena } = workspace;
  const x = writeWeights(workspace, w, columns, pass);
  const out = arena.take(pass.panels * 8 * pass.padded);
  const b = arena.take(256 * 32);
  const staging = arena.takeZeroed(pass.padded * BLOCK * 4);
  const rowsOfU = new Float32Array(wasm.memory.buffer, staging, pass.padded * BLOCK);
  for (let from = 0; from < columns; from += BLOCK) {
    const to = Math.min(from + BLOCK, columns);
    for (let k = 0; k < to; k++) rowsOfU.set(u.subarray(k * columns + from, k * columns + to), k * BLOCK);
    const end = Math.min(from + BLOCK, pass.padded);
    wasm.gptqColumns(
      x,
      pass.size,
      pass.panels,
      staging,
      BLOCK * 4,
      from,
      end,
      pass.tables,
      pass.tableSize,
      pass.groupOf,
      grids.low,
      grids.high,
      out,
      pass.padded,
      b,
    );
    yield end / pass.padded;
  }
  readCodes(workspace, out, codes, columns, pass);
}

/** Panels of a pass in coordinate descent. */
interface Descent {
  readonly d: number;
  readonly g: number;
  readonly q: number;
  readonly delta: number;
  readonly block: number;
  readonly b: number;
  /** Rows of H, `pass.padded` floats each; 0 beyond its columns. */
  readonly rowsOfH: Float32Array;
  readonly active: Uint8Array;
  readonly moved: Uint8Array;
}

/** Rows from … from + 63 of H to linear memory. Returns how many, rounded up to a multiple of 8. */
function writeRowsOfH(
  { rowsOfH }: Descent,
  h: Float32Array,
  columns: number,
  padded: number,
  from: number,
): number {
  const to = Math.min(from + BLOCK, columns);
  for (let k = from; k < to; k++)
    rowsOfH.set(h.subarray(k * columns, (k + 1) * columns), (k - from) * padded);
  const width = Math.ceil((to - from) / 8) * 8;
  rowsOfH.fill(0, (to - from) * padded, width * padded);
  return width;
}

/** q and d of the codes, room for everything else. */
function openDescent(
  workspace: Workspace,
  w: Float32Array,
  columns: number,
  codes: Int8Array,
  pass: Pass,
): Descent {
  const { wasm, arena } = workspace;
  const { panels, padded, size } = pass;
  const d = writeWeights(workspace, w, columns, pass);
  const q = arena.take(panels * size);
  const g = arena.takeZeroed(panels * size);
  const rowBytes = arena.takeZeroed(8 * padded);
  const [delta, block] = [arena.take(panels * BLOCK * 32), arena.take(BLOCK * BLOCK * 4)];
  const b = arena.take(BLOCK * 32);
  const flags = arena.takeZeroed(panels * 2);
  const staging = arena.takeZeroed(BLOCK * padded * 4);
  const { buffer } = wasm.memory;
  const rowsOfH = new Float32Array(buffer, staging, BLOCK * padded);
  const active = new Uint8Array(buffer, flags, panels);
  const moved = new Uint8Array(buffer, flags + panels, panels);
  for (let p = 0; p < panels; p++) {
    for (let r = 0; r < Math.min(8, pass.rows - p * 8); r++) {
      const row = pass.row + p * 8 + r;
      arena.write(rowBytes + r * padded, codes.subarray(row * columns, (row + 1) * columns));
    }
    const table = pass.tables + p * pass.tableSize;
    wasm.openDescent(d + p * size, q + p * size, columns, rowBytes, padded, table, pass.groupOf);
  }
  active.fill(1);
  return { d, g, q, delta, block, b, rowsOfH, active, moved };
}

/** g = H·d; yields the part of the columns that is done. */
function* addGradients(
  { wasm }: Workspace,
  descent: Descent,
  columns: number,
  h: Float32Array,
  { panels, padded, size }: Pass,
): Steps<void> {
  const { d, g, b, rowsOfH } = descent;
  for (let from = 0; from < columns; from += BLOCK) {
    const width = writeRowsOfH(descent, h, columns, padded, from);
    wasm.addProducts(g, d, size, panels, rowsOfH.byteOffset, padded * 4, padded, from, width, b);
    yield (from + width) / padded;
  }
}

/**
 * One sweep over the columns; panels without a change are left out of the next. Yields the part of the columns that is done; false
 * when no panel is left.
 */
function* sweep(
  { wasm }: Workspace,
  descent: Descent,
  columns: number,
  h: Float32Array,
  grids: RowGrids,
  pass: Pass,
): Steps<boolean> {
  const { g, q, delta, block, b, rowsOfH, active, moved } = descent;
  moved.fill(0);
  for (let from = 0; from < columns; from += BLOCK) {
    const width = writeRowsOfH(descent, h, columns, pass.padded, from);
    wasm.descendColumns(
      g,
      q,
      pass.size,
      pass.panels,
      rowsOfH.byteOffset,
      pass.padded * 4,
      pass.padded,
      from,
      width,
      pass.tables,
      pass.tableSize,
      pass.groupOf,
      grids.low,
      grids.high,
      active.byteOffset,
      moved.byteOffset,
      delta,
      block,
      b,
    );
    yield (from + width) / pass.padded;
  }
  active.set(moved);
  return moved.some((one) => one !== 0);
}

function closeDescent(
  workspace: Workspace,
  { q }: Descent,
  columns: number,
  pass: Pass,
  codes: Int8Array,
): void {
  const { wasm, arena } = workspace;
  const { panels, padded, size } = pass;
  const out = arena.take(panels * 8 * padded);
  for (let p = 0; p < panels; p++) {
    const table = pass.tables + p * pass.tableSize;
    wasm.closeDescent(q + p * size, columns, out + p * 8 * padded, padded, table, pass.groupOf);
  }
  readCodes(workspace, out, codes, columns, pass);
}

function* gptqSteps(
  workspace: Workspace,
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
): Steps<Int8Array> {
  const codes = new Int8Array(w.length);
  for (const [row, count] of passes(rows, columns, 1, grids)) {
    const pass = openPass(workspace, row, count, columns, grids);
    for (const done of gptqPass(workspace, w, columns, u, grids, pass, codes)) {
      yield (row + done * count) / rows;
    }
  }
  return codes;
}

function* descentSteps(
  workspace: Workspace,
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
): Steps<Int8Array> {
  const better = codes.slice();
  for (const [row, count] of passes(rows, columns, 3, grids)) {
    const partOf = (sweepsDone: number): number => (row + (count * sweepsDone) / (sweeps + 1)) / rows;
    const pass = openPass(workspace, row, count, columns, grids);
    const descent = openDescent(workspace, w, columns, codes, pass);
    for (const done of addGradients(workspace, descent, columns, h, pass)) yield partOf(done);
    for (let sweepsDone = 1, more = true; more && sweepsDone <= sweeps; sweepsDone++) {
      const walk = sweep(workspace, descent, columns, h, grids, pass);
      let step = walk.next();
      for (; step.done !== true; step = walk.next()) yield partOf(sweepsDone + step.value);
      more = step.value;
    }
    closeDescent(workspace, descent, columns, pass, better);
  }
  return better;
}

export function createWasmRounding(workspaces: Workspaces): Pick<SyncKernelSet, 'gptqRows' | 'descendRows'> {
  function gptqRows(
    w: Float32Array,
    rows: number,
    columns: number,
    u: Float32Array,
    grids: RowGrids,
    pause?: Pause,
  ): Int8Array | Promise<Int8Array> {
    checkGptq(w, rows, columns, u, grids);
    return workspaces.run((workspace) => gptqSteps(workspace, w, rows, columns, u, grids), pause);
  }

  function descendRows(
    w: Float32Array,
    rows: number,
    columns: number,
    h: Float32Array,
    codes: Int8Array,
    grids: RowGrids,
    sweeps: number,
    pause?: Pause,
  ): Int8Array | Promise<Int8Array> {
    checkDescend(w, rows, columns, h, codes, grids, sweeps);
    return workspaces.run(
      (workspace) => descentSteps(workspace, w, rows, columns, h, codes, grids, sweeps),
      pause,
    );
  }
  // The overloads of the interface: without a pause the result is there at once.
  return { gptqRows, descendRows } as Pick<SyncKernelSet, 'gptqRows' | 'descendRows'>;
}
