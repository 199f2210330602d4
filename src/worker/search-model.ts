/**
 * Sensitivity and tuning of an open model: it is simplified first, as recipes do, and looked at on what its calibration
 * says. Page and command line share it. It must not know files or threads.
 */
import type { Calibration } from '../core/calibration/types.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import type { Model } from '../core/onnx/ir.ts';
import { applyRecipe } from '../core/passes/manager.ts';
import type { PassOutcome } from '../core/passes/types.ts';
import type { SizeSkeleton } from '../core/recipe/skeleton.ts';
import type { SearchContext } from '../core/search/context.ts';
import { measureSensitivity } from '../core/search/sensitivity.ts';
import { tune } from '../core/search/tune.ts';
import type { SensitivityReport, SensitivityRequest, TuneRequest, TuneResult } from '../core/search/types.ts';
import { createKernels } from '../kernels/dispatch.ts';
import type { Checkpoint } from './jobs.ts';

export interface SearchHost {
  readonly model: Model;
  readonly calibration: Calibration;
  /** As many samples as recipes look at; absent = `calibration`. */
  readonly rounding?: Calibration;
  readonly runner: GraphRunner;
  /** Of the simplified model, where it is known. */
  readonly skeleton?: SizeSkeleton | undefined;
  readonly firstOutcomes?: Map<string, PassOutcome>;
  now(): number;
  readonly checkpoint: Checkpoint;
}

/** Ranges and Gram matrices want at least so many samples, however few are run for each try. */
export const LEAST_STATISTICS_SAMPLES = 64;

/** @throws PareError as measureSensitivity does */
export async function searchSensitivity(
  host: SearchHost,
  request: SensitivityRequest,
): Promise<SensitivityReport> {
  const { model, context } = await prepare(host);
  const { report } = await measureSensitivity(model, request, context);
  return report;
}

/** @throws PareError as tune does */
export async function searchRecipes(host: SearchHost, request: TuneRequest): Promise<TuneResult> {
  const { model, context } = await prepare(host);
  return tune(model, request, context);
}

async function prepare(host: SearchHost): Promise<{ model: Model; context: SearchContext }> {
  const { runner, calibration, rounding, checkpoint, skeleton, firstOutcomes } = host;
  const kernels = createKernels();
  const now = (): number => host.now();
  const recipe = { seed: 1, steps: [{ pass: 'simplify' }] };
  const { logical } = await applyRecipe(host.model, recipe, {
    kernels,
    runner,
    calibration,
    // Part of what is waited for, and no part of what the bar counts.
    checkpoint: (_, doing) => checkpoint(0, doing),
    now,
    ...(firstOutcomes === undefined ? {} : { firstOutcomes }),
  });
  const context = {
    kernels,
    runner,
    calibration,
    checkpoint,
    now,
    ...(rounding === undefined ? {} : { rounding }),
    ...(skeleton === undefined ? {} : { skeleton }),
  };
  return { model: logical, context };
}
