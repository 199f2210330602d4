/** What searching needs from its host. It must not know pages or threads. */
import type { Calibration } from '../calibration/types.ts';
import { PareError } from '../errors.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import { seededRandom } from '../passes/random.ts';
import type { PassContext } from '../passes/types.ts';
import type { Candidates } from './candidates.ts';
import { targetOf } from '../targets/registry.ts';
import type { TargetId } from '../targets/types.ts';
import type { SizeSkeleton } from '../recipe/skeleton.ts';
import type { KernelSet } from '../tensor/kernel-set.ts';

export interface SearchContext {
  readonly kernels: KernelSet;
  readonly runner: GraphRunner;
  readonly calibration: Calibration;
  /**
   * What weights are rounded on, where that is another choice of samples: as many as recipes look at, so that what is
   * tried is what recipes make. Absent = `calibration`.
   */
  readonly rounding?: Calibration;
  /** Of the simplified model, where the host has it; else it is made when sizes are asked for. */
  readonly skeleton?: SizeSkeleton;
  /** Weights that were made for options, kept for the length of a search. */
  readonly made?: Map<string, Promise<Candidates>>;
  /** Called often; may throw PareError `cancelled`. */
  checkpoint(fraction: number, doing: string): Promise<void>;
  /** Milliseconds of a clock that does not go back. */
  now(): number;
}

/** The context in which a pass makes what is tried. Its own progress is not the search's. */
export function passContext(context: SearchContext, target: TargetId, fraction: number): PassContext {
  return {
    kernels: context.kernels,
    runner: context.runner,
    random: seededRandom(1),
    target: targetOf(target),
    calibration: context.rounding ?? context.calibration,
    checkpoint: (_, doing) => context.checkpoint(fraction, doing),
  };
}

/** A part of the progress bar. */
export function within(context: SearchContext, from: number, to: number): SearchContext {
  return {
    ...context,
    now: () => context.now(),
    checkpoint: (fraction, doing) => context.checkpoint(from + (to - from) * Math.min(1, fraction), doing),
  };
}

/** @throws PareError `not-measurable` when there is nothing to run the model on. */
export function refuseEmpty(context: SearchContext): void {
  if (context.calibration.samples.batches > 0) return;
  throw new PareError('not-measurable', 'There is no sample to run the model on.', {
    hint: 'Give data with a calibration part, or none at all: then inputs are made up.',
  });
}
