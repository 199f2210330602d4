// WebGPU form of reference.ts: one workgroup a segment of a row, squared errors of all factors in float32.
//
// Not exact: there is no float64, and a device may fuse x − q · s and the sum of squares. Rows are scaled by a power of two so
// that the largest magnitude is in [1, 2): nothing over- or underflows. The tolerance is derived in testing/tolerance.ts.

struct Params { segments: u32, columns: u32, per_row: u32, length: u32, factors: u32, low: f32, high: f32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
/** Exponent of the largest magnitude of each row. */
@group(0) @binding(2) var<storage, read> exponents: array<i32>;
/** Scale and its inverse for each row and factor, scaled like the row. */
@group(0) @binding(3) var<storage, read> scales: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(64)
fn errors(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups);
  if (segment >= params.segments) { return; }
  let row = segment / params.per_row;
  let start = (segment % params.per_row) * params.length;
  let first = row * params.columns + start;
  let to = first + min(params.length, params.columns - start);
  for (var f = 0u; f < params.factors; f++) {
    let scale = scales[row * params.factors + f];
    var sum = 0.0;
    for (var i = first + thread; i < to; i += THREADS) {
      let value = scaled_down(x[i], exponents[row]);
      let q = round(clamp(value * scale.y, params.low, params.high));
      let e = value - q * scale.x;
      sum += e * e;
    }
    sums[thread] = sum;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (thread < half) { sums[thread] += sums[thread + half]; }
    }
    if (thread == 0u) { out[segment * params.factors + f] = sums[0]; }
    workgroupBarrier();
  }
}
