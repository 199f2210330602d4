/** How much outputs differ between inputs: tells inputs that mean something to a model from those that do not. It must not run anything. */

/** Below this share of variation between samples a model is as good as constant on them. */
export const NEARLY_CONSTANT = 0.01;
/** The other range must move the outputs this many times as much to be taken. */
export const CLEARLY_MORE = 5;

/** Σ‖y − mean‖² / Σ‖y‖² over the outputs of several samples: 0 = always the same. 1 where it cannot be said. */
export function variationOf(outputs: readonly ArrayLike<number>[]): number {
  const length = outputs[0]?.length ?? 0;
  if (length === 0 || outputs.some((output) => output.length !== length)) return 1;
  let apart = 0;
  let total = 0;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let squares = 0;
    for (const output of outputs) {
      sum += output[i];
      squares += output[i] * output[i];
    }
    total += squares;
    apart += squares - (sum * sum) / outputs.length;
  }
  return total > 0 && Number.isFinite(apart) ? apart / total : 1;
}
