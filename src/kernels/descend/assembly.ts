// SIMD form of reference.ts: eight rows of weights as panels [columns][8] of gradients g and of q = code − zero point. Columns go
// in blocks: within a block each gradient gets its terms before its column is visited and the rest after; all other columns
// get the block's terms at its end, as tiles. Terms of columns that did not change are 0 and change nothing.
import { GROUP, roundToGrid, storeCodes } from '../assembly/grid';
import { STEP, TILE, packColumns, tileAdd, tileSub } from '../assembly/tile';

/** q from codes, d = w − ŵ in place of w: one panel. codes: 8 rows of `stride` bytes. */
export function openDescent(
  w: usize,
  q: usize,
  columns: i32,
  codes: usize,
  stride: usize,
  table: usize,
  groupOf: usize,
): void {
  for (let c = 0; c < columns; c++, w += STEP, q += STEP, codes++, groupOf += 4) {
    const group = table + (<usize>load<u32>(groupOf)) * GROUP;
    for (let r: usize = 0; r < 8; r++) {
      const scale = load<f32>(group + (r << 2));
      const code = <f32>load<i8>(codes + r * stride) - load<f32>(group + (r << 2), 32);
      store<f32>(q + (r << 2), code);
      store<f32>(w + (r << 2), load<f32>(w + (r << 2)) - code * scale);
    }
  }
}

/** Codes of one panel q to 8 rows of `stride` bytes. */
export function closeDescent(
  q: usize,
  columns: i32,
  codes: usize,
  stride: usize,
  table: usize,
  groupOf: usize,
): void {
  for (let c = 0; c < columns; c++, q += STEP, codes++, groupOf += 4) {
    const group = table + (<usize>load<u32>(groupOf)) * GROUP;
    const low = f32x4.add(v128.load(q), v128.load(group, 32));
    const high = f32x4.add(v128.load(q, 16), v128.load(group, 48));
    storeCodes(low, high, codes, stride);
  }
}

/**
 * g += Σ d[k] · H[k, ·] for k = from … from + width − 1, all columns, `groups` panels of `size` bytes. h: these rows of H, `stride`
 * bytes each. b: width steps.
 */
export function addProducts(
  g: usize,
  d: usize,
  size: usize,
  groups: i32,
  h: usize,
  stride: usize,
  columns: i32,
  from: i32,
  width: i32,
  b: usize,
): void {
  d += (<usize>from) * STEP;
  for (let c = 0; c < columns; c += 8, h += STEP, g += TILE) {
    packColumns(h, stride, width, b);
    for (let p: usize = 0; p < (<usize>groups); p++) tileAdd(b, d + p * size, g + p * size, STEP, width);
  }
}

/** Four rows of column c: the new q, and Δ to `delta`. Lanes that changed. */
@inline
function visit(g: v128, pivot: v128, q: usize, scale: v128, zero: v128, low: v128, high: v128, delta: usize): v128 {
  const before = v128.load(q);
  const value = f32x4.mul(before, scale);
  const t = f32x4.add(value, f32x4.div(g, pivot));
  const after = roundToGrid(t, scale, zero, low, high);
  const changed = v128.and(f32x4.ne(after, before), f32x4.ne(scale, f32x4.splat(0)));
  v128.store(q, v128.bitselect(after, before, changed));
  v128.store(delta, v128.and(f32x4.sub(f32x4.mul(after, scale), value), changed));
  return changed;
}

/** g[c] −= Σ Δ[k] · H[k, c] for k = from … to − 1 within a tile. */
@inline
function settle(g: usize, delta: usize, h: usize, c: usize, from: usize, to: usize): void {
  let low = v128.load(g + c * STEP);
  let high = v128.load(g + c * STEP, 16);
  for (let k = from; k < to; k++) {
    const factor = v128.load32_splat(h + k * STEP + (c << 2));
    low = f32x4.sub(low, f32x4.mul(v128.load(delta + k * STEP), factor));
    high = f32x4.sub(high, f32x4.mul(v128.load(delta + k * STEP, 16), factor));
  }
  v128.store(g + c * STEP, low);
  v128.store(g + c * STEP, high, 16);
}

