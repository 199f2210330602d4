// Put in front of the matrix kernels' shaders, after common.wgsl: products of 32 × 32 tiles. A workgroup loads DEPTH steps of both
// factors to `left` and `right`, [step][SIDE] each, then every thread adds them to its 4 × 4 sums. A device may fuse a product
// and its addition, and the steps of a sum may come in another order than in the specification: see testing/tolerance.ts.

const SIDE = 32u;
const DEPTH = 16u;

var<workgroup> left: array<f32, 512>;
var<workgroup> right: array<f32, 512>;

/** First row (x) and column (y) of a thread's sums in the tile. */
fn own_part(thread: u32) -> vec2u {
  return vec2u(thread / 8u, thread % 8u) * 4u;
}

/** sums[i][j] += Σ left[k][row + i] · right[k][column + j] over the loaded steps. */
fn multiply(thread: u32, sums: ptr<function, array<vec4f, 4>>) {
  let part = own_part(thread);
  for (var k = 0u; k < DEPTH; k++) {
    let at = k * SIDE + part.y;
    let b = vec4f(right[at], right[at + 1u], right[at + 2u], right[at + 3u]);
    for (var i = 0u; i < 4u; i++) {
      (*sums)[i] += left[k * SIDE + part.x + i] * b;
    }
  }
}
