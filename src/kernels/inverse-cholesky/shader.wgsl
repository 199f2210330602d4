// WebGPU form of reference.ts: the matrix read backwards, n a multiple of 32 (filled up with the identity), in place in blocks of
// 32: factor, solve and update give L, then substitute and finish give its inverse, block of rows after block of rows.
//
// Not exact: sums of a block may be fused and are taken in other portions. The tolerance is derived in testing/tolerance.ts.

struct Params { n: u32, k: u32 }

/** The matrix, then L, then L⁻¹. */
@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@group(0) @binding(1) var<storage, read> params: Params;
/** The diagonal blocks of L, [n][32]: they are needed while L⁻¹ overwrites them. */
@group(0) @binding(2) var<storage, read_write> diagonal: array<f32>;
/** A block of rows between substitute and finish, [32][n]. */
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
/** 1 when a pivot was not positive. */
@group(0) @binding(4) var<storage, read_write> fault: array<u32>;

var<workgroup> block: array<f32, 1024>;

/** Cholesky of the diagonal block k; one workgroup. */
@compute @workgroup_size(64)
fn factor(@builtin(local_invocation_index) thread: u32) {
  let k = params.k;
  for (var s = thread; s < SIDE * SIDE; s += THREADS) {
    block[s] = a[(k + s / SIDE) * params.n + k + s % SIDE];
  }
  for (var j = 0u; j < SIDE; j++) {
    workgroupBarrier();
    if (thread == 0u) {
      var pivot = block[j * SIDE + j];
      if (!(pivot > 0.0)) {
        fault[0] = 1u;
        pivot = 1.0;
      }
      block[j * SIDE + j] = sqrt(pivot);
    }
    workgroupBarrier();
    if (thread > j && thread < SIDE) { block[thread * SIDE + j] /= block[j * SIDE + j]; }
    workgroupBarrier();
    for (var s = thread; s < SIDE * SIDE; s += THREADS) {
      let i = s / SIDE;
      let c = s % SIDE;
      if (c > j && i >= c) { block[s] -= block[i * SIDE + j] * block[c * SIDE + j]; }
    }
  }
  workgroupBarrier();
  for (var s = thread; s < SIDE * SIDE; s += THREADS) {
    diagonal[k * SIDE + s] = select(block[s], 0.0, s % SIDE > s / SIDE);
  }
}

/** Columns of block k below it: a thread a row. */
@compute @workgroup_size(64)
fn solve(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = params.k + SIDE + group_index(group, groups) * THREADS + thread;
  if (row >= params.n) { return; }
  let at = row * params.n + params.k;
  var x: array<f32, 32>;
  for (var j = 0u; j < SIDE; j++) {
    let l = (params.k + j) * SIDE;
    var s = a[at + j];
    for (var t = 0u; t < j; t++) { s -= x[t] * diagonal[l + t]; }
    x[j] = s / diagonal[l + j];
    a[at + j] = x[j];
  }
}

/** What is right of block k, on and below the diagonal, minus the products of its columns. */
@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = params.k + SIDE;
  let tiles = (params.n - start) / SIDE;
  let tile = group_index(group, groups);
  if (tile >= tiles * tiles || tile % tiles > tile / tiles) { return; }
  let first = vec2u(start) + vec2u(tile / tiles, tile % tiles) * SIDE;
  var sums: array<vec4f, 4>;
  for (var step = 0u; step < SIDE; step += DEPTH) {
    for (var s = thread; s < DEPTH * SIDE; s += THREADS) {
      let column = params.k + step + s / SIDE;
      left[s] = a[(first.x + s % SIDE) * params.n + column];
      right[s] = a[(first.y + s % SIDE) * params.n + column];
    }
    workgroupBarrier();
    multiply(thread, &sums);
    workgroupBarrier();
  }
  let part = first + own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    let at = (part.x + i) * params.n + part.y;
    for (var j = 0u; j < 4u; j++) { a[at + j] -= sums[i][j]; }
  }
}

/** y = 0 − L[k …, 0 … k − 1] · L⁻¹[0 … k − 1, tile of columns]. */
@compute @workgroup_size(64)
fn substitute(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = group_index(group, groups) * SIDE;
  if (column >= params.k) { return; }
  var sums: array<vec4f, 4>;
  for (var step = column; step < params.k; step += DEPTH) {
    for (var s = thread; s < DEPTH * SIDE; s += THREADS) {
      left[s] = a[(params.k + s % SIDE) * params.n + step + s / SIDE];
      // Above the diagonal there is still the matrix, not L⁻¹.
      right[s] = select(a[(step + s / SIDE) * params.n + column + s % SIDE], 0.0, column + s % SIDE > step + s / SIDE);
    }
    workgroupBarrier();
    multiply(thread, &sums);
    workgroupBarrier();
  }
  let part = own_part(thread);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { y[(part.x + i) * params.n + column + part.y + j] = -sums[i][j]; }
  }
}

/** Rows k … k + 31 of L⁻¹: a thread a column. */
@compute @workgroup_size(64)
fn finish(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = group_index(group, groups) * THREADS + thread;
  if (column >= params.k + SIDE) { return; }
  var x: array<f32, 32>;
  for (var i = 0u; i < SIDE; i++) {
    let l = (params.k + i) * SIDE;
    var s = select(0.0, 1.0, column == params.k + i);
    if (column < params.k) { s = y[i * params.n + column]; }
    for (var t = 0u; t < i; t++) { s -= diagonal[l + t] * x[t]; }
    x[i] = s / diagonal[l + i];
    a[(params.k + i) * params.n + column] = x[i];
  }
}
