/** Rows of the layers table: what a layer is, what the recipe asks of it, what the variant on screen did to it. Pure. */
import type { LayerChange } from '../../core/passes/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { LayerSummary, VariantSummary } from '../../worker/api.ts';
import { PRECISION_PARAM, PRUNE, QUANTIZE, SPARSITY_PARAM } from './pass-names.ts';
import { layerParam } from './recipe-edit.ts';

export interface LayerRow {
  readonly layer: LayerSummary;
  /** Fraction of all weight bytes. */
  readonly share: number;
  /** What the layer asks for itself; undefined = as the recipe says. */
  readonly precision: string | undefined;
  readonly sparsity: number | undefined;
  /** What was done: 'int8 ch', '80 %'. */
  readonly donePrecision: string | undefined;
  readonly doneSparsity: number | undefined;
  /** All steps together; Infinity = exact. Undefined = untouched. */
  readonly sqnrDb: number | undefined;
  /** Why a pass left it alone, by pass. */
  readonly skippedBy: Readonly<Record<string, string>>;
}

export type LayerOrder = 'model' | 'bytes' | 'error';

const NOT_SKIPPED: Readonly<Record<string, string>> = {};

interface Done {
  precision?: string;
  sparsity?: number;
  sqnrDb?: number;
  skippedBy: Record<string, string>;
}

export function layerRows(
  layers: readonly LayerSummary[],
  recipe: Recipe,
  variant: VariantSummary | null,
): readonly LayerRow[] {
  const total = layers.reduce((sum, layer) => sum + layer.weightBytes, 0);
  const done = doneOf(variant);
  return layers.map((layer) => {
    const was = done.get(layer.id);
    const precision = layerParam(recipe, QUANTIZE, layer.id, PRECISION_PARAM);
    const sparsity = layerParam(recipe, PRUNE, layer.id, SPARSITY_PARAM);
    return {
      layer,
      share: total === 0 ? 0 : layer.weightBytes / total,
      precision: typeof precision === 'string' ? precision : undefined,
      sparsity: typeof sparsity === 'number' ? sparsity : undefined,
      donePrecision: was?.precision,
      doneSparsity: was?.sparsity,
      sqnrDb: was?.sqnrDb,
      skippedBy: was?.skippedBy ?? NOT_SKIPPED,
    };
  });
}

function doneOf(variant: VariantSummary | null): ReadonlyMap<string, Done> {
  const done = new Map<string, Done>();
  const of = (layer: string): Done => {
    const found = done.get(layer) ?? { skippedBy: {} };
    done.set(layer, found);
    return found;
  };
  for (const step of variant?.steps ?? []) {
    for (const change of step.changed) merge(of(change.layer), change);
    for (const { layer, reason } of step.skipped) of(layer).skippedBy[step.pass] ??= reason;
  }
  return done;
}

function merge(into: Done, { precision, sparsity, sqnrDb }: LayerChange): void {
  if (precision !== undefined) into.precision = precision;
  if (sparsity !== undefined) into.sparsity = sparsity;
  // Each step says how far the weight is from its original by then.
  if (sqnrDb !== undefined) into.sqnrDb = sqnrDb;
}

export function sortRows(rows: readonly LayerRow[], order: LayerOrder): readonly LayerRow[] {
  switch (order) {
    case 'model':
      return rows;
    case 'bytes':
      return rows.toSorted((a, b) => b.layer.weightBytes - a.layer.weightBytes);
    case 'error':
      // Most damaged first; untouched layers have no error and come last.
      return rows.toSorted((a, b) => (a.sqnrDb ?? Number.MAX_VALUE) - (b.sqnrDb ?? Number.MAX_VALUE));
    default:
      return order satisfies never;
  }
}
