// WebGPU form of reference.ts: a thread a row, blocks of 32 columns; what a block's changes do to the gradients of all other columns
// is a product of tiles. Columns and rows are multiples of 32; everything is [columns][rows].
//
// Not exact: sums may be fused and are taken in other portions, so a weight near the middle of two codes may get the other one.
// testing/tolerance.ts derives how near. Weights that are not finite or very large never come here.

struct Params { n: u32, rows: u32, k: u32, low: f32, high: f32 }

@group(0) @binding(0) var<storage, read_write> g: array<f32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read> h: array<f32>;
/** Scale, its inverse (0 for 0), zero point: [groups][rows]. */
@group(0) @binding(3) var<storage, read> grids: array<vec4f>;
@group(0) @binding(4) var<storage, read> group_of: array<u32>;
/** code − zero point. */
@group(0) @binding(5) var<storage, read_write> q: array<f32>;
/** At first w − ŵ, then what was last changed. */
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;

/** Visits a block of columns and settles its own gradients. */
@compute @workgroup_size(64)
fn visit(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group_index(group, groups) * THREADS + thread;
  if (row >= params.rows) { return; }
  var changes: array<f32, 32>;
  var gradients: array<f32, 32>;
  for (var c = 0u; c < SIDE; c++) {
    let column = params.k + c;
    let at = column * params.rows + row;
    var gradient = g[at];
    for (var t = 0u; t < c; t++) { gradient -= changes[t] * h[(params.k + t) * params.n + column]; }
    gradients[c] = gradient;
    changes[c] = 0.0;
    let pivot = h[column * params.n + column];
    let grid = grids[group_of[column] * params.rows + row];
    if (pivot > 0.0 && grid.x > 0.0) {
      let before = q[at];
      let target_value = before * grid.x + gradient / pivot;
      let after = round(clamp(target_value * grid.y, params.low - grid.z, params.high - grid.z));
      if (after != before) {
        q[at] = after;
        changes[c] = after * grid.x - before * grid.x;
      }
    }
    delta[at] = changes[c];
  }
  for (var c = 0u; c < SIDE; c++) {
    let column = params.k + c;
    var gradient = gradients[c];
    for (var t = c; t < SIDE; t++) { gradient -= changes[t] * h[(params.k + t) * params.n + column]; }
    g[column * params.rows + row] = gradient;
  }
}

/** Σ delta[k …] · H[k …, column …] over `count` columns, for a thread's part of the tile. */
fn products(k: u32, count: u32, first: vec2u, thread: u32) -> array<vec4f, 4> {
  var sums: array<vec4f, 4>;
  for (var step = k; step < k + count; step += DEPTH) {
    for (var s = thread; s < DEPTH * SIDE; s += THREADS) {
      left[s] = h[(step + s / SIDE) * params.n + first.x + s % SIDE];
      right[s] = delta[(step + s / SIDE) * params.rows + first.y + s % SIDE];
    }
    workgroupBarrier();
    multiply(thread, &sums);
    workgroupBarrier();
  }
  return sums;
}

/** g = H · delta. */
@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles = params.rows / SIDE;
  let tile = group_index(group, groups);
  let first = vec2u(tile / tiles, tile % tiles) * SIDE;
  if (first.x >= params.n) { return; }
  let sums = products(0u, params.n, first, thread);
  let part = first + own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { g[(part.x + i) * params.rows + part.y + j] = sums[i][j]; }
  }
}

/** The gradients of all columns outside of block k. */
@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles = params.rows / SIDE;
  let tile = group_index(group, groups);
  let first = vec2u(tile / tiles, tile % tiles) * SIDE;
  if (first.x >= params.n || first.x == params.k) { return; }
  let sums = products(params.k, SIDE, first, thread);
  let part = first + own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { g[(part.x + i) * params.rows + part.y + j] -= sums[i][j]; }
  }
}
