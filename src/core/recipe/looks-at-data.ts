/**
 * Whether a recipe's bytes depend on samples: then a variant is made with a calibration, named by it, and the data keep
 * a part for it. It must not know models.
 */
import { findPassMeta } from '../passes/metas.ts';
import type { ParamValues, PassMeta } from '../passes/types.ts';
import type { Recipe, RecipeStep } from './types.ts';

/** True where a step, or one layer's override, asks for a method that looks at the values that flow. */
export function looksAtData({ steps }: Pick<Recipe, 'steps'>): boolean {
  return steps.some(stepLooks);
}

/** True where made-up inputs would stand in for samples: without data the result is to be trusted less. */
export function needsData({ steps }: Pick<Recipe, 'steps'>): boolean {
  return steps.some((step) => findPassMeta(step.pass)?.data === 'needs' && stepLooks(step));
}

function stepLooks(step: RecipeStep): boolean {
  const meta = findPassMeta(step.pass);
  if (meta?.data === undefined) return false;
  const asked = [
    step.params ?? {},
    ...Object.values(step.layers ?? {}).map((own) => ({ ...step.params, ...own })),
  ];
  return asked.some((params) => looks(meta, params));
}

/** These never look; everything else that a pass with `data` can be asked for does. */
const BLIND_MODES: ReadonlySet<unknown> = new Set(['float', 'dynamic']);
const BLIND_METHODS: ReadonlySet<unknown> = new Set(['nearest', 'hqq']);
/** There is nothing to choose. Eight bits gain from samples too: MobileNetV1 keeps 93 % of its answers instead of 72 %. */
const PLAIN_PRECISIONS: ReadonlySet<unknown> = new Set(['fp32', 'fp16']);

function looks(meta: PassMeta, params: ParamValues): boolean {
  const value = (name: string): unknown => params[name] ?? meta.params[name]?.default;
  if (BLIND_MODES.has(value('mode')) || BLIND_METHODS.has(value('method'))) return false;
  return !(value('method') === 'auto' && PLAIN_PRECISIONS.has(value('precision')));
}
