/**
 * The end of the sample's network: global average pool, dense layer, and the loss. It must not know the data.
 */
import { multiply, multiplyTransposed, transpose, type Floats } from './gemm.ts';
import { parameter, type Build, type Layer, type Parameter, type Shape } from './layers.ts';

/** Mean over the positions of each channel and image: [C][N][H·W] → [C][N]. */
export function averagePool(build: Build, input: Shape): Layer {
  const area = input.height * input.width;
  const rows = input.channels * build.batch;
  const y = build.floats(rows);
  const dx = build.floats(rows * area);
  return {
    output: { channels: input.channels, height: 1, width: 1 },
    parameters: [],
    forward(x) {
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let i = row * area; i < (row + 1) * area; i++) sum += x[i];
        y[row] = sum / area;
      }
      return y;
    },
    backward(gradient) {
      for (let row = 0; row < rows; row++) dx.fill(gradient[row] / area, row * area, (row + 1) * area);
      return dx;
    },
  };
}

/** Y = W·X + b: [features][N] → [classes][N]. */
export function dense(
  build: Build,
  name: string,
  features: number,
  classes: number,
): Layer & { readonly weight: Parameter; readonly bias: Parameter } {
  const weight = parameter(build, `${name}.weight`, [classes, features], true);
  const bias = parameter(build, `${name}.bias`, [classes], false);
  const bound = Math.sqrt(1 / features);
  for (let i = 0; i < weight.value.length; i++) weight.value[i] = bound * build.random.normal();
  const y = build.floats(classes * build.batch);
  const dx = build.floats(features * build.batch);
  const turned = build.floats(weight.value.length);
  let seen: Floats = dx;
  return {
    output: { channels: classes, height: 1, width: 1 },
    weight,
    bias,
    parameters: [weight, bias],
    forward(x) {
      seen = x;
      multiply(y, weight.value, x, classes, features, build.batch);
      for (let c = 0; c < classes; c++) {
        for (let i = 0; i < build.batch; i++) y[c * build.batch + i] += bias.value[c];
      }
      return y;
    },
    backward(gradient) {
      multiplyTransposed(weight.gradient, gradient, seen, classes, build.batch, features);
      for (let c = 0; c < classes; c++) {
        let sum = 0;
        for (let i = 0; i < build.batch; i++) sum += gradient[c * build.batch + i];
        bias.gradient[c] = sum;
      }
      transpose(turned, weight.value, classes, features);
      multiply(dx, turned, gradient, features, classes, build.batch);
      return dx;
    },
  };
}

/**
 * Mean cross-entropy of softmax(logits) against the labels, and its gradient (p − onehot)/N.
 * logits: [classes][N]; gradient: written in the same layout. Returns the loss in nats.
 */
export function softmaxCrossEntropy(
  logits: Floats,
  labels: Uint8Array,
  classes: number,
  gradient: Floats,
): number {
  const batch = labels.length;
  let loss = 0;
  for (let i = 0; i < batch; i++) {
    // Shifted by the largest logit so that exp cannot overflow.
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[c * batch + i]);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[c * batch + i] - largest);
    for (let c = 0; c < classes; c++) {
      const p = Math.exp(logits[c * batch + i] - largest) / sum;
      gradient[c * batch + i] = (p - (c === labels[i] ? 1 : 0)) / batch;
    }
    loss += Math.log(sum) + largest - logits[labels[i] * batch + i];
  }
  return loss / batch;
}

/** Index of the largest logit of every image. logits: [classes][N]. */
export function largestClass(logits: Floats, classes: number, batch: number): Uint8Array {
  const best = new Uint8Array(batch);
  for (let i = 0; i < batch; i++) {
    for (let c = 1; c < classes; c++) {
      if (logits[c * batch + i] > logits[best[i] * batch + i]) best[i] = c;
    }
  }
  return best;
}
