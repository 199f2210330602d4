/**
 * Every edit of a recipe that the page offers, as pure functions from draft to draft. It must not know React, workers
 * or what a pass computes.
 */
import { pruneMagnitudeMeta } from '../../core/passes/prune-magnitude/meta.ts';
import { quantizeWeightsMeta } from '../../core/passes/quantize-weights/meta.ts';
import type { ParamValue, ParamValues } from '../../core/passes/types.ts';
import { recipeIdentity } from '../../core/recipe/stringify.ts';
import type { Recipe, RecipeStep } from '../../core/recipe/types.ts';
import type { Fix } from '../../core/search/types.ts';
import { DEFAULT_TARGET } from '../../core/targets/types.ts';
import type { TargetId } from '../../core/targets/types.ts';
import {
  ACTIVATIONS,
  MODE_PARAM,
  PASS_ORDER,
  PATTERN_SCOPE,
  PRECISION_PARAM,
  PRUNE,
  QUANTIZE,
  SCOPE_PARAM,
  SIMPLIFY,
  SPARSITY_PARAM,
} from './pass-names.ts';

/** A recipe and what a switched-off step was set to, so that switching it on again brings its settings back. */
export interface RecipeDraft {
  readonly recipe: Recipe;
  readonly parked: Readonly<Record<string, RecipeStep>>;
  /** *Simplify* came in with the first move of a slider and goes with the last, so that neutral sliders mean the file as it is. */
  readonly simplifyFollows?: true;
}

export const EMPTY_RECIPE: Recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [] };
export const EMPTY_DRAFT: RecipeDraft = { recipe: EMPTY_RECIPE, parked: {} };

/** The mode of activations that leaves a layer as it is. */
const FLOATS = 'float';

const LADDER = ['fp32', 'fp16', 'int8', 'int4', 'int3', 'int2'] as const;
export type PrecisionStop = (typeof LADDER)[number];
const OFFERED: ReadonlySet<string> = new Set(
  quantizeWeightsMeta.params.precision.options.map(({ value }) => value),
);
/** From the most bits to the fewest, as far as the pass has them. */
export const PRECISION_STOPS: readonly PrecisionStop[] = LADDER.filter((stop) => OFFERED.has(stop));

export function draftOf(recipe: Recipe): RecipeDraft {
  return { recipe, parked: {} };
}

export function stepOf(recipe: Recipe, pass: string): RecipeStep | undefined {
  return recipe.steps.find((step) => step.pass === pass);
}

/** As the recipe has it: a stop of the slider, or a palette. */
export function precisionText(recipe: Recipe): string {
  const step = stepOf(recipe, QUANTIZE);
  if (step === undefined) return 'fp32';
  return String(step.params?.[PRECISION_PARAM] ?? quantizeWeightsMeta.params.precision.default);
}

/** The stop of the slider that has as many bits a weight. */
export function precisionOf(recipe: Recipe): PrecisionStop {
  const text = precisionText(recipe);
  return PRECISION_STOPS.find((stop) => stop === (PALETTE_STOPS[text] ?? text)) ?? 'fp32';
}

/** Indices of 4 and 8 bits. A palette of 64 is stored in bytes. */
const PALETTE_STOPS: Readonly<Record<string, PrecisionStop>> = {
  palette16: 'int4',
  palette64: 'int8',
  palette256: 'int8',
};

/** Every N:M pattern on offer keeps half. */
const PATTERN_SPARSITY = 0.5;

/** Fraction of zeros, 0–0.95. */
export function sparsityOf(recipe: Recipe): number {
  const step = stepOf(recipe, PRUNE);
  if (step === undefined) return 0;
  if (step.params?.[SCOPE_PARAM] === PATTERN_SCOPE) return PATTERN_SPARSITY;
  const value = step.params?.[SPARSITY_PARAM];
  // A step that does not say takes the default of its meta.
  return typeof value === 'number' ? value : pruneMagnitudeMeta.params.sparsity.default;
}

export function withPrecision(draft: RecipeDraft, precision: PrecisionStop): RecipeDraft {
  return withMainParam(draft, QUANTIZE, PRECISION_PARAM, precision, precision === 'fp32');
}

