/**
 * AdamW and the learning-rate schedule. It must not know the network.
 * Source: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2.
 */
import type { Parameter } from './layers.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const ADAM_DEFAULTS: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** Returns the step function: moves every parameter against its gradient. */
export function adam(
  parameters: readonly Parameter[],
  options: AdamOptions = ADAM_DEFAULTS,
): (rate: number) => void {
  const slots = parameters.map((p) => ({
    parameter: p,
    mean: new Float32Array(p.value.length),
    square: new Float32Array(p.value.length),
  }));
  const { beta1, beta2, epsilon } = options;
  let step = 0;
  return (rate) => {
    step++;
    // The averages start at zero; these undo the bias towards it.
    const meanCorrection = 1 - beta1 ** step;
    const squareCorrection = 1 - beta2 ** step;
    for (const { parameter, mean, square } of slots) {
      const { value, gradient } = parameter;
      const keep = parameter.decays ? 1 - rate * options.weightDecay : 1;
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i];
        mean[i] = beta1 * mean[i] + (1 - beta1) * g;
        square[i] = beta2 * square[i] + (1 - beta2) * g * g;
        const towards = mean[i] / meanCorrection / (Math.sqrt(square[i] / squareCorrection) + epsilon);
        value[i] = keep * value[i] - rate * towards;
      }
    }
  };
}

/** Linear warm-up over the first steps, then half a cosine down to zero. */
export function cosineRate(step: number, steps: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return 0.5 * peak * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)));
}
