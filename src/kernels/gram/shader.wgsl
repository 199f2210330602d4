// WebGPU form of reference.ts: one workgroup a 32 × 32 tile on or above the diagonal, written to both sides of it.
//
// Not exact: the products of some rows are added up before they are added to the matrix, and may be fused. The tolerance is derived
// in testing/tolerance.ts. Inputs that are not finite or very large never come here.

struct Params { rows: u32, n: u32, tiles: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> gram: array<f32>;

fn input(row: u32, column: u32) -> f32 {
  if (row >= params.rows || column >= params.n) { return 0.0; }
  return x[row * params.n + column];
}

@compute @workgroup_size(64)
fn add(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = group_index(group, groups);
  let first = vec2u(tile / params.tiles, tile % params.tiles) * SIDE;
  if (first.x >= params.n || first.y < first.x) { return; }
  var sums: array<vec4f, 4>;
  for (var row = 0u; row < params.rows; row += DEPTH) {
    for (var s = thread; s < DEPTH * SIDE; s += THREADS) {
      left[s] = input(row + s / SIDE, first.x + s % SIDE);
      right[s] = input(row + s / SIDE, first.y + s % SIDE);
    }
    workgroupBarrier();
    multiply(thread, &sums);
    workgroupBarrier();
  }
  let part = first + own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      let at = part + vec2u(i, j);
      if (at.y < at.x || at.y >= params.n) { continue; }
      let sum = gram[at.x * params.n + at.y] + sums[i][j];
      gram[at.x * params.n + at.y] = sum;
      gram[at.y * params.n + at.x] = sum;
    }
  }
}