export function withSparsity(draft: RecipeDraft, sparsity: number): RecipeDraft {
  const step = stepOf(draft.recipe, PRUNE);
  if (step?.params?.[SCOPE_PARAM] !== PATTERN_SCOPE) {
    return withMainParam(draft, PRUNE, SPARSITY_PARAM, sparsity, sparsity === 0);
  }
  // A pattern has no slider: whoever moves the slider wants a share of zeros instead.
  const { [SCOPE_PARAM]: _pattern, ...params } = step.params;
  return withMainParam(withStep(draft, { ...step, params }), PRUNE, SPARSITY_PARAM, sparsity, sparsity === 0);
}

/**
 * Sets the parameter that a slider stands for. At its neutral end the step leaves the recipe, so that the file stays
 * as it is to the byte, unless single layers still ask for something else.
 */
function withMainParam(
  draft: RecipeDraft,
  pass: string,
  name: string,
  value: ParamValue,
  neutral: boolean,
): RecipeDraft {
  const current = stepOf(draft.recipe, pass);
  if (neutral && current === undefined) return draft;
  if (neutral && Object.keys(current?.layers ?? {}).length === 0) {
    return withoutFollower(switched(draft, pass, false));
  }
  if (!neutral && draft.recipe.steps.length === 0 && draft.parked[SIMPLIFY] === undefined) {
    const simplified = { ...withStep(draft, { pass: SIMPLIFY }), simplifyFollows: true as const };
    return withMainParam(simplified, pass, name, value, neutral);
  }
  const base = current ?? draft.parked[pass] ?? { pass };
  if (current !== undefined && current.params?.[name] === value) return draft;
  return withStep(draft, { ...base, params: { ...base.params, [name]: value } });
}

function withoutFollower(draft: RecipeDraft): RecipeDraft {
  const alone = draft.recipe.steps.length === 1 && draft.recipe.steps[0].pass === SIMPLIFY;
  if (!alone || draft.simplifyFollows !== true) return draft;
  return { recipe: { ...draft.recipe, steps: [] }, parked: draft.parked };
}

/** Puts a step in its place, or replaces the one that is there. */
export function withStep(draft: RecipeDraft, step: RecipeStep): RecipeDraft {
  const steps = draft.recipe.steps;
  const at = steps.findIndex((other) => other.pass === step.pass);
  const { [step.pass]: _used, ...parked } = draft.parked;
  if (at >= 0) return { ...draft, recipe: { ...draft.recipe, steps: steps.with(at, step) }, parked };
  const rank = rankOf(step.pass);
  const before = steps.findIndex((other) => rankOf(other.pass) > rank);
  const place = before < 0 ? steps.length : before;
  return { ...draft, recipe: { ...draft.recipe, steps: steps.toSpliced(place, 0, step) }, parked };
}

function rankOf(pass: string): number {
  const rank = PASS_ORDER.indexOf(pass);
  return rank < 0 ? PASS_ORDER.length : rank;
}

/** Switches a step on or off. Off keeps its settings aside; on brings them back or starts from `defaults`. */
export function switched(
  draft: RecipeDraft,
  pass: string,
  on: boolean,
  defaults: ParamValues = {},
): RecipeDraft {
  const current = stepOf(draft.recipe, pass);
  if (on === (current !== undefined)) return draft;
  if (on) return withStep(draft, draft.parked[pass] ?? { pass, params: defaults });
  if (current === undefined) return draft;
  return {
    ...(draft.simplifyFollows === true && pass !== SIMPLIFY ? { simplifyFollows: true as const } : {}),
    recipe: { ...draft.recipe, steps: draft.recipe.steps.filter((step) => step.pass !== pass) },
    parked: { ...draft.parked, [pass]: current },
  };
}

export function withParam(draft: RecipeDraft, pass: string, name: string, value: ParamValue): RecipeDraft {
  const base = stepOf(draft.recipe, pass) ?? draft.parked[pass] ?? { pass };
  if (base.params?.[name] === value && stepOf(draft.recipe, pass) !== undefined) return draft;
  return withStep(draft, { ...base, params: { ...base.params, [name]: value } });
}

export function layerParam(
  recipe: Recipe,
  pass: string,
  layer: string,
  name: string,
): ParamValue | undefined {
  return stepOf(recipe, pass)?.layers?.[layer]?.[name];
}

