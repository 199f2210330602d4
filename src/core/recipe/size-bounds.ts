/**
 * How far the written size may be from what weights alone would give, for the passes that change a graph by what they
 * see on samples: bytes that they can add or save at most, from counts of the graph. It must not know weights.
 *
 * What a pass does to one layer is bounded by the sum of the lengths of all that it may write there; names that it makes
 * are short words with a number.
 */
import type { EncodingShape } from '../tensor/encoding.ts';
import { groupCount } from '../tensor/encoding.ts';
import { convertHalfMeta } from '../passes/convert-half/meta.ts';
import { correctBiasMeta } from '../passes/correct-bias/meta.ts';
import { equalizeMeta } from '../passes/equalize/meta.ts';
import { layerValues } from '../passes/params.ts';
import { quantizeActivationsMeta } from '../passes/quantize-activations/meta.ts';
import type { Target } from '../targets/types.ts';
import type { SizeSkeleton, SkeletonLayer } from './skeleton.ts';
import type { RecipeStep } from './types.ts';

/** Bytes, beside a predicted size. */
export interface Deviation {
  readonly low: number;
  readonly high: number;
}

/** A layer as it is predicted. */
export interface PlannedLayer {
  readonly layer: SkeletonLayer;
  /** Undefined = not encoded. */
  readonly state: EncodingShape | undefined;
  readonly bytes: number;
  /** Its bytes if its floats were halves. */
  readonly halfBytes: number;
}

export interface PlannedModel {
  readonly skeleton: SizeSkeleton;
  readonly target: Target;
  readonly layers: readonly PlannedLayer[];
  /** Local functions that decode weights, as predicted and in halves. */
  readonly functionBytes: number;
  readonly halfFunctionBytes: number;
}

export const BOUNDED: ReadonlySet<string> = new Set([
  equalizeMeta.id,
  correctBiasMeta.id,
  quantizeActivationsMeta.id,
  convertHalfMeta.id,
]);

const NONE: Deviation = { low: 0, high: 0 };

/**
 * @param earlier passes before this one
 * @returns undefined where there is no bound
 */
export function deviationOf(
  step: RecipeStep,
  earlier: ReadonlySet<string>,
  model: PlannedModel,
): Deviation | undefined {
  switch (step.pass) {
    case equalizeMeta.id:
      return equalized(model);
    case correctBiasMeta.id:
      return corrected(step, model);
    case quantizeActivationsMeta.id:
      return inIntegers(step, model);
    case convertHalfMeta.id:
      // Pairs of Q/DQ and their constants are converted too.
      return earlier.has(quantizeActivationsMeta.id) && computesHalf(model) ? undefined : inHalves(model);
    default:
      return undefined;
  }
}

function sum(parts: readonly Deviation[]): Deviation {
  return parts.reduce((all, { low, high }) => ({ low: all.low + low, high: all.high + high }), NONE);
}

/** Any layer may be rescaled: its floats are written anew, as long as before, and its bias under a longer name. */
function equalized({ skeleton, layers }: PlannedModel): Deviation {
  const { census } = skeleton;
  const listed = skeleton.base.listsWeights ? ENTRY + census.longestName : 0;
  return sum(
    layers.map(({ layer, state }) => {
      if (layer.frozen !== undefined || layer.graph !== 0 || layer.dataType !== 'float32') return NONE;
      const again = state === undefined ? layer.restoredBytes - layer.fieldBytes : 0;
      const bias = layer.bias === undefined ? 0 : layer.bias.equalized;
      // A bias in an unusual form may become shorter, by its whole overhead.
      const saved = layer.bias === undefined ? 0 : Math.max(0, -layer.bias.corrected) + listed;
      return { low: Math.min(0, again) - saved, high: Math.max(0, again) + bias };
    }),
  );
}

/** An entry among the inputs of a graph without its name. */
const ENTRY = 64;

/** All biases behind encoded weights are corrected, or none; scales become floats where spreads are corrected too. */
function corrected(step: RecipeStep, { layers }: PlannedModel): Deviation {
  const spread = layerValues(correctBiasMeta, step.params ?? {}, {}, '')['spread'] === true;
  return sum(
    layers.map(({ layer, state }) => {
      if (state === undefined || layer.bias === undefined) return NONE;
      const growth = layer.bias.corrected;
      const scales = spread && state.scaleType !== 'float32' ? 2 * groups(layer, state) + WORD : 0;
      return { low: Math.min(0, growth), high: Math.max(0, growth) + scales };
    }),
  );
}

