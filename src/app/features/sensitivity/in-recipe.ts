/**
 * What the recipe on screen gives each layer already: a layer that a preset protects is not guilty of what it would do
 * unprotected, and a fix that it has is none. Pure; it must not know React.
 */
import type { Fix, LayerOption, LayerSensitivity, SensitivityReport } from '../../../core/search/types.ts';
import type { VariantSummary } from '../../../worker/api.ts';
import { ACTIVATIONS, HALF, MODE_PARAM, PRECISION_PARAM, QUANTIZE } from '../../store/pass-names.ts';
import { recipeKey } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import type { AppState } from '../../store/state.ts';
import { askedOf } from '../../store/tuning-desk.ts';
import type { GivenOption } from './heat-scale.ts';
import { damageOf, isOption, moreBits, optionName, shownOption } from './heat-scale.ts';

/** Of the variant that was made by the recipe on screen; null for the original and until it is made. */
export function summaryOnScreen(state: AppState): VariantSummary | null {
  const key = recipeKey(recipeOf(state));
  const current = state.currentId === null ? undefined : state.entries[state.currentId];
  if (current?.recipeKey === key) return current.summary;
  // Other samples may round otherwise, but the precisions are those of the recipe.
  const same = Object.values(state.entries).find((entry) => entry.recipeKey === key);
  return same?.summary ?? null;
}

/** A layer has null where no report tries what it has (a palette). */
export function givenBy(summary: VariantSummary): GivenOption {
  const found = new Map<string, LayerOption | null>();
  for (const pass of [HALF, QUANTIZE, ACTIVATIONS]) {
    for (const step of summary.steps) {
      if (step.pass !== pass) continue;
      for (const { layer, precision } of step.changed) {
        if (precision !== undefined) found.set(layer, optionOf(pass, precision));
      }
    }
  }
  return (layer) => {
    const option = found.get(layer);
    // What no step has encoded is as it was.
    return option === undefined ? 'fp32' : option;
  };
}

/** Where the recipe on screen asks for `option`: what each layer has of it. Undefined where it is about another one. */
export function givenFor(state: AppState, option: LayerOption): GivenOption | undefined {
  const summary = summaryOnScreen(state);
  return summary === null || askedOf(recipeOf(state)) !== option ? undefined : givenBy(summary);
}

/** 'int4 b32' → int4. */
function optionOf(pass: string, precision: string): LayerOption | null {
  if (pass === ACTIVATIONS) return 'int8-activations';
  const [name = ''] = precision.split(' ');
  return isOption(name) ? name : null;
}

/** What is offered, and what it promises beyond what the layer has. */
export interface OfferedFix {
  readonly fix: Fix;
  /** Why a click would change nothing for the better; null where it may. */
  readonly already: string | null;
  /** Null where no figure of the report is about the layer as it is. */
  readonly promise: { readonly gain: number; readonly damage: number; readonly bytes: number | null } | null;
}

/** @param given what the layer has; null = taken to be what the report asked about. */
export function offered(
  fix: Fix,
  layer: LayerSensitivity,
  report: SensitivityReport,
  given: LayerOption | null,
): OfferedFix {
  const asked = shownOption(report, report.asked ?? null);
  const damage = asked === null ? undefined : damageOf(layer, asked);
  const promised = damage === undefined ? null : { gain: fix.predictedGain, damage, bytes: fix.extraBytes };
  if (given === null || given === asked || asked === null) return { fix, already: null, promise: promised };
  const already = alreadyThere(fix, given, asked);
  if (already !== null || damage === undefined) return { fix, already, promise: null };
  const now = given === 'fp32' ? 0 : damageOf(layer, given);
  if (precisionOf(fix) === undefined || now === undefined) return { fix, already, promise: null };
  // What is left after the fix does not depend on what the layer had before.
  const gain = now - (damage - fix.predictedGain);
  if (gain <= LEAST_GAIN * now) {
    return {
      fix,
      already: `no better than ${optionName(given)}, in which this recipe keeps it`,
      promise: null,
    };
  }
  return { fix, already: null, promise: { gain, damage: now, bytes: bytesBeyond(fix, layer, given, asked) } };
}

/** A fix that takes away less is none. */
const LEAST_GAIN = 0.01;

function alreadyThere(fix: Fix, given: LayerOption, asked: LayerOption): string | null {
  const precision = precisionOf(fix);
  if (precision !== undefined) {
    const kept = precision === given || moreBits(given, precision);
    return kept ? `this recipe already keeps it in ${optionName(given)}` : null;
  }
  if (fix.changes.some(({ pass, params }) => pass === ACTIVATIONS && params[MODE_PARAM] === 'float')) {
    return given === 'int8-activations' ? null : 'this recipe already computes it in floats';
  }
  const ofWeights = fix.changes.some(({ pass }) => pass === QUANTIZE);
  return ofWeights && weightsOf(given) !== weightsOf(asked)
    ? `tried for ${weightsOf(asked)}; this recipe keeps it in ${weightsOf(given)}`
    : null;
}

const weightsOf = (option: LayerOption): LayerOption => (option === 'int8-activations' ? 'int8' : option);

function precisionOf({ changes }: Fix): LayerOption | undefined {
  const asked = changes.find(({ pass }) => pass === QUANTIZE)?.params[PRECISION_PARAM];
  return typeof asked === 'string' && isOption(asked) ? asked : undefined;
}

/** Fixes' bytes count from what the report asked about. */
function bytesBeyond(
  fix: Fix,
  { fixes }: LayerSensitivity,
  given: LayerOption,
  asked: LayerOption,
): number | null {
  if (weightsOf(given) === weightsOf(asked)) return fix.extraBytes;
  const has = fixes.find((other) => precisionOf(other) === weightsOf(given));
  return has === undefined ? null : fix.extraBytes - has.extraBytes;
}