/**
 * Sets or, with `undefined`, clears what one layer asks for. A step that is not in the recipe comes in with its
 * neutral setting, so that only this layer changes; the last cleared override takes a neutral step out again.
 */
export function withLayerParam(
  draft: RecipeDraft,
  pass: string,
  layer: string,
  name: string,
  value: ParamValue | undefined,
): RecipeDraft {
  const base = stepOf(draft.recipe, pass) ?? neutralStep(pass, draft.parked[pass]);
  const { [name]: _old, ...rest } = base.layers?.[layer] ?? {};
  const asked: ParamValues = value === undefined ? rest : { ...rest, [name]: value };
  const { [layer]: _layer, ...others } = base.layers ?? {};
  const layers = Object.keys(asked).length === 0 ? others : { ...others, [layer]: asked };
  if (Object.keys(layers).length > 0) return withStep(draft, { ...base, layers });
  const { layers: _none, ...bare } = base;
  const next = withStep(draft, bare);
  return isNeutral(bare) ? switched(next, pass, false) : next;
}

function neutralStep(pass: string, parked: RecipeStep | undefined): RecipeStep {
  const params = parked?.params ?? {};
  if (pass === QUANTIZE) return { pass, params: { ...params, [PRECISION_PARAM]: 'fp32' } };
  if (pass === PRUNE) return { pass, params: { ...params, [SPARSITY_PARAM]: 0 } };
  if (pass === ACTIVATIONS) return { pass, params: { ...params, [MODE_PARAM]: FLOATS } };
  return { pass, params };
}

function isNeutral(step: RecipeStep): boolean {
  if (step.pass === QUANTIZE) return step.params?.[PRECISION_PARAM] === 'fp32';
  if (step.pass === PRUNE) return step.params?.[SPARSITY_PARAM] === 0;
  if (step.pass === ACTIVATIONS) return step.params?.[MODE_PARAM] === FLOATS;
  return false;
}

/** Whether some layer is asked to compute in integers. */
export function hasIntegers(recipe: Recipe): boolean {
  const step = stepOf(recipe, ACTIVATIONS);
  if (step === undefined) return false;
  const modes = Object.values(step.layers ?? {}).map((own) => own[MODE_PARAM]);
  return [step.params?.[MODE_PARAM], ...modes].some(
    (mode, i) => mode !== FLOATS && (i === 0 || mode !== undefined),
  );
}

/** Integer arithmetic needs weights of 8 bits: a recipe of another precision gets them too. */
export function withIntegers(draft: RecipeDraft, on: boolean): RecipeDraft {
  if (!on) return switched(draft, ACTIVATIONS, false);
  const eight = precisionText(draft.recipe) === 'int8' ? draft : withPrecision(draft, 'int8');
  return withParam(eight, ACTIVATIONS, MODE_PARAM, 'auto');
}

/** Where the variant will run. The page's own runtime is what a recipe without a target is made for. */
export function withTarget(draft: RecipeDraft, target: TargetId): RecipeDraft {
  const { target: before, ...rest } = draft.recipe;
  if ((before ?? DEFAULT_TARGET) === target) return draft;
  return { ...draft, recipe: target === DEFAULT_TARGET ? rest : { ...rest, target } };
}

/** A proposed change, merged into what is there: everything that it does not name stays. */
export function withFix(draft: RecipeDraft, { changes }: Pick<Fix, 'changes'>): RecipeDraft {
  let next = draft;
  for (const { pass, layer, params } of changes) {
    for (const [name, value] of Object.entries(params)) {
      next =
        layer === undefined
          ? withParam(next, pass, name, value)
          : withLayerParam(next, pass, layer, name, value);
    }
    // A step without parameters.
    if (layer === undefined && stepOf(next.recipe, pass) === undefined) next = switched(next, pass, true);
  }
  return next;
}

/** How many single layers ask for something of their own. */
export function overrideCount(recipe: Recipe): number {
  const layers = new Set(recipe.steps.flatMap((step) => Object.keys(step.layers ?? {})));
  return layers.size;
}

/** The same text for the same recipe whatever the order of its keys: what a made variant is found by. */
export function recipeKey(recipe: Recipe): string {
  return recipeIdentity(recipe);
}
