/**
 * Which layers compute in integers, and how: what was asked, what the target has kernels for, what pays. Every other
 * layer gets its reason. It must not know ranges.
 */
import { opsetOf } from '../../onnx/build.ts';
import type { ModelDraft } from '../../onnx/draft.ts';
import type { Model } from '../../onnx/ir.ts';
import { inferByRule } from '../../onnx/shapes.ts';
import type { Dimension } from '../../onnx/ir.ts';
import { listWeights } from '../../onnx/weights.ts';
import { layerValues } from '../params.ts';
import type { ParamValues, PassContext, SkippedLayer } from '../types.ts';
import { dynamicProblem } from './dynamic.ts';
import { codesProblem, int8Encoding, integerLayer } from './layers.ts';
import type { IntegerLayer } from './layers.ts';
import { quantizeActivationsMeta } from './meta.ts';
import { productProblem } from './onnxruntime.ts';
import { payingLayers } from './pays.ts';

export interface Selection {
  readonly static: readonly IntegerLayer[];
  readonly dynamic: readonly IntegerLayer[];
  readonly skipped: readonly SkippedLayer[];
}

/** First version of QuantizeLinear, of DequantizeLinear per axis, of DynamicQuantizeLinear. */
const QUANTIZE_OPSET = 10;
const PER_AXIS_OPSET = 13;
const DYNAMIC_OPSET = 11;

/** @param draft an open draft of `model`. */
export async function selectLayers(
  model: Model,
  draft: ModelDraft,
  params: ParamValues,
  overrides: Readonly<Record<string, ParamValues>>,
  context: PassContext,
): Promise<Selection> {
  const { target } = context;
  const opset = opsetOf(model);
  const skipped: SkippedLayer[] = [];
  const asked: IntegerLayer[] = [];
  const decided: IntegerLayer[] = [];
  const dynamic: IntegerLayer[] = [];
  for (const weight of listWeights(model, draft)) {
    const { mode } = layerValues(quantizeActivationsMeta, params, overrides, weight.id);
    if (mode === 'float') continue;
    await context.checkpoint(0, 'looking for layers with integer kernels');
    const layer = integerLayer(weight, draft.main, target);
    const problem =
      typeof layer === 'string'
        ? layer
        : (codesProblem(layer, target) ?? opsetProblem(layer, mode, opset) ?? productProblem(layer, target));
    if (typeof layer === 'string' || problem !== undefined) {
      skipped.push({ layer: weight.id, reason: problem ?? '' });
      continue;
    }
    if (mode === 'dynamic') {
      const reason = dynamicProblem(layer, target);
      if (reason === undefined) dynamic.push(layer);
      else skipped.push({ layer: weight.id, reason });
    } else if (mode === 'static') decided.push(layer);
    else asked.push(layer);
  }
  const payoff = await payingLayers(asked, decided, { main: draft.main, target }, sizesOf(model), () =>
    context.checkpoint(0, 'comparing integers with floats'),
  );
  for (const [layer, reason] of payoff.reasons) skipped.push({ layer, reason });
  // Without samples a product can still find its ranges itself.
  const unseen = context.calibration === undefined;
  const self = unseen ? payoff.paying.filter((layer) => dynamicProblem(layer, target) === undefined) : [];
  const chosen = new Set([...decided, ...payoff.paying.filter((layer) => !self.includes(layer))]);
  return {
    static: [...decided, ...asked].filter((layer) => chosen.has(layer)),
    dynamic: [...dynamic, ...self],
    skipped,
  };
}

function opsetProblem(layer: IntegerLayer, mode: unknown, opset: number): string | undefined {
  const needed = mode === 'dynamic' ? DYNAMIC_OPSET : QUANTIZE_OPSET;
  if (opset < needed) return `it needs operator set ${needed}, the model has ${opset}`;
  const perChannel = (int8Encoding(layer.weight)?.scales?.length ?? 1) > 1;
  if (mode !== 'dynamic' && perChannel && opset < PER_AXIS_OPSET) {
    return `scales per channel need operator set ${PER_AXIS_OPSET}, the model has ${opset}`;
  }
  return undefined;
}

/** A guess for sizes that are free: what matters is how the values of one net compare. */
const FREE_SIZE = 64;

/** Sizes for one sample; a free first axis is the batch. */
function sizesOf(model: Model): { elements(value: string): number; rows(value: string): number } {
  const freeDims: Record<string, number> = {};
  for (const { type } of model.graph.inputs) {
    type?.shape?.forEach((dim, axis) => {
      if (typeof dim === 'string' && dim !== '') freeDims[dim] ??= axis === 0 ? 1 : FREE_SIZE;
    });
  }
  const facts = inferByRule(model, { believeDeclared: true, freeDims }).of(model.graph);
  const sizes = (value: string): readonly number[] =>
    (facts.get(value)?.shape ?? [1, FREE_SIZE, FREE_SIZE]).map(sized);
  const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  return {
    elements: (value) => product(sizes(value)),
    rows: (value) => product(sizes(value).slice(0, -1)),
  };
}

function sized(dim: Dimension, axis: number): number {
  return typeof dim === 'number' ? dim : axis === 0 ? 1 : FREE_SIZE;
}
