// Gradients of the sample's network against central finite differences, in doubles.
import { expect, test } from 'vitest';
import { multiply, multiplyTransposed } from './gemm.ts';
import { softmaxCrossEntropy } from './head.ts';
import { createNetwork, type Plan } from './network.ts';
import { adam, cosineRate } from './optimizer.ts';
import { seededRandom } from './random.ts';

const BATCH = 3;
/** Small, but with both strides, odd and even sizes (9 → 5 → 3), and channel counts that leave tails in the tiles. */
const PLAN: Plan = {
  input: { channels: 1, height: 9, width: 9 },
  stemChannels: 3,
  blocks: [
    { channels: 5, stride: 1 },
    { channels: 7, stride: 2 },
  ],
  classes: 4,
};

function lossOfSmallNetwork() {
  const random = seededRandom(11);
  const network = createNetwork(PLAN, { batch: BATCH, floats: (n) => new Float64Array(n), random });
  // Away from the start values γ = 1, β = 0, so that a factor left out would show.
  for (const p of network.parameters) {
    if (!p.decays) for (let i = 0; i < p.value.length; i++) p.value[i] += 0.3 * random.normal();
  }
  const images = new Float64Array(BATCH * 81).map(() => random.uniform());
  const labels = Uint8Array.of(0, 3, 1);
  const gradient = new Float64Array(BATCH * PLAN.classes);
  const loss = (): number =>
    softmaxCrossEntropy(network.forward(images, true), labels, PLAN.classes, gradient);
  return { network, loss, gradient };
}

test('backward equals the central difference of the loss, for every parameter', () => {
  const { network, loss, gradient } = lossOfSmallNetwork();
  loss();
  network.backward(gradient);
  const analytic = network.parameters.map((p) => Float64Array.from(p.gradient));
  // Error of a central difference: about h² (third derivative) + ε·loss/h = 1e-10 + 2e-16/1e-5 = 1e-10 for h = 1e-5.
  // 1e-7 leaves room for the third derivative, which normalization over few positions makes large; a wrong term
  // shows at the size of the gradient itself (1e-3 … 1).
  const h = 1e-5;
  const tolerance = 1e-7;
  let checked = 0;
  network.parameters.forEach((p, at) => {
    for (let i = 0; i < p.value.length; i++) {
      const kept = p.value[i];
      p.value[i] = kept + h;
      const above = loss();
      p.value[i] = kept - h;
      const below = loss();
      p.value[i] = kept;
      const numeric = (above - below) / (2 * h);
      expect(
        Math.abs(numeric - analytic[at][i]),
        `${p.name}[${i}]: ${numeric} ≠ ${analytic[at][i]}`,
      ).toBeLessThan(tolerance);
      checked++;
    }
  });
  // stem 27+6, block1 27+6 + 15+10, block2 45+10 + 35+14, dense 28+4.
  expect(checked).toBe(227);
});

test('matrix products equal the sum by definition, tails included', () => {
  const random = seededRandom(5);
  for (const [m, k, n] of [
    [1, 1, 1],
    [4, 3, 8],
    [5, 7, 6],
    [9, 2, 5],
    [8, 4, 4],
  ]) {
    const a = new Float64Array(m * k).map(() => random.normal());
    const b = new Float64Array(k * n).map(() => random.normal());
    const bTransposed = new Float64Array(n * k).map((_, i) => b[(i % k) * n + Math.floor(i / k)]);
    const expected = new Float64Array(m * n).map((_, i) => {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[Math.floor(i / n) * k + p] * b[p * n + (i % n)];
      return sum;
    });
    const plain = new Float64Array(m * n);
    multiply(plain, a, b, m, k, n);
    // The same additions in the same order: equal to the last bit.
    expect(plain).toEqual(expected);
    const turned = new Float64Array(m * n);
    multiplyTransposed(turned, a, bTransposed, m, k, n);
    expect(turned).toEqual(expected);
  }
});

test('one Adam step moves every weight by the learning rate against its gradient', () => {
  const p = {
    name: 'w',
    dims: [2],
    value: Float64Array.of(1, -1),
    gradient: Float64Array.of(0.5, -3),
    decays: false,
  };
  adam([p])(0.1);
  // Step 1: mean/√square after bias correction is the sign of the gradient; ε = 1e-8 and float32 slots cost < 1e-6.
  expect(p.value[0]).toBeCloseTo(0.9, 6);
  expect(p.value[1]).toBeCloseTo(-0.9, 6);
});

test('the schedule warms up, peaks and ends near zero', () => {
  expect(cosineRate(0, 100, 1, 10)).toBeCloseTo(0.1, 12);
  expect(cosineRate(10, 100, 1, 10)).toBe(1);
  expect(cosineRate(55, 100, 1, 10)).toBeCloseTo(0.5, 12);
  expect(cosineRate(99, 100, 1, 10)).toBeLessThan(0.001);
});
