/**
 * Trains a network on digits: batches, shifts, loss, schedule. It must not know files or ONNX.
 */
import { CLASSES, PIXELS, copyImage, copyMoved, type Digits, type Movement } from './dataset.ts';
import { largestClass, softmaxCrossEntropy } from './head.ts';
import type { Network } from './network.ts';
import { ADAM_DEFAULTS, adam, cosineRate } from './optimizer.ts';
import type { Random } from './random.ts';

export interface FitOptions {
  readonly batch: number;
  readonly epochs: number;
  readonly peakRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Every training image moves by up to this much either way; 0.1 of zoom = 0.9 … 1.1. */
  readonly movement: Movement;
}

export interface EpochReport {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly seconds: number;
}

/** The held-out digits are not an argument: nothing here can be tuned to them. */
export function fit(
  network: Network,
  digits: Digits,
  options: FitOptions,
  random: Random,
  report: (epoch: EpochReport) => void,
): void {
  const { batch, epochs, movement } = options;
  const count = digits.labels.length;
  const stepsPerEpoch = Math.floor(count / batch);
  const update = adam(network.parameters, { ...ADAM_DEFAULTS, weightDecay: options.weightDecay });
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const images = new Float32Array(batch * PIXELS);
  const labels = new Uint8Array(batch);
  const gradient = new Float32Array(batch * CLASSES);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const started = performance.now();
    random.shuffle(order);
    let loss = 0;
    let right = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      for (let i = 0; i < batch; i++) {
        const index = order[step * batch + i];
        copyMoved(images, i * PIXELS, digits, index, drawMovement(movement, random));
        labels[i] = digits.labels[index];
      }
      const logits = network.forward(images, true);
      loss += softmaxCrossEntropy(logits, labels, CLASSES, gradient);
      right += largestClass(logits, CLASSES, batch).reduce((n, c, i) => n + (c === labels[i] ? 1 : 0), 0);
      network.backward(gradient);
      const at = epoch * stepsPerEpoch + step;
      update(cosineRate(at, epochs * stepsPerEpoch, options.peakRate, options.warmupSteps));
    }
    report({
      epoch: epoch + 1,
      loss: loss / stepsPerEpoch,
      trainAccuracy: right / (stepsPerEpoch * batch),
      seconds: (performance.now() - started) / 1000,
    });
  }
}

function drawMovement(most: Movement, random: Random): Movement {
  const within = (limit: number): number => limit * (2 * random.uniform() - 1);
  return {
    radians: within(most.radians),
    zoom: 1 + within(most.zoom),
    dx: within(most.dx),
    dy: within(most.dy),
  };
}

/** Share of the digits that the network names rightly, with running statistics. `batch` is the network's. */
export function accuracyOf(network: Network, digits: Digits, batch: number): number {
  const count = digits.labels.length;
  const images = new Float32Array(batch * PIXELS);
  let right = 0;
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    images.fill(0);
    for (let i = 0; i < size; i++) copyImage(images, i * PIXELS, digits, from + i);
    const classes = largestClass(network.forward(images, false), CLASSES, batch);
    for (let i = 0; i < size; i++) if (classes[i] === digits.labels[from + i]) right++;
  }
  return right / count;
}
