/**
 * The layers of the sample's network, forward and backward, each with the derivation beside the code.
 * It must not know the network's shape, the data or the optimizer.
 *
 * Activations are channel-major: [channels][image][row][column]. Then a 1×1 convolution over a batch is one matrix
 * product, and batch normalization and depthwise convolution work on contiguous rows.
 */
import { multiply, multiplyTransposed, transpose, type Floats } from './gemm.ts';
import type { Random } from './random.ts';

export interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A trainable array and the gradient of the loss with respect to it. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly value: Floats;
  readonly gradient: Floats;
  /** Weight decay is for weights, not for scales and biases. */
  readonly decays: boolean;
}

export interface Layer {
  readonly output: Shape;
  readonly parameters: readonly Parameter[];
  /** `training` uses and updates batch statistics. The result is the layer's own buffer. */
  forward(x: Floats, training: boolean): Floats;
  /** From d loss/d output to d loss/d input, for the last training forward; sets the parameters' gradients. */
  backward(gradient: Floats): Floats;
}

/** What every layer needs to be built: the batch size, the precision and the seeded generator. */
export interface Build {
  readonly batch: number;
  readonly floats: (count: number) => Floats;
  readonly random: Random;
}

export function parameter(build: Build, name: string, dims: readonly number[], decays: boolean): Parameter {
  const count = dims.reduce((product, d) => product * d, 1);
  return { name, dims, value: build.floats(count), gradient: build.floats(count), decays };
}

/** He initialization: variance 2 / fan-in keeps the spread of activations through ReLU. */
function initialize(weight: Parameter, fanIn: number, random: Random): void {
  const deviation = Math.sqrt(2 / fanIn);
  for (let i = 0; i < weight.value.length; i++) weight.value[i] = deviation * random.normal();
}

const sizeOf = (build: Build, s: Shape): number => s.channels * build.batch * s.height * s.width;

/** 3×3 kernel, padding 1: the output is ⌈size / stride⌉ wide. */
function strided(input: Shape, channels: number, stride: number): Shape {
  return {
    channels,
    height: Math.ceil(input.height / stride),
    width: Math.ceil(input.width / stride),
  };
}

const KERNEL = 3;
const TAPS = KERNEL * KERNEL;

/** First layer: 3×3 convolution of one-channel images by im2col. It has no use for the input's gradient. */
export function stem(
  build: Build,
  name: string,
  input: Shape,
  channels: number,
  stride: number,
): Layer & { readonly weight: Parameter } {
  if (input.channels !== 1) throw new Error(`stem takes one channel, not ${input.channels}`);
  const output = strided(input, channels, stride);
  const weight = parameter(build, `${name}.weight`, [channels, 1, KERNEL, KERNEL], true);
  initialize(weight, TAPS, build.random);
  const positions = build.batch * output.height * output.width;
  const columns = build.floats(TAPS * positions);
  const y = build.floats(channels * positions);
  const none = build.floats(0);
  return {
    output,
    weight,
    parameters: [weight],
    forward(x) {
      let p = 0;
      for (let image = 0; image < build.batch; image++) {
        for (let oy = 0; oy < output.height; oy++) {
          for (let ox = 0; ox < output.width; ox++, p++) {
            for (let tap = 0; tap < TAPS; tap++) {
              const iy = oy * stride - 1 + Math.floor(tap / KERNEL);
              const ix = ox * stride - 1 + (tap % KERNEL);
              const inside = iy >= 0 && iy < input.height && ix >= 0 && ix < input.width;
              columns[tap * positions + p] = inside ? x[(image * input.height + iy) * input.width + ix] : 0;
            }
          }
        }
      }
      multiply(y, weight.value, columns, channels, TAPS, positions);
      return y;
    },
    backward(gradient) {
      multiplyTransposed(weight.gradient, gradient, columns, channels, positions, TAPS);
      return none;
    },
  };
}

