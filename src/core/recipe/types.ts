/** The recipe: what was done to a model, as plain JSON. Same model + same recipe = the same bytes. */
import type { DataConfig } from '../dataset/types.ts';
import type { ParamValues } from '../passes/types.ts';
import type { TargetId } from '../targets/types.ts';

/** Enough for ranges and Gram matrices of most layers; more take longer and change little. */
export const DEFAULT_CALIBRATION_SAMPLES = 256;

export interface RecipeStep {
  readonly pass: string;
  readonly params?: ParamValues;
  /** Overrides per layer id. */
  readonly layers?: Readonly<Record<string, ParamValues>>;
}

export interface Recipe {
  readonly format: 'pare-recipe';
  readonly version: 1;
  readonly seed: number;
  /** No steps = the file unchanged, byte for byte. */
  readonly steps: readonly RecipeStep[];
  /** Where the variant will run; absent = DEFAULT_TARGET. It decides the form that is written. */
  readonly target?: TargetId;
  /** At most so many samples of the data's calibration part are looked at; absent = DEFAULT_CALIBRATION_SAMPLES. */
  readonly calibration?: { readonly samples: number };
  /** What the recipe was judged on. It changes no byte of the variant, and is no part of its identity. */
  readonly data?: DataConfig;
}
