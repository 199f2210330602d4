// WebGPU form of reference.ts, integers only. pack: one thread 32 flags; apply: one thread an element; compress: one thread
// 32 codes, whose place in the output the caller has counted.

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
/** Kept codes before each mask word. */
@group(0) @binding(3) var<storage, read> places: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<u32>;
@group(0) @binding(5) var<storage, read_write> bytes: array<atomic<u32>>;

fn byte_at(i: u32) -> u32 {
  return (x[i / 4u] >> (8u * (i % 4u))) & 0xffu;
}

@compute @workgroup_size(64)
fn pack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (32u * at >= params.n) { return; }
  var bits = 0u;
  for (var bit = 0u; bit < 32u && 32u * at + bit < params.n; bit++) {
    bits |= select(0u, 1u, byte_at(32u * at + bit) != 0u) << bit;
  }
  out[at] = bits;
}

@compute @workgroup_size(64)
fn apply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = group_index(group, groups) * THREADS + thread;
  if (i >= params.n) { return; }
  out[i] = select(0u, x[i], ((mask[i / 32u] >> (i % 32u)) & 1u) == 1u);
}

@compute @workgroup_size(64)
fn compress(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (32u * at >= params.n) { return; }
  var place = places[at];
  for (var bit = 0u; bit < 32u && 32u * at + bit < params.n; bit++) {
    if (((mask[at] >> bit) & 1u) == 1u) {
      // Threads share words of the output, which starts as zeros.
      atomicOr(&bytes[place / 4u], byte_at(32u * at + bit) << (8u * (place % 4u)));
      place++;
    }
  }
}
