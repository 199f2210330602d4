/**
 * Pass quantize-activations: layers with 8-bit weights compute in integers. Values between them get scales from
 * calibration and stand between QuantizeLinear and DequantizeLinear (QDQ), which runtimes fuse with the operator into one
 * integer kernel. It must not know a particular runtime beyond what its target says.
 */
import { RANGE_METHODS } from '../../calibration/ranges.ts';
import type { RangeMethod } from '../../calibration/ranges.ts';
import type { Statistics } from '../../calibration/types.ts';
import { opsetOf } from '../../onnx/build.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { ModelDraft } from '../../onnx/draft.ts';
import type { Model } from '../../onnx/ir.ts';
import { raiseOpset } from '../../onnx/opset.ts';
import { listWeights } from '../../onnx/weights.ts';
import { precisionLabel } from '../../tensor/encoding.ts';
import { layerValues, withDefaults } from '../params.ts';
import type { LayerChange, Pass, PassContext, PassOutcome, SkippedLayer } from '../types.ts';
import { removeUnread } from './clean.ts';
import { writeDynamic } from './dynamic.ts';
import { chooseGrids } from './grids.ts';
import type { Grids } from './grids.ts';
import { int8Encoding, integerLayer } from './layers.ts';
import type { IntegerLayer } from './layers.ts';
import { quantizeActivationsMeta } from './meta.ts';
import { decodeFloatLayers, guardFloatLayers, isOnnxruntime } from './onnxruntime.ts';
import { planValues } from './plan.ts';
import type { PlanContext, ValuePlan } from './plan.ts';
import { selectLayers } from './select.ts';
import type { Selection } from './select.ts';
import { GridConstants, writeLayer, writePair } from './write.ts';

/** QuantizeLinear with scales per channel of a weight beside it. */
const PER_CHANNEL_OPSET = 13;
export const quantizeActivations: Pass = {
  meta: quantizeActivationsMeta,
  declare(model, params, layers, target) {
    const draft = openDraft(model);
    const asked = listWeights(model, draft).flatMap((weight) => {
      const { mode } = layerValues(quantizeActivationsMeta, params, layers, weight.id);
      if (mode === 'float' || mode === 'dynamic') return [];
      const layer = integerLayer(weight, draft.main, target);
      return typeof layer === 'string' ? [] : [layer];
    });
    const { values } = planValues(asked, { main: draft.main, target });
    return { of: 'floats', histograms: values.map(({ name }) => name) };
  },
  async run(model, params, layers, context) {
    const { base, note } = withOpset(model);
    const draft = openDraft(base);
    const selection = await selectLayers(base, draft, params, layers, context);
    if (selection.static.length + selection.dynamic.length === 0) {
      return { model, changed: [], skipped: selection.skipped, facts: { 'layers in integers': 0 } };
    }
    const planContext = { main: draft.main, target: context.target };
    const methods = methodsOf(selection.static, params, layers);
    const calibrated = await calibrate(model, selection, planContext, methods, context);
    const changed = await write(draft, selection, calibrated, context);
    if (changed.length === 0) {
      return { model, changed, skipped: calibrated.skipped, facts: { 'layers in integers': 0 } };
    }
    const guarded = isOnnxruntime(context.target) ? keepFloats(base, draft, calibrated.layers) : 0;
    removeUnread(base, draft.main);
    draft.main.sort();
    return {
      model: draft.finish(),
      changed,
      skipped: calibrated.skipped,
      facts: {
        'layers in integers': changed.length,
        ...calibrated.facts,
        ...(guarded === 0 ? {} : { 'float layers kept from being quantized by the runtime': guarded }),
        ...note,
      },
    };
  },
};

/** The float layers between integer ones stay what they are. */
function keepFloats(base: Model, draft: ModelDraft, layers: readonly IntegerLayer[]): number {
  decodeFloatLayers(draft.main, listWeights(base, draft), layers);
  return guardFloatLayers(draft.main, layers);
}

function withOpset(model: Model): { readonly base: Model; readonly note: Record<string, string> } {
  if (opsetOf(model) >= PER_CHANNEL_OPSET) return { base: model, note: {} };
  const raised = openDraft(model);
  const from = opsetOf(model);
  const result = raiseOpset(raised, PER_CHANNEL_OPSET);
  if (!result.ok)
    return { base: model, note: { [`operator set ${PER_CHANNEL_OPSET}`]: `not raised: ${result.reason}` } };
  return { base: raised.finish(), note: { 'operator set': `${from} → ${PER_CHANNEL_OPSET}` } };
}

type MethodOf = (layer: string) => RangeMethod;

function methodsOf(
  layers: readonly IntegerLayer[],
  params: Parameters<Pass['run']>[1],
  overrides: Parameters<Pass['run']>[2],
): MethodOf {
  const known = new Map<string, RangeMethod>();
  for (const { weight } of layers) {
    const { range } = layerValues(quantizeActivationsMeta, params, overrides, weight.id);
    known.set(weight.id, methodNamed(range));
  }
  const { range } = withDefaults(quantizeActivationsMeta, params);
  return (layer) => known.get(layer) ?? methodNamed(range);
}

const methodNamed = (range: unknown): RangeMethod =>
  RANGE_METHODS.find((method) => method === range) ?? 'auto';