/** 1×1 convolution: Y = W·X, so dW = dY·Xᵀ and dX = Wᵀ·dY. */
export function pointwise(
  build: Build,
  name: string,
  input: Shape,
  channels: number,
): Layer & { readonly weight: Parameter } {
  const output = { ...input, channels };
  const weight = parameter(build, `${name}.weight`, [channels, input.channels, 1, 1], true);
  initialize(weight, input.channels, build.random);
  const positions = build.batch * input.height * input.width;
  const y = build.floats(channels * positions);
  const dx = build.floats(input.channels * positions);
  const turned = build.floats(weight.value.length);
  let seen: Floats = dx;
  return {
    output,
    weight,
    parameters: [weight],
    forward(x) {
      seen = x;
      multiply(y, weight.value, x, channels, input.channels, positions);
      return y;
    },
    backward(gradient) {
      multiplyTransposed(weight.gradient, gradient, seen, channels, positions, input.channels);
      transpose(turned, weight.value, channels, input.channels);
      multiply(dx, turned, gradient, input.channels, channels, positions);
      return dx;
    },
  };
}

/** 3×3 depthwise convolution: each channel has its own nine weights. Planes are copied into a zero border first. */
export function depthwise(
  build: Build,
  name: string,
  input: Shape,
  stride: number,
): Layer & { readonly weight: Parameter } {
  const output = strided(input, input.channels, stride);
  const weight = parameter(build, `${name}.weight`, [input.channels, 1, KERNEL, KERNEL], true);
  initialize(weight, TAPS, build.random);
  const y = build.floats(sizeOf(build, output));
  const dx = build.floats(sizeOf(build, input));
  const padded = build.floats((input.height + 2) * (input.width + 2));
  const spread = build.floats(padded.length);
  let seen: Floats = dx;
  const planes = { build, input, output, stride };
  return {
    output,
    weight,
    parameters: [weight],
    forward(x) {
      seen = x;
      depthwiseForward(planes, y, x, weight.value, padded);
      return y;
    },
    backward(gradient) {
      depthwiseBackward(planes, dx, weight, gradient, seen, padded, spread);
      return dx;
    },
  };
}

interface Planes {
  readonly build: Build;
  readonly input: Shape;
  readonly output: Shape;
  readonly stride: number;
}

/** Copies one plane into the middle of a buffer whose border stays zero. */
function pad(padded: Floats, x: Floats, from: number, s: Shape): void {
  for (let row = 0; row < s.height; row++) {
    const to = (row + 1) * (s.width + 2) + 1;
    const source = from + row * s.width;
    for (let column = 0; column < s.width; column++) padded[to + column] = x[source + column];
  }
}

function depthwiseForward(planes: Planes, y: Floats, x: Floats, w: Floats, padded: Floats): void {
  const { build, input, output, stride } = planes;
  const line = input.width + 2;
  const area = input.height * input.width;
  let o = 0;
  for (let channel = 0; channel < input.channels; channel++) {
    const k = channel * TAPS;
    const w0 = w[k];
    const w1 = w[k + 1];
    const w2 = w[k + 2];
    const w3 = w[k + 3];
    const w4 = w[k + 4];
    const w5 = w[k + 5];
    const w6 = w[k + 6];
    const w7 = w[k + 7];
    const w8 = w[k + 8];
    for (let image = 0; image < build.batch; image++) {
      pad(padded, x, (channel * build.batch + image) * area, input);
      for (let oy = 0; oy < output.height; oy++) {
        let i = oy * stride * line;
        for (let ox = 0; ox < output.width; ox++, o++, i += stride) {
          const j = i + line;
          const l = j + line;
          y[o] =
            w0 * padded[i] +
            w1 * padded[i + 1] +
            w2 * padded[i + 2] +
            w3 * padded[j] +
            w4 * padded[j + 1] +
            w5 * padded[j + 2] +
            w6 * padded[l] +
            w7 * padded[l + 1] +
            w8 * padded[l + 2];
        }
      }
    }
  }
}

