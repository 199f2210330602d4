/**
 * What flows into and out of each layer on the calibration samples: 8-bit grids for trying integer activations, and the
 * figures that causes are read from. It must not know damages.
 */
import { chooseRange, codeBounds, gridOf } from '../calibration/ranges.ts';
import type { ChannelFigures, Statistics, ValueHistogram } from '../calibration/types.ts';
import type { Model } from '../onnx/ir.ts';
import { listWeights } from '../onnx/weights.ts';
import { targetOf } from '../targets/registry.ts';
import type { ActivationScheme, TargetId } from '../targets/types.ts';
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

export async function readActivations(
  model: Model,
  target: TargetId,
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
  const grids = new Map<string, LayerActivations>();
  const clipped = new Map<string, number>();
  const channelRatio = new Map<string, number>();
  const missing = new Map<string, string>();
  for (const [layer, { input, output }] of around) {
    const own = gridFor(input, statistics, scheme);
    if (own === undefined) {
      missing.set(layer, statistics.missing.get(input) ?? `nothing is known of its input ${input}`);
      continue;
    }
    grids.set(layer, { input: own.grid, output: gridFor(output, statistics, scheme)?.grid ?? null });
    clipped.set(layer, own.clipped);
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

function gridFor(
  value: string,
  statistics: Statistics,
  scheme: ActivationScheme,
): { readonly grid: ActivationGrid; readonly clipped: number } | undefined {
  const histogram = statistics.histograms.get(value);
  const seen = statistics.ranges.get(value);
  if (histogram === undefined) return undefined;
  const grid = gridOf(chooseRange(histogram, 'mse', scheme, seen), scheme);
  // The switches round to uint8; the same grid, moved by 128 where the target's codes have a sign.
  const shift = grid.type === 'int8' ? 128 : 0;
  return {
    grid: { scale: grid.scale, zeroPoint: grid.zeroPoint + shift },
    clipped: clippedShare(histogram, grid.scale, grid.zeroPoint, scheme),
  };
}

function clippedShare(
  { low, high, counts }: ValueHistogram,
  scale: number,
  zeroPoint: number,
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
