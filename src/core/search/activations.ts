/**
 * What flows into and out of each layer on the calibration samples: 8-bit grids for trying integer activations, and the
 * figures that causes are read from. It must not know damages.
 */
import { codeBounds, RANGE_METHODS } from '../calibration/ranges.ts';
import type { CodeGrid } from '../calibration/ranges.ts';
import type { ChannelFigures, ValueHistogram } from '../calibration/types.ts';
import { openDraft } from '../onnx/draft.ts';
import type { Model } from '../onnx/ir.ts';
import { listWeights } from '../onnx/weights.ts';
import { chooseGrids } from '../passes/quantize-activations/grids.ts';
import { integerLayer } from '../passes/quantize-activations/layers.ts';
import { planValues } from '../passes/quantize-activations/plan.ts';
import type { PlannedValue } from '../passes/quantize-activations/plan.ts';
import { targetOf } from '../targets/registry.ts';
import type { ActivationScheme, Target, TargetId } from '../targets/types.ts';
import type { SearchContext } from './context.ts';
import { layerValues } from './probe-graph.ts';
import type { ActivationGrid, LayerActivations } from './probe-graph.ts';

/** Of a target without integer activations: what would have to be rounded is still of interest. */
const DEFAULT_SCHEME: ActivationScheme = { type: 'uint8', symmetric: false };

export interface ActivationFacts {
  readonly grids: ReadonlyMap<string, LayerActivations>;
  /** By layer: share of the input's elements that the grid cuts off. */
  readonly clipped: ReadonlyMap<string, number>;
  /** By layer: largest / median absmax of the input's channels. */
  readonly channelRatio: ReadonlyMap<string, number>;
  /** Why a layer has none. */
  readonly missing: ReadonlyMap<string, string>;
}

/** @param range how recipes choose the range of a value; absent = as the pass does by itself. */
export async function readActivations(
  model: Model,
  { target, range }: { readonly target: TargetId; readonly range?: string },
  context: SearchContext,
): Promise<ActivationFacts> {
  const around = layerValues(model);
  const names = [...new Set([...around.values()].flatMap(({ input, output }) => [input, output]))];
  const axes = inputAxes(model);
  const statistics = await context.calibration.statistics(
    model,
    {
      of: 'floats',
      histograms: names,
      channels: [...around].map(([layer, { input }]) => ({ value: input, axis: axes.get(layer) ?? 1 })),
    },
    (fraction, doing) => context.checkpoint(fraction, doing),
  );
  const scheme = targetOf(target).activations ?? DEFAULT_SCHEME;
  const method = RANGE_METHODS.find((known) => known === range) ?? 'auto';
  const { values, written } = plannedOf(model, names, targetOf(target));
  const chosen = chooseGrids(values, statistics, scheme, () => method);
  const grids = new Map<string, LayerActivations>();
  const clipped = new Map<string, number>();
  const channelRatio = new Map<string, number>();
  const missing = new Map<string, string>();
  for (const [layer, { input, output }] of around) {
    const own = chosen.grids.get(input);
    const histogram = statistics.histograms.get(input);
    if (own === undefined || histogram === undefined) {
      missing.set(layer, `input \`${input}\`: ${chosen.missing.get(input) ?? 'nothing is known of it'}`);
      continue;
    }
    const behind = written(output) ? chosen.grids.get(output) : undefined;
    grids.set(layer, { input: unsigned(own), output: behind === undefined ? null : unsigned(behind) });
    clipped.set(layer, clippedShare(histogram, own, scheme));
    const axis = axes.get(layer) ?? 1;
    const figures = statistics.channels.get(`${input}#${axis}`) ?? statistics.channels.get(input);
    const ratio = figures === undefined ? undefined : ratioOf(figures);
    if (ratio !== undefined) channelRatio.set(layer, ratio);
  }
  return { grids, clipped, channelRatio, missing };
}

/** Conv reads channels along axis 1, products along the last one. */
function inputAxes(model: Model): ReadonlyMap<string, number> {
  return new Map(
    listWeights(model).map(({ id, consumers }) => [id, consumers[0]?.node.opType === 'Conv' ? 1 : -1]),
  );
}

/**
 * As the pass plans them when every layer that can computes in integers: with bounds of what a grid takes over and grids
 * that are shared or prescribed. What no integer layer reads or writes there stands for itself. `written`: whether the
 * layer before writes codes, not floats (onnxruntime's products give floats where a bias or nothing integer follows);
 * where the target has no integer layers, as if it did.
 */
function plannedOf(
  model: Model,
  names: readonly string[],
  target: Target,
): { readonly values: readonly PlannedValue[]; readonly written: (name: string) => boolean } {
  const draft = openDraft(model);
  const layers = listWeights(model, draft).flatMap((weight) => {
    const layer = integerLayer(weight, draft.main, target);
    return typeof layer === 'string' ? [] : [layer];
  });
  const { values } = planValues(layers, { main: draft.main, target });
  const planned = new Map(values.map((value) => [value.name, value]));
  return {
    values: names.map(
      (name, i): PlannedValue =>
        planned.get(name) ?? { name, kind: 'source', reads: [], group: -1 - values.length - i },
    ),
    written: (name) => layers.length === 0 || planned.get(name)?.kind === 'result',
  };
}

/** The switches round to uint8; the same grid, moved by 128 where the target's codes have a sign. */
function unsigned({ type, scale, zeroPoint }: CodeGrid): ActivationGrid {
  return { scale, zeroPoint: zeroPoint + (type === 'int8' ? 128 : 0) };
}

function clippedShare(
  { low, high, counts }: ValueHistogram,
  { scale, zeroPoint }: CodeGrid,
  scheme: ActivationScheme,
): number {
  const codes = codeBounds(scheme);
  // Half a step beyond the outermost codes still rounds to them.
  const least = (codes.low - zeroPoint - 0.5) * scale;
  const most = (codes.high - zeroPoint + 0.5) * scale;
  const width = (high - low) / counts.length;
  let outside = 0;
  let total = 0;
  counts.forEach((count, bin) => {
    const centre = low + (bin + 0.5) * width;
    total += count;
    if (centre < least || centre > most) outside += count;
  });
  return total === 0 ? 0 : outside / total;
}

function ratioOf({ absmax }: ChannelFigures): number | undefined {
  const live = [...absmax].filter((value) => value > 0).sort((a, b) => a - b);
  if (live.length < 2) return undefined;
  const middle = live[live.length >> 1];
  return live[live.length - 1] / middle;
}
