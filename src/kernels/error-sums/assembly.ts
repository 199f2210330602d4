// SIMD form of reference.ts. Sums live at `state` between segments (multiples of 4 elements):
// float64 signal[4], noise[4], maxError[2].

@inline
function larger(most: v128, d: v128): v128 {
  return f64x2.pmax(most, f64x2.abs(d)); // keeps `most` when d is NaN
}

export function errorSums(x: usize, y: usize, n: i32, state: usize): void {
  let s01 = v128.load(state);
  let s23 = v128.load(state, 16);
  let n01 = v128.load(state, 32);
  let n23 = v128.load(state, 48);
  let most = v128.load(state, 64);
  let left = n;
  for (; left >= 4; left -= 4, x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    const a01 = f64x2.promote_low_f32x4(a);
    const a23 = f64x2.promote_low_f32x4(i32x4.shuffle(a, a, 2, 3, 2, 3));
    const d01 = f64x2.sub(a01, f64x2.promote_low_f32x4(b));
    const d23 = f64x2.sub(a23, f64x2.promote_low_f32x4(i32x4.shuffle(b, b, 2, 3, 2, 3)));
    s01 = f64x2.add(s01, f64x2.mul(a01, a01));
    s23 = f64x2.add(s23, f64x2.mul(a23, a23));
    n01 = f64x2.add(n01, f64x2.mul(d01, d01));
    n23 = f64x2.add(n23, f64x2.mul(d23, d23));
    most = larger(larger(most, d01), d23);
  }
  v128.store(state, s01);
  v128.store(state, s23, 16);
  v128.store(state, n01, 32);
  v128.store(state, n23, 48);
  v128.store(state, most, 64);
  for (; left > 0; left--, x += 4, y += 4, state += 8) {
    const a = <f64>load<f32>(x);
    const d = a - <f64>load<f32>(y);
    store<f64>(state, load<f64>(state) + a * a);
    store<f64>(state, load<f64>(state, 32) + d * d, 32);
    most = larger(most, f64x2.splat(d));
  }
  // The tail moved `state` on by one float64 an element.
  v128.store(state - (<usize>(n & 3) << 3), most, 64);
}
