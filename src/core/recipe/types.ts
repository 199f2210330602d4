/** The recipe: what was done to a model, as plain JSON. Same model + same recipe = the same bytes. */
import type { DataConfig } from '../dataset/types.ts';
import type { ParamValues } from '../passes/types.ts';

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
  /** What the recipe was judged on. It changes no byte of the variant, and is no part of its identity. */
  readonly data?: DataConfig;
}
