// WebGPU form of reference.ts, integers only: one thread 32 bits of the mask.

struct Params { count: u32, columns: u32, n: u32, m: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

fn stays(i: u32) -> bool {
  let column = i % params.columns;
  let row_start = i - column;
  let first = row_start + column - column % params.m;
  let to = min(first + params.m, row_start + params.columns);
  let own = key_of(x[i]);
  var beaten_by = 0u;
  for (var j = first; j < to; j++) {
    let other = key_of(x[j]);
    if (other > own || (other == own && j < i)) { beaten_by++; }
  }
  return beaten_by < params.n;
}

@compute @workgroup_size(64)
fn nm_mask(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (32u * at >= params.count) { return; }
  var bits = 0u;
  for (var bit = 0u; bit < 32u && 32u * at + bit < params.count; bit++) {
    bits |= select(0u, 1u, stays(32u * at + bit)) << bit;
  }
  out[at] = bits;
}
