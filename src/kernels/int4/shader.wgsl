// WebGPU form of reference.ts: one thread four bytes of output.

struct Params { words: u32, signed: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

/** Four codes in bytes → two bytes of nibbles. */
fn squeeze(codes: u32) -> u32 {
  let low = codes & 0x0f0f0f0fu;
  let pairs = (low | (low >> 4u)) & 0x00ff00ffu;
  return (pairs | (pairs >> 8u)) & 0xffffu;
}

@compute @workgroup_size(64)
fn pack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (at >= params.words) { return; }
  out[at] = squeeze(x[2u * at]) | (squeeze(x[2u * at + 1u]) << 16u);
}

@compute @workgroup_size(64)
fn unpack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (at >= params.words) { return; }
  let nibbles = (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
  var codes = 0u;
  for (var j = 0u; j < 4u; j++) {
    var code = (nibbles >> (4u * j)) & 15u;
    if (params.signed == 1u && code > 7u) { code |= 0xf0u; }
    codes |= code << (8u * j);
  }
  out[at] = codes;
}
