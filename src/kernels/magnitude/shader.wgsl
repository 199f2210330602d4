// WebGPU form of reference.ts, integers only: digit counts for radix selection (one thread an element) and the masks of keys
// above and equal to a threshold (one thread 32 elements). The caller walks the counts and deals out the ties.

struct Params { n: u32, prefix: u32, prefix_shift: u32, shift: u32, digits: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> above: array<u32>;
@group(0) @binding(4) var<storage, read_write> equal: array<u32>;

/** Counts the digit at `shift` of the keys whose bits from `prefix_shift` on equal `prefix`. */
@compute @workgroup_size(64)
fn count_digits(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = group_index(group, groups) * THREADS + thread;
  if (i >= params.n) { return; }
  let key = key_of(x[i]);
  if ((key >> params.prefix_shift) != params.prefix) { return; }
  atomicAdd(&counts[(key >> params.shift) & (params.digits - 1u)], 1u);
}

/** `prefix` is the threshold. */
@compute @workgroup_size(64)
fn threshold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (32u * at >= params.n) { return; }
  var more = 0u;
  var same = 0u;
  for (var bit = 0u; bit < 32u && 32u * at + bit < params.n; bit++) {
    let key = key_of(x[32u * at + bit]);
    more |= select(0u, 1u, key > params.prefix) << bit;
    same |= select(0u, 1u, key == params.prefix) << bit;
  }
  above[at] = more;
  equal[at] = same;
}