/** Eight columns of one panel. h: their 8 × 8 of H as a panel. True when a code changed. */
function visitTile(
  g: usize,
  q: usize,
  delta: usize,
  h: usize,
  table: usize,
  groupOf: usize,
  low: v128,
  high: v128,
): bool {
  let any = i32x4.splat(0);
  for (let c: usize = 0; c < 8; c++) {
    settle(g, delta, h, c, 0, c);
    const pivot = load<f32>(h + c * STEP + (c << 2));
    const to = delta + c * STEP;
    if (!(pivot > 0 && pivot < Infinity)) {
      v128.store(to, i32x4.splat(0));
      v128.store(to, i32x4.splat(0), 16);
      continue;
    }
    const group = table + (<usize>load<u32>(groupOf + (c << 2))) * GROUP;
    const at = q + c * STEP;
    const from = g + c * STEP;
    const p = f32x4.splat(pivot);
    const first = visit(v128.load(from), p, at, v128.load(group), v128.load(group, 32), low, high, to);
    const last = visit(
      v128.load(from, 16),
      p,
      at + 16,
      v128.load(group, 16),
      v128.load(group, 48),
      low,
      high,
      to + 16,
    );
    any = v128.or(any, v128.or(first, last));
  }
  if (!v128.any_true(any)) return false;
  for (let c: usize = 0; c < 8; c++) settle(g, delta, h, c, c, 8);
  return true;
}

/** One panel over a block of columns, g and q from there on. h: the diagonal block of H as panels of `width` steps. */
function visitBlock(
  g: usize,
  q: usize,
  delta: usize,
  h: usize,
  width: i32,
  table: usize,
  groupOf: usize,
  low: v128,
  high: v128,
): bool {
  const size = (<usize>width) * STEP;
  let changed = false;
  for (let c = 0; c < width; c += 8) {
    const own = (<usize>c) * STEP;
    const panel = h + (<usize>(c >> 3)) * size;
    if (changed) tileSub(panel, delta, g + own, STEP, c);
    const columns = groupOf + ((<usize>c) << 2);
    if (visitTile(g + own, q + own, delta + own, panel + own, table, columns, low, high)) changed = true;
  }
  for (let c = 0; changed && c < width - 8; c += 8) {
    const panel = h + (<usize>(c >> 3)) * size;
    const rest = (<usize>c) * STEP + TILE;
    tileSub(panel + rest, delta + rest, g + (<usize>c) * STEP, STEP, width - c - 8);
  }
  return changed;
}

/**
 * Visits columns from … from + width − 1 of `groups` panels of `size` bytes and settles all gradients. h: these rows of H, `stride`
 * bytes each. active: a byte a panel, 0 skips it; moved: a byte a panel, set to 1 when a code changed in this block or before.
 * delta: groups · width steps, block: width · width float32, b: width steps.
 */
export function descendColumns(
  g: usize,
  q: usize,
  size: usize,
  groups: i32,
  h: usize,
  stride: usize,
  columns: i32,
  from: i32,
  width: i32,
  table: usize,
  tableSize: usize,
  groupOf: usize,
  low: i32,
  high: i32,
  active: usize,
  moved: usize,
  delta: usize,
  block: usize,
  b: usize,
): void {
  const least = f32x4.splat(<f32>low);
  const most = f32x4.splat(<f32>high);
  const start = (<usize>from) * STEP;
  const deltaSize = (<usize>width) * STEP;
  for (let c = 0; c < width; c += 8) {
    packColumns(h + ((<usize>(from + c)) << 2), stride, width, block + (<usize>(c >> 3)) * deltaSize);
  }
  let changed = false;
  for (let p: usize = 0; p < (<usize>groups); p++) {
    // Bit 1 of `active`: whether this block changed something in the panel.
    const on = load<u8>(active + p) & 1;
    if (on == 0) continue;
    const at = start + p * size;
    const own = delta + p * deltaSize;
    const columnGroups = groupOf + ((<usize>from) << 2);
    const found = visitBlock(g + at, q + at, own, block, width, table + p * tableSize, columnGroups, least, most);
    store<u8>(active + p, found ? 3 : 1);
    if (found) {
      changed = true;
      store<u8>(moved + p, 1);
    }
  }
  for (let c = 0; changed && c < columns; c += 8) {
    if (c == from) c += width;
    if (c >= columns) break;
    packColumns(h + ((<usize>c) << 2), stride, width, b);
    for (let p: usize = 0; p < (<usize>groups); p++) {
      if (load<u8>(active + p) != 3) continue;
      tileSub(b, delta + p * deltaSize, g + p * size + (<usize>c) * STEP, STEP, width);
    }
  }
}
