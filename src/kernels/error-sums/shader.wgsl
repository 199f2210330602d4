// WebGPU form of reference.ts: one workgroup a segment, sums in float32 of values scaled to magnitudes below 2.
//
// Not exact: there is no float64. The tolerance is derived in testing/tolerance.ts. NaN and infinities are reported as flags.

struct Params { segments: u32, n: u32, length: u32, exponent: i32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read> y: array<u32>;
/** A segment: bits of Σ x², Σ d², largest |d|, flags. */
@group(0) @binding(3) var<storage, read_write> out: array<vec4u>;

var<workgroup> signals: array<f32, THREADS>;
var<workgroup> noises: array<f32, THREADS>;
var<workgroup> largest: array<f32, THREADS>;
var<workgroup> flags: array<u32, THREADS>;

/** 1: x is NaN · 2: x is infinite · 4: the difference is NaN · 8: it is infinite. */
fn flags_of(a: u32, b: u32) -> u32 {
  let x_size = a & MAGNITUDE;
  let y_size = b & MAGNITUDE;
  var found = select(0u, 1u, x_size > INFINITY_BITS) | select(0u, 2u, x_size == INFINITY_BITS);
  if (x_size > INFINITY_BITS || y_size > INFINITY_BITS || (x_size == INFINITY_BITS && a == b)) {
    return found | 4u;
  }
  return found | select(0u, 8u, x_size == INFINITY_BITS || y_size == INFINITY_BITS);
}

@compute @workgroup_size(64)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups);
  if (segment >= params.segments) { return; }
  let first = segment * params.length;
  let to = min(first + params.length, params.n);
  var signal = 0.0;
  var noise = 0.0;
  var most = 0.0;
  var found = 0u;
  for (var i = first + thread; i < to; i += THREADS) {
    found |= flags_of(x[i], y[i]);
    let value = scaled_down(x[i], params.exponent);
    signal += value * value;
    if (max(x[i] & MAGNITUDE, y[i] & MAGNITUDE) < INFINITY_BITS) {
      let d = value - scaled_down(y[i], params.exponent);
      noise += d * d;
      most = max(most, abs(d));
    }
  }
  signals[thread] = signal;
  noises[thread] = noise;
  largest[thread] = most;
  flags[thread] = found;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      signals[thread] += signals[thread + half];
      noises[thread] += noises[thread + half];
      largest[thread] = max(largest[thread], largest[thread + half]);
      flags[thread] |= flags[thread + half];
    }
  }
  if (thread == 0u) {
    out[segment] = vec4u(bitcast<u32>(signals[0]), bitcast<u32>(noises[0]), bitcast<u32>(largest[0]), flags[0]);
  }
}