/** dW[tap] sums gradient × the input under the tap; dX spreads gradient × weight back over the nine taps. */
function depthwiseBackward(
  planes: Planes,
  dx: Floats,
  weight: Parameter,
  gradient: Floats,
  x: Floats,
  padded: Floats,
  spread: Floats,
): void {
  const { build, input, output, stride } = planes;
  const line = input.width + 2;
  const area = input.height * input.width;
  const sums = new Float64Array(TAPS);
  const w = new Float64Array(TAPS);
  let o = 0;
  for (let channel = 0; channel < input.channels; channel++) {
    const k = channel * TAPS;
    sums.fill(0);
    for (let tap = 0; tap < TAPS; tap++) w[tap] = weight.value[k + tap];
    for (let image = 0; image < build.batch; image++) {
      const plane = (channel * build.batch + image) * area;
      pad(padded, x, plane, input);
      spread.fill(0);
      for (let oy = 0; oy < output.height; oy++) {
        for (let ox = 0; ox < output.width; ox++, o++) {
          const g = gradient[o];
          if (g === 0) continue;
          let i = oy * stride * line + ox * stride;
          for (let tap = 0; tap < TAPS; i += line) {
            for (let column = 0; column < KERNEL; column++, tap++) {
              sums[tap] += g * padded[i + column];
              spread[i + column] += g * w[tap];
            }
          }
        }
      }
      for (let row = 0; row < input.height; row++) {
        const from = (row + 1) * line + 1;
        const to = plane + row * input.width;
        for (let column = 0; column < input.width; column++) dx[to + column] = spread[from + column];
      }
    }
    for (let tap = 0; tap < TAPS; tap++) weight.gradient[k + tap] = sums[tap];
  }
}

export interface NormLayer extends Layer {
  readonly scale: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Floats;
  readonly runningVariance: Floats;
}

/** ONNX BatchNormalization's default. */
export const NORM_EPSILON = 1e-5;
/** Share of the old value in the running statistics. */
const RUNNING_MOMENTUM = 0.9;

/**
 * Batch normalization and ReLU in one: y = max(0, γ·x̂ + β), x̂ = (x − μ)/√(σ² + ε) over batch and positions.
 * Backward, with g the gradient where y > 0: dβ = Σg, dγ = Σg·x̂, dx = γ/√(σ²+ε) · (g − dβ/n − x̂·dγ/n).
 * Source: Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167, section 3.
 */
export function normRelu(build: Build, name: string, input: Shape): NormLayer {
  const { channels } = input;
  const n = build.batch * input.height * input.width;
  const scale = parameter(build, `${name}.scale`, [channels], false);
  const bias = parameter(build, `${name}.bias`, [channels], false);
  scale.value.fill(1);
  const runningMean = build.floats(channels);
  const runningVariance = build.floats(channels);
  runningVariance.fill(1);
  const normalized = build.floats(channels * n);
  const inverse = new Float64Array(channels);
  const y = build.floats(channels * n);
  const dx = build.floats(channels * n);
  return {
    output: input,
    scale,
    bias,
    runningMean,
    runningVariance,
    parameters: [scale, bias],
    forward(x, training) {
      for (let c = 0; c < channels; c++) {
        const from = c * n;
        let mean = runningMean[c];
        let variance = runningVariance[c];
        if (training) {
          ({ mean, variance } = moments(x, from, n));
          runningMean[c] = RUNNING_MOMENTUM * runningMean[c] + (1 - RUNNING_MOMENTUM) * mean;
          runningVariance[c] = RUNNING_MOMENTUM * runningVariance[c] + (1 - RUNNING_MOMENTUM) * variance;
        }
        const r = 1 / Math.sqrt(variance + NORM_EPSILON);
        inverse[c] = r;
        const s = scale.value[c];
        const b = bias.value[c];
        for (let i = from; i < from + n; i++) {
          const hat = (x[i] - mean) * r;
          normalized[i] = hat;
          const z = s * hat + b;
          y[i] = z > 0 ? z : 0;
        }
      }
      return y;
    },
    backward(gradient) {
      for (let c = 0; c < channels; c++) {
        const from = c * n;
        let sum = 0;
        let product = 0;
        for (let i = from; i < from + n; i++) {
          const g = y[i] > 0 ? gradient[i] : 0;
          sum += g;
          product += g * normalized[i];
        }
        bias.gradient[c] = sum;
        scale.gradient[c] = product;
        const factor = scale.value[c] * inverse[c];
        const shift = sum / n;
        const slope = product / n;
        for (let i = from; i < from + n; i++) {
          const g = y[i] > 0 ? gradient[i] : 0;
          dx[i] = factor * (g - shift - normalized[i] * slope);
        }
      }
      return dx;
    },
  };
}

function moments(x: Floats, from: number, n: number): { mean: number; variance: number } {
  let sum = 0;
  for (let i = from; i < from + n; i++) sum += x[i];
  const mean = sum / n;
  let squares = 0;
  for (let i = from; i < from + n; i++) {
    const d = x[i] - mean;
    squares += d * d;
  }
  return { mean, variance: squares / n };
}
