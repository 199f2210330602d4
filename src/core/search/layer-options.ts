/**
 * What each layer could be given, as the allocation sees it: bytes by the exact size prediction, time by the cost model,
 * damage by sensitivity. It must not choose.
 */
import { predictSize } from '../recipe/predict.ts';
import type { SizeSkeleton } from '../recipe/skeleton.ts';
import type { Recipe } from '../recipe/types.ts';
import type { Target } from '../targets/types.ts';
import type { AllocationLayer, Choice } from './allocate.ts';
import { enterNanos, floatNanos, integerNanos, joinNanos, leaveNanos } from './cost-model.ts';
import type { LayerWork, WorkGraph } from './cost-model.ts';
import { weightStep } from './options.ts';
import type { DeviceSpeed, LayerOption, SensitivityReport } from './types.ts';

export interface LayerChoices {
  readonly layer: string;
  readonly work: LayerWork | undefined;
  /** In the order of the allocation layer's choices. */
  readonly options: readonly LayerOption[];
  readonly allocation: AllocationLayer;
}

export interface ChoiceTable {
  readonly layers: readonly LayerChoices[];
  /** Bytes of the file that no choice changes. */
  readonly restBytes: number;
  /** All layers in floats, everything else included; null where no speed is known. */
  readonly floatNanos: number | null;
  /** Of that, what no choice changes. */
  readonly restNanos: number;
}

/** A layer computes in integers only where that is faster by more than the cost model is wrong about one layer. */
const MARGIN = 1.1;

/** Multiply-accumulates cost this much in integers on targets that have fast kernels for all they list. */
const OTHER_TARGETS_INTEGER = 0.4;

export function tabulate(parts: {
  readonly report: SensitivityReport;
  readonly options: readonly LayerOption[];
  readonly graph: WorkGraph;
  readonly skeleton: SizeSkeleton;
  readonly speed: DeviceSpeed | null;
  readonly target: Target;
}): ChoiceTable {
  const { report, graph, skeleton, speed, target } = parts;
  const works = new Map(graph.layers.map((work) => [work.layer, work]));
  const index = new Map(report.layers.map(({ layer }, i) => [layer, i]));
  const ids = report.layers.map(({ layer }) => layer);
  const sizes = sizesByOption(skeleton, ids, parts.options);
  const layers = report.layers.map(({ layer, damages }): LayerChoices => {
    const work = works.get(layer);
    const options: LayerOption[] = [];
    const choices: Choice[] = [];
    for (const option of parts.options) {
      const damage = option === 'fp32' ? 0 : damages.find((known) => known.option === option)?.damage;
      const bytes = sizes.layer(option, layer);
      const nanos = nanosOf(option, work, speed, target);
      if (damage === undefined || bytes === undefined || nanos === undefined) continue;
      options.push(option);
      choices.push({ bytes, nanos, damage, integer: option === 'int8-activations' });
    }
    const feeds = graph.feeds[graph.layers.findIndex((one) => one.layer === layer)] ?? [-1];
    return {
      layer,
      work,
      options,
      allocation: {
        choices,
        feeds: feeds.map((from) => feeder(from, graph, index)),
        ...borders(work, speed),
      },
    };
  });
  const restNanos =
    speed === null
      ? 0
      : graph.rest * (speed.elementwiseNanos ?? speed.dequantizeNanos) + (speed.runNanos ?? 0);
  const floats = layers.reduce((sum, { work }) => sum + (floatCost(work, speed) ?? 0), restNanos);
  return { layers, restBytes: sizes.rest, floatNanos: speed === null ? null : floats, restNanos };
}

/** Index among the layers with choices; a layer without any stays in floats. */
function feeder(from: number, graph: WorkGraph, index: ReadonlyMap<string, number>): number {
  return from < 0 ? -1 : (index.get(graph.layers[from].layer) ?? -1);
}

function floatCost(work: LayerWork | undefined, speed: DeviceSpeed | null): number | undefined {
  if (work === undefined) return undefined;
  return speed === null ? work.outputs * work.fanIn : floatNanos(work, speed);
}

/** Undefined where the option cannot be had. */
function nanosOf(
  option: LayerOption,
  work: LayerWork | undefined,
  speed: DeviceSpeed | null,
  target: Target,
): number | undefined {
  const floats = floatCost(work, speed) ?? 0;
  if (option !== 'int8-activations') return floats;
  if (work === undefined || work.kind === 'other' || target.activations === null) return undefined;
  if (target.id !== 'ort-wasm') return floats * OTHER_TARGETS_INTEGER;
  return speed === null ? undefined : MARGIN * integerNanos(work, speed);
}

function borders(
  work: LayerWork | undefined,
  speed: DeviceSpeed | null,
): Pick<AllocationLayer, 'enterNanos' | 'leaveNanos' | 'joinNanos'> {
  if (work === undefined || speed === null) return { enterNanos: 0, leaveNanos: 0 };
  return {
    enterNanos: MARGIN * enterNanos(work, speed),
    leaveNanos: MARGIN * leaveNanos(work, speed),
    joinNanos: MARGIN * joinNanos(work, speed),
  };
}

/** Exact bytes of each layer in each option, from one prediction an option. */
function sizesByOption(skeleton: SizeSkeleton, layers: readonly string[], options: readonly LayerOption[]) {
  const byOption = new Map<LayerOption, ReadonlyMap<string, number>>();
  let rest = 0;
  for (const option of new Set<LayerOption>(['fp32', ...options])) {
    const step = weightStep(Object.fromEntries(layers.map((layer) => [layer, option])));
    const prediction = predictSize(skeleton, recipeOf(step === undefined ? [] : [step]));
    const sizes = new Map(prediction.layers.map(({ id, bytes }) => [id, bytes]));
    byOption.set(option, sizes);
    // Operators that several layers share and longer lengths differ by a few bytes between options: the most counts.
    rest = Math.max(rest, prediction.bytes - layers.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0));
  }
  return {
    rest,
    layer: (option: LayerOption, layer: string): number | undefined => byOption.get(option)?.get(layer),
  };
}

export function recipeOf(steps: Recipe['steps'], more: Partial<Recipe> = {}): Recipe {
  return { format: 'pare-recipe', version: 1, seed: 1, ...more, steps: [{ pass: 'simplify' }, ...steps] };
}
