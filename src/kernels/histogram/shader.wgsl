// WebGPU form of reference.ts: one thread an element, counts by atomic addition.
//
// Exact: comparisons are on integers. A denormal x matters only where the power is 2^100, and is then scaled from its integer
// form; elsewhere the width is at least 2^−60, so x − low differs from −low by less than half a unit or falls in the first bin
// with or without x. x · power is exact or, with 2^−64, too small to move a bin of a width above 2^64.

struct Params {
  n: u32,
  low: u32,
  high: u32,
  power: f32,
  base: f32,
  per_unit: f32,
  bins: u32,
  /** bins − 1 when low = high, else 0. */
  first: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

/** Orders floats as unsigned integers, −0 equal to +0. */
fn order_key(bits: u32) -> u32 {
  if (bits == SIGN) { return SIGN; }
  return select(bits | SIGN, ~bits, (bits & SIGN) != 0u);
}

fn scaled(bits: u32) -> f32 {
  let magnitude = bits & MAGNITUDE;
  if (magnitude >= LEAST_NORMAL) { return bitcast<f32>(bits) * params.power; }
  if (params.power <= 1.0) { return 0.0; }
  let value = f32(magnitude) * power_of_two(-49); // units of 2^−149, times 2^100
  return select(value, -value, (bits & SIGN) != 0u);
}

@compute @workgroup_size(64)
fn count(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = group_index(group, groups) * THREADS + thread;
  if (i >= params.n) { return; }
  let bits = x[i];
  if ((bits & MAGNITUDE) > INFINITY_BITS) { return; }
  let key = order_key(bits);
  if (key < order_key(params.low) || key > order_key(params.high)) { return; }
  let place = (scaled(bits) - params.base) * params.per_unit;
  let bin = min(max(u32(place), params.first), params.bins - 1u);
  atomicAdd(&counts[bin], 1u);
}
