// WebGPU form of reference.ts: a thread a row, blocks of 32 columns; what a block's errors do to the later columns is a product of
// tiles. Columns and rows are multiples of 32; weights are [columns][rows], so that neighbouring threads read neighbours.
//
// Not exact: sums may be fused and are taken in other portions, so a weight near the middle of two codes may get the other one.
// testing/tolerance.ts derives how near. Weights that are not finite or very large never come here.

struct Params { n: u32, rows: u32, k: u32, low: f32, high: f32 }

@group(0) @binding(0) var<storage, read_write> v: array<f32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read> u: array<f32>;
/** Scale, its inverse (0 for 0), zero point: [groups][rows]. */
@group(0) @binding(3) var<storage, read> grids: array<vec4f>;
@group(0) @binding(4) var<storage, read> group_of: array<u32>;
@group(0) @binding(5) var<storage, read_write> codes: array<i32>;
/** Of the block, [32][rows]. */
@group(0) @binding(6) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(64)
fn round_block(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group_index(group, groups) * THREADS + thread;
  if (row >= params.rows) { return; }
  var e: array<f32, 32>;
  for (var c = 0u; c < SIDE; c++) {
    let column = params.k + c;
    let at = column * params.rows + row;
    var value = v[at];
    for (var t = 0u; t < c; t++) { value -= e[t] * u[(params.k + t) * params.n + column]; }
    let grid = grids[group_of[column] * params.rows + row];
    let q = round(clamp(value * grid.y, params.low - grid.z, params.high - grid.z));
    codes[at] = i32(q + grid.z);
    e[c] = (value - q * grid.x) / u[column * params.n + column];
    errors[c * params.rows + row] = e[c];
  }
}

/** Later columns minus errors · U. */
@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles = params.rows / SIDE;
  let tile = group_index(group, groups);
  let column = params.k + SIDE + (tile / tiles) * SIDE;
  let row = (tile % tiles) * SIDE;
  if (column >= params.n) { return; }
  var sums: array<vec4f, 4>;
  for (var step = 0u; step < SIDE; step += DEPTH) {
    for (var s = thread; s < DEPTH * SIDE; s += THREADS) {
      left[s] = u[(params.k + step + s / SIDE) * params.n + column + s % SIDE];
      right[s] = errors[(step + s / SIDE) * params.rows + row + s % SIDE];
    }
    workgroupBarrier();
    multiply(thread, &sums);
    workgroupBarrier();
  }
  let part = vec2u(column, row) + own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    let at = (part.x + i) * params.rows + part.y;
    for (var j = 0u; j < 4u; j++) { v[at + j] -= sums[i][j]; }
  }
}
