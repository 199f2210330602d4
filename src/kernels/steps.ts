/** Long work cut into steps: done at once, or with pauses in which others run and a caller may stop. It must not compute. */
import type { KernelPause } from '../core/tensor/kernel-set.ts';

export type Pause = KernelPause;

/** Work that yields the part done after each step and returns its result. */
export type Steps<T> = Generator<number, T>;

/** All of it, now. */
export function finish<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** All of it, with a pause before the first step and after each. What the pause throws ends the work and is thrown. */
export async function finishPausing<T>(steps: Steps<T>, pause: Pause): Promise<T> {
  await pause(0);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await pause(step.value);
  return step.value;
}