function groups({ dims }: SkeletonLayer, { granularity }: EncodingShape): number {
  return groupCount(granularity, dims);
}

/** A name that a pass makes, or a shape, an attribute, the head of a message. */
const WORD = 24;
/** An operator without the names of the model that it reads: its kind, three made names, an attribute. */
const OPERATOR = 5 * WORD;
/** A made constant without its values. */
const CONSTANT = 2 * WORD;
/** Decode chains that replace another form, without codes and scales. */
const CHAIN = 4096;
/** First operator set with scales per channel of a weight beside it. */
const PER_CHANNEL_OPSET = 13;

/**
 * Any layer with 8-bit weights of the main graph may compute in integers: then its codes stand beside scales, its bias
 * is as many 32-bit codes with a scale each, and values between operators get a pair of Q/DQ with two constants, and
 * perhaps a Relu or Clip before it. Float layers may be decoded otherwise and get a bias of codes.
 */
function inIntegers(step: RecipeStep, model: PlannedModel): Deviation | undefined {
  const { skeleton, target, layers, functionBytes } = model;
  if (target.activations === null && target.refusals['dynamic-activations'] !== undefined) return NONE;
  const asked = layers.filter(({ layer, state }) => mayCompute(step, layer, state));
  if (asked.length === 0) return NONE;
  // Raising the operator set changes what other layers are decoded with.
  if (skeleton.opset < PER_CHANNEL_OPSET) return undefined;
  const { values, reads, longestName } = skeleton.census;
  const name = longestName + WORD;
  const pair = 3 * (OPERATOR + 2 * name) + 4 * CONSTANT;
  const between = { low: 0, high: values * pair + reads * WORD };
  const changed = layers.map(({ layer, state, bytes }) => {
    if (layer.graph !== 0 || layer.frozen !== undefined) return NONE;
    const integers = mayCompute(step, layer, state);
    const channels = Math.max(1, ...layer.dims);
    const payload = state === undefined ? 0 : layer.elements;
    const scales = state === undefined ? 0 : 5 * groups(layer, state);
    const written = integers
      ? payload + scales + 4 * (OPERATOR + 2 * name)
      : state === undefined
        ? 0
        : bytes + payload + scales + CHAIN;
    const operators = layer.readers * (8 * (OPERATOR + 2 * name) + 12 * channels);
    const lost = layer.readers * (OPERATOR + 2 * name);
    const least = integers ? Math.max(0, bytes - payload) : state === undefined ? 0 : bytes / 2;
    return { low: -least - lost, high: Math.max(0, written - bytes) + operators };
  });
  return sum([between, ...changed, { low: -functionBytes - CHAIN, high: CHAIN }]);
}

function mayCompute(step: RecipeStep, layer: SkeletonLayer, state: EncodingShape | undefined): boolean {
  const { mode } = layerValues(quantizeActivationsMeta, step.params ?? {}, step.layers ?? {}, layer.id);
  return mode !== 'float' && layer.graph === 0 && layer.frozen === undefined && state?.precision === 'int8';
}

const HALF_OPSET = 9;

/** The pass leaves models with subgraphs and functions alone. */
function computesHalf({ target, skeleton }: PlannedModel): boolean {
  return target.fp16 === 'computes' && skeleton.graphs.length === 1;
}

/** Any constant may become half as long, or stay for some readers beside its half; any value may be cast both ways. */
function inHalves(model: PlannedModel): Deviation | undefined {
  if (!computesHalf(model)) return NONE;
  // Raised by the pass, where that can be done: what other forms cost then is not known here.
  if (model.skeleton.opset < HALF_OPSET) return undefined;
  const { skeleton, layers, functionBytes, halfFunctionBytes } = model;
  const { values, reads, longestName, floatBytes, sharedFloatBytes, valueInfoBytes } = skeleton.census;
  const name = longestName + WORD;
  const constants = {
    low: -floatBytes / 2 - valueInfoBytes - reads * OPERATOR,
    high: sharedFloatBytes / 2 + reads * (CONSTANT + 2 * WORD) + 2 * values * (OPERATOR + 2 * name),
  };
  const weights = layers.map(({ layer, state, bytes, halfBytes }) => {
    if (layer.dataType !== 'float32') return NONE;
    const half = state === undefined ? bytes / 2 : halfBytes;
    const beside = layer.readers > 1 ? half : 0;
    return { low: Math.min(0, half - bytes) - CONSTANT, high: Math.max(0, half - bytes) + beside + CONSTANT };
  });
  return sum([constants, ...weights, { low: -functionBytes - CHAIN, high: halfFunctionBytes + CHAIN }]);
}
