/**
 * From a loss of accuracy that is allowed to a damage that is, by what was seen on the calibration samples, without
 * labels. An expectation to choose candidates by, never a promise: what is chosen is evaluated afterwards.
 *
 * For small changes δ of the logits, the share of samples whose winner changes grows with δ, what each of them loses
 * (the margin between the two classes) as well, and KL with δ²: the expected loss is in proportion to KL. The factor is
 * that of all tries together.
 */
import type { Anchor } from './sensitivity.ts';

/** What a user most likely accepts where nothing is said: half a point. */
export const USUAL_LOSS = 0.005;
/** Beyond it losses saturate, and say nothing of small ones. */
const MOST_LOSS = 0.1;
/** Where too few tries changed a class. nsr: a signal-to-noise ratio of 20 dB; kl: a hundredth of a nat. */
const USUAL_DAMAGE = { kl: 0.01, nsr: 0.01 } as const;
const LEAST_ANCHORS = 3;

export interface DamageBudget {
  readonly damage: number;
  /** `anchors`: from the classes that changed on the samples. `usual`: a common value. */
  readonly by: 'anchors' | 'usual';
}

export function damageBudget(
  metric: 'kl' | 'nsr',
  maxLoss: number | undefined,
  anchors: readonly Anchor[],
): DamageBudget {
  const loss = maxLoss ?? USUAL_LOSS;
  const small = anchors.filter(({ damage, expectedLoss }) => damage > 0 && expectedLoss <= MOST_LOSS);
  const changed = small.filter(({ expectedLoss }) => expectedLoss > 0);
  if (metric === 'nsr' || changed.length < LEAST_ANCHORS)
    return { damage: (USUAL_DAMAGE[metric] * loss) / USUAL_LOSS, by: 'usual' };
  const lost = small.reduce((sum, { expectedLoss }) => sum + expectedLoss, 0);
  const damage = small.reduce((sum, anchor) => sum + anchor.damage, 0);
  return { damage: (loss * damage) / lost, by: 'anchors' };
}
