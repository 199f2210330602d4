// WebGPU form of reference.ts: one thread four bytes of codes.
//
// Exact: x and 1/scale are split into significand and exponent as integers, so the only float operation that rounds is the
// product of two significands, in [1, 4). Its rounding is that of x · inverse wherever the result is a normal number; where it
// is not, the code does not depend on it.

struct Params { n: u32, columns: u32, low: i32, high: i32, signed: u32 }

/** One factor (1/scale or scale) and the zero point of a row. */
struct Row {
  /** 0: zero (or, for 1/scale, NaN) · 1: normal parts · 2: infinite · 3: NaN · 4: denormal, `bits` has the integer. */
  kind: u32,
  exponent: i32,
  /** Significand in [1, 2) with the sign; only the sign for kinds 0 and 2. */
  bits: u32,
  zero: i32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> params: Params;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;

fn relative_code(bits: u32, row: Row) -> i32 {
  let low = params.low - row.zero;
  let high = params.high - row.zero;
  let magnitude = bits & MAGNITUDE;
  if (magnitude == 0u || magnitude > INFINITY_BITS || row.kind == 0u) { return clamp(0, low, high); }
  let negative = ((bits ^ row.bits) & SIGN) != 0u;
  if (magnitude == INFINITY_BITS || row.kind == 2u) { return select(high, low, negative); }
  let parts = split(magnitude);
  let exponent = parts.exponent + row.exponent;
  if (exponent > 20) { return select(high, low, negative); } // beyond any code and zero point
  if (exponent < -2) { return clamp(0, low, high); } // below 4 · 2^−3: rounds to 0
  let significand = parts.significand * bitcast<f32>(row.bits & MAGNITUDE);
  let t = significand * power_of_two(exponent);
  return i32(round(clamp(select(t, -t, negative), f32(low), f32(high))));
}

@compute @workgroup_size(64)
fn quantize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = group_index(group, groups) * THREADS + thread;
  if (4u * at >= params.n) { return; }
  var packed = 0u;
  for (var j = 0u; j < 4u; j++) {
    let i = 4u * at + j;
    if (i < params.n) {
      let row = rows[i / params.columns];
      packed |= (u32(relative_code(x[i], row) + row.zero) & 0xffu) << (8u * j);
    }
  }
  out[at] = packed;
}

fn decoded(difference: i32, row: Row) -> u32 {
  var sign = row.bits & SIGN;
  if (difference < 0) { sign ^= SIGN; }
  let k = u32(abs(difference));
  if (row.kind == 3u || (row.kind == 2u && k == 0u)) { return QUIET_NAN; }
  if (row.kind == 2u) { return sign | INFINITY_BITS; }
  if (row.kind == 0u || k == 0u) { return sign; }
  if (row.kind == 4u) {
    // Whole units of 2^−149: below 2^24 they are the bit pattern, above it the product is a normal number.
    let units = row.bits & MAGNITUDE;
    let product = f32(k) * f32(units);
    if (product < 16777216.0) { return sign | (k * units); }
    return sign | (bitcast<u32>(product) - (149u << 23u));
  }
  let product = bitcast<u32>(f32(k) * bitcast<f32>(row.bits & MAGNITUDE));
  let exponent = i32(product >> 23u) + row.exponent;
  if (exponent > 254) { return sign | INFINITY_BITS; }
  return sign | (u32(exponent) << 23u) | (product & 0x7fffffu);
}

@compute @workgroup_size(64)
fn dequantize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = group_index(group, groups) * THREADS + thread;
  if (i >= params.n) { return; }
  var code = i32((x[i / 4u] >> (8u * (i % 4u))) & 0xffu);
  if (params.signed == 1u && code > 127) { code -= 256; }
  let row = rows[i / params.columns];
  out[i] = decoded(code - row.zero, row);
}
