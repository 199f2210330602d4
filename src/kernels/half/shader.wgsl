// WebGPU form of reference.ts: integers only. to_half: one thread two halves; from_half: one thread an element.

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
/** Overflowed, flushed. */
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>, 2>;

const LEAST_NORMAL_HALF = 0x38800000u;

/** Whole units of 2^−24, ties to even. */
fn subnormal_half(magnitude: u32) -> u32 {
  let exponent = magnitude >> 23u;
  let shift = 126u - max(exponent, 1u);
  if (shift > 24u) { return 0u; }
  let significand = (magnitude & 0x7fffffu) | select(LEAST_NORMAL, 0u, exponent == 0u);
  let units = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let middle = 1u << (shift - 1u);
  let up = rest > middle || (rest == middle && (units & 1u) == 1u);
  return units + select(0u, 1u, up);
}

fn half_magnitude(magnitude: u32) -> u32 {
  if (magnitude > INFINITY_BITS) { return 0x7e00u; }
  if (magnitude == INFINITY_BITS) { return 0x7c00u; }
  if (magnitude < LEAST_NORMAL_HALF) {
    let units = subnormal_half(magnitude);
    if (units == 0u && magnitude != 0u) { atomicAdd(&counts[1], 1u); }
    return units;
  }
  let rebiased = magnitude - (112u << 23u);
  let rounded = (rebiased + 0xfffu + ((rebiased >> 13u) & 1u)) >> 13u;
  if (rounded > 0x7bffu) {
    atomicAdd(&counts[0], 1u);
    return 0x7bffu;
  }
  return rounded;
}

@compute @workgroup_size(64)
fn to_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  var pair = 0u;
  for (var j = 0u; j < 2u; j++) {
    let i = 2u * at + j;
    if (i < params.n) {
      let half = half_magnitude(x[i] & MAGNITUDE) | ((x[i] >> 16u) & 0x8000u);
      pair |= half << (16u * j);
    }
  }
  if (2u * at < params.n) { out[at] = pair; }
}

@compute @workgroup_size(64)
fn from_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = group_index(group, groups) * THREADS + thread;
  if (i >= params.n) { return; }
  let half = (x[i / 2u] >> (16u * (i % 2u))) & 0xffffu;
  let sign = (half & 0x8000u) << 16u;
  let exponent = (half >> 10u) & 31u;
  let fraction = half & 0x3ffu;
  var magnitude = ((exponent + 112u) << 23u) | (fraction << 13u);
  if (exponent == 31u) { magnitude = INFINITY_BITS | (fraction << 13u); }
  if (exponent == 0u) {
    // fraction · 2^−24: its highest bit gives the exponent.
    let top = firstLeadingBit(fraction);
    magnitude = select(((top + 103u) << 23u) | ((fraction << (23u - top)) & 0x7fffffu), 0u, fraction == 0u);
  }
  out[i] = sign | magnitude;
}
