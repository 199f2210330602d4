// Put in front of every kernel's shader. Floats travel as bit patterns (u32): WGSL lets a device flush denormals and assume
// that NaN and infinities do not occur, so those are recognised and made as integers. What is left to float arithmetic is
// multiplication, addition and subtraction of normal numbers, which WGSL rounds correctly.

const MAGNITUDE = 0x7fffffffu;
const INFINITY_BITS = 0x7f800000u;
const SIGN = 0x80000000u;
const LEAST_NORMAL = 0x00800000u;
const QUIET_NAN = 0x7fc00000u;
const THREADS = 64u;

/** Number of a workgroup in a dispatch that is spread over two dimensions. */
fn group_index(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}

/** Bits of |x|, NaN as those of +Infinity. */
fn key_of(bits: u32) -> u32 {
  return min(bits & MAGNITUDE, INFINITY_BITS);
}

/** significand · 2^exponent, significand in [1, 2). */
struct Parts {
  significand: f32,
  exponent: i32,
}

/** Of the magnitude bits of a finite number other than 0, denormals included. */
fn split(magnitude: u32) -> Parts {
  if (magnitude >= LEAST_NORMAL) {
    return Parts(bitcast<f32>((magnitude & 0x7fffffu) | 0x3f800000u), i32(magnitude >> 23u) - 127);
  }
  let top = firstLeadingBit(magnitude);
  let fraction = (magnitude << (23u - top)) & 0x7fffffu;
  return Parts(bitcast<f32>(fraction | 0x3f800000u), i32(top) - 149);
}

/** 2^e for e in −126..127. */
fn power_of_two(e: i32) -> f32 {
  return bitcast<f32>(u32(e + 127) << 23u);
}

/** x · 2^−shift for finite x; what would be denormal is 0. */
fn scaled_down(bits: u32, shift: i32) -> f32 {
  let magnitude = bits & MAGNITUDE;
  if (magnitude == 0u || magnitude >= INFINITY_BITS) { return 0.0; }
  let parts = split(magnitude);
  let exponent = parts.exponent - shift;
  if (exponent < -126) { return 0.0; }
  let value = parts.significand * power_of_two(exponent);
  return select(value, -value, (bits & SIGN) != 0u);
}