interface Calibrated {
  readonly layers: readonly IntegerLayer[];
  readonly plan: ValuePlan;
  readonly grids: Grids['grids'];
  readonly skipped: readonly SkippedLayer[];
  readonly facts: PassOutcome['facts'];
}

const NOTHING_SEEN: Statistics = {
  ranges: new Map(),
  histograms: new Map(),
  channels: new Map(),
  missing: new Map(),
  samples: 0,
  channelSamples: 0,
};

/** Plans the values, asks what was seen of them, and leaves out layers until every planned value has a grid. */
async function calibrate(
  model: Model,
  selection: Selection,
  planContext: PlanContext,
  methods: MethodOf,
  context: PassContext,
): Promise<Calibrated> {
  const { calibration, target } = context;
  const scheme = target.activations;
  const skipped = [...selection.skipped];
  let { static: layers } = selection;
  let plan = planValues(layers, planContext);
  if (layers.length === 0 || scheme === null)
    return { layers: [], plan, grids: new Map(), skipped, facts: {} };
  const statistics =
    calibration === undefined
      ? NOTHING_SEEN
      : await calibration.statistics(
          model,
          { of: 'floats', histograms: plan.values.map(({ name }) => name) },
          (fraction, doing) => context.checkpoint(0.8 * fraction, doing),
        );
  for (;;) {
    await context.checkpoint(0.8, 'choosing ranges');
    const methodOf = methodOfValues(layers, plan, methods);
    const { grids, missing } = chooseGrids(plan.values, statistics, scheme, methodOf);
    if (missing.size === 0) {
      return { layers, plan, grids, skipped, facts: factsOf(plan, layers, methods) };
    }
    const without = layers.filter((layer) => {
      const value = valuesOf(layer, plan).find((name) => missing.has(name));
      if (value === undefined) return true;
      const why = calibration === undefined ? 'there is no calibration' : (missing.get(value) ?? '');
      skipped.push({
        layer: layer.weight.id,
        reason: `activation range not known: value \`${value}\`: ${why}`,
      });
      return false;
    });
    // A value that only a carried operator reads belongs to no layer: the layers around it go.
    if (without.length === layers.length) {
      for (const { weight } of layers) {
        const [[value, why]] = missing;
        skipped.push({ layer: weight.id, reason: `activation range not known: value \`${value}\`: ${why}` });
      }
      layers = [];
    } else layers = without;
    plan = planValues(layers, planContext);
  }
}

/** Values of a plan that a layer reads or writes. */
function valuesOf(layer: IntegerLayer, plan: ValuePlan): string[] {
  const own = new Set(layer.nodes.flatMap(({ input, output }) => [input, output]));
  const readers = new Set(layer.nodes.map(({ node }) => node));
  return plan.values
    .filter(({ name, reads }) => own.has(name) || reads.some(({ node }) => readers.has(node)))
    .map(({ name }) => name);
}

/** A value's range is chosen as the first layer that reads it asks. */
function methodOfValues(
  layers: readonly IntegerLayer[],
  plan: ValuePlan,
  methods: MethodOf,
): (value: string) => RangeMethod {
  const byValue = new Map<string, RangeMethod>();
  for (const layer of layers) {
    for (const name of valuesOf(layer, plan)) {
      if (!byValue.has(name)) byValue.set(name, methods(layer.weight.id));
    }
  }
  // What stands between layers follows the step.
  return (value) => byValue.get(value) ?? methods('');
}

function factsOf(
  plan: ValuePlan,
  layers: readonly IntegerLayer[],
  methods: MethodOf,
): Record<string, number | string> {
  const used = [...new Set(layers.map(({ weight }) => methods(weight.id)))];
  return {
    'values quantized': plan.values.length,
    ...(used.length === 0 ? {} : { ranges: used.join(', ') }),
  };
}

async function write(
  draft: ModelDraft,
  selection: Selection,
  { layers, plan, grids }: Calibrated,
  context: PassContext,
): Promise<LayerChange[]> {
  const { main } = draft;
  const { target } = context;
  const changed: LayerChange[] = [];
  const constants = new GridConstants(main);
  const gridOf = (value: string) => {
    const grid = grids.get(value);
    if (grid === undefined) throw new Error(`no grid for ${value}`);
    return grid;
  };
  for (const layer of layers) {
    await context.checkpoint(0.9, `writing ${layer.weight.label}`);
    const { encoding, rescaled } = writeLayer(main, layer, gridOf, target);
    changed.push({
      layer: layer.weight.id,
      precision: `${precisionLabel(encoding)}, activations ${target.activations?.type ?? ''}`,
      ...(rescaled
        ? { note: 'scales of channels with tiny weights were raised, so that the bias fits 32 bits' }
        : {}),
    });
  }
  for (const value of plan.values) {
    await context.checkpoint(0.95, 'writing scales');
    writePair(main, value, gridOf(value.name), constants, target);
  }
  for (const layer of selection.dynamic) {
    await context.checkpoint(0.97, `writing ${layer.weight.label}`);
    const encoding = int8Encoding(layer.weight);
    writeDynamic(main, layer, target);
    changed.push({
      layer: layer.weight.id,
      precision: `${encoding === undefined ? 'int8' : precisionLabel(encoding)}, activations uint8 at run time`,
    });
  }
  return changed;
}
