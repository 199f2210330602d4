/**
 * The weights that each option would give each layer, made by the very pass that a recipe runs. It must not know how
 * they are judged.
 */
import type { Model } from '../onnx/ir.ts';
import { listWeights, readWeight } from '../onnx/weights.ts';
import { lowerModel } from '../passes/lowering/lower.ts';
import { quantizeWeightsMeta } from '../passes/quantize-weights/meta.ts';
import { quantizeWeights } from '../passes/quantize-weights/pass.ts';
import type { ParamSpec, ParamValues } from '../passes/types.ts';
import { targetOf } from '../targets/registry.ts';
import type { TargetId } from '../targets/types.ts';
import { passContext } from './context.ts';
import type { SearchContext } from './context.ts';
import { EXACTLY, weightPrecision } from './options.ts';
import type { LayerOption } from './types.ts';

/** Whether the pass that is built in knows the precision. */
export function isOffered(option: LayerOption): boolean {
  const spec: ParamSpec = quantizeWeightsMeta.params.precision;
  const known = spec.kind === 'choice' ? spec.options.map(({ value }) => value) : [];
  return known.includes(weightPrecision(option));
}

export interface Candidates {
  /** The layer's floats in this option, row-major; undefined where it stays as it is. */
  floats(layer: string): Float32Array | undefined;
  /** Why a layer was left alone. */
  readonly skipped: ReadonlyMap<string, string>;
}

/**
 * @param params of quantize-weights beside the precision, as the user's recipe has them.
 * @param layers only these; the others keep their floats and cost no time. Absent = all.
 */
export function makeCandidates(
  model: Model,
  option: LayerOption,
  how: { readonly params: ParamValues; readonly target: TargetId; readonly layers?: readonly string[] },
  context: SearchContext,
  fraction: number,
): Promise<Candidates> {
  const { made } = context;
  const whole = JSON.stringify([weightPrecision(option), how.params, how.target]);
  const known = made?.get(whole);
  if (known !== undefined) return known;
  const making = make(model, option, how, context, fraction);
  if (how.layers === undefined) made?.set(whole, making);
  return making;
}

async function make(
  model: Model,
  option: LayerOption,
  how: { readonly params: ParamValues; readonly target: TargetId; readonly layers?: readonly string[] },
  context: SearchContext,
  fraction: number,
): Promise<Candidates> {
  const precision = weightPrecision(option);
  const some = how.layers;
  const overrides = Object.fromEntries((some ?? []).map((layer) => [layer, { precision }]));
  const outcome = await quantizeWeights.run(
    model,
    { ...how.params, ...EXACTLY, precision: some === undefined ? precision : 'fp32' },
    overrides,
    passContext(context, how.target, fraction),
  );
  const tensors = new Map(listWeights(outcome.model).map(({ id, tensor }) => [id, tensor]));
  const changed = new Set(outcome.changed.map(({ layer }) => layer));
  // What would take no fewer bytes stays floats in the file: trying it would blame a layer for what is never done to it.
  const { reverted } = await lowerModel(
    outcome.model,
    (_, doing) => context.checkpoint(fraction, doing),
    targetOf(how.target),
  );
  for (const { layer } of reverted) changed.delete(layer);
  return {
    floats: (layer) => {
      const tensor = changed.has(layer) ? tensors.get(layer) : undefined;
      return tensor === undefined ? undefined : readWeight(tensor);
    },
    skipped: new Map([...outcome.skipped, ...reverted].map(({ layer, reason }) => [layer, reason])),
  };
}
