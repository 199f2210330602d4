// WebGPU form of reference.ts, integers only: one workgroup a segment of a row, or one thread where rows are narrow. The caller
// joins the segments.

struct Params {
  segments: u32,
  columns: u32,
  per_row: u32,
  length: u32,
  /** Magnitude bits above it count as 0: NaN, or infinities too. */
  limit: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

var<workgroup> least: array<u32, THREADS>;
var<workgroup> most: array<u32, THREADS>;

struct Span { first: u32, to: u32 }

fn span_of(segment: u32) -> Span {
  let row = segment / params.per_row;
  let start = (segment % params.per_row) * params.length;
  let first = row * params.columns + start;
  return Span(first, first + min(params.length, params.columns - start));
}

/** Every `step`-th element from `begin` on. */
fn largest_magnitude(begin: u32, to: u32, step: u32) -> u32 {
  var found = 0u;
  for (var i = begin; i < to; i += step) {
    let magnitude = x[i] & MAGNITUDE;
    found = max(found, select(magnitude, 0u, magnitude > params.limit));
  }
  return found;
}

/** Orders all floats as unsigned integers, −0 before +0. */
fn order_key(bits: u32) -> u32 {
  return select(bits | SIGN, ~bits, (bits & SIGN) != 0u);
}

/** Least and largest key; all ones and 0 where there is no number. */
fn key_range(begin: u32, to: u32, step: u32) -> vec2u {
  var range = vec2u(0xffffffffu, 0u);
  for (var i = begin; i < to; i += step) {
    if ((x[i] & MAGNITUDE) <= params.limit) {
      let key = order_key(x[i]);
      range = vec2u(min(range.x, key), max(range.y, key));
    }
  }
  return range;
}

fn reduce(thread: u32) {
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      least[thread] = min(least[thread], least[thread + half]);
      most[thread] = max(most[thread], most[thread + half]);
    }
  }
}

@compute @workgroup_size(64)
fn absmax(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups);
  if (segment >= params.segments) { return; }
  let span = span_of(segment);
  least[thread] = 0u;
  most[thread] = largest_magnitude(span.first + thread, span.to, THREADS);
  reduce(thread);
  if (thread == 0u) { out[segment] = most[0]; }
}

@compute @workgroup_size(64)
fn absmax_narrow(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups) * THREADS + thread;
  if (segment >= params.segments) { return; }
  let span = span_of(segment);
  out[segment] = largest_magnitude(span.first, span.to, 1u);
}

@compute @workgroup_size(64)
fn minmax(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups);
  if (segment >= params.segments) { return; }
  let span = span_of(segment);
  let range = key_range(span.first + thread, span.to, THREADS);
  least[thread] = range.x;
  most[thread] = range.y;
  reduce(thread);
  if (thread == 0u) {
    out[2u * segment] = least[0];
    out[2u * segment + 1u] = most[0];
  }
}

@compute @workgroup_size(64)
fn minmax_narrow(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let segment = group_index(group, groups) * THREADS + thread;
  if (segment >= params.segments) { return; }
  let span = span_of(segment);
  let range = key_range(span.first, span.to, 1u);
  out[2u * segment] = range.x;
  out[2u * segment + 1u] = range.y;
}
