/**
 * From parameters, a target and a layer's shape to what its encoding will be, without looking at a weight: the pass
 * follows it and the page predicts sizes from it. It must not know graphs.
 */
import {
  blocksPerChannel,
  codeBits,
  groupCount,
  hasCodes,
  isPalette,
  layoutOf,
} from '../../tensor/encoding.ts';
import type {
  CodePrecision,
  EncodingShape,
  Granularity,
  Precision,
  WeightStorage,
} from '../../tensor/encoding.ts';
import type { DataType } from '../../tensor/dtype.ts';
import { elementCount } from '../../tensor/dtype.ts';
import type { Target } from '../../targets/types.ts';
import { layerValues } from '../params.ts';
import type { ParamValues } from '../types.ts';
import { quantizeWeightsMeta } from './meta.ts';

/** What is known of a layer before its weights are read. */
export interface LayerShape {
  readonly id: string;
  readonly dims: readonly number[];
  readonly axis?: number | undefined;
  readonly dataType: DataType;
  /** An earlier step has pruned some of it. */
  readonly masked?: boolean | undefined;
  /** A MatMul or Gemm reads it that MatMulNBits can stand for. */
  readonly matrix?: unknown;
  readonly frozen?: string | undefined;
}

export const METHODS = ['nearest', 'hqq', 'gptq', 'descent', 'gptq-descent'] as const;
export type Method = (typeof METHODS)[number];

export interface QuantizePlan {
  readonly precision: Exclude<Precision, 'fp32'>;
  readonly signed: boolean;
  readonly granularity: Granularity;
  readonly scaleType: EncodingShape['scaleType'];
  readonly zeroType?: 'float16';
  readonly clip: 'none' | 'mse';
  readonly form: WeightStorage['form'];
  readonly accuracyLevel?: 4;
  readonly method: 'auto' | Method;
  /** What was not done as asked, and why. */
  readonly note?: string;
}

/** What a step asks of every layer: its parameters, and where the model will run. */
export interface QuantizeRequest {
  readonly params: ParamValues;
  readonly layers: Readonly<Record<string, ParamValues>>;
  readonly target: Target;
  /** Layers that keep 8 bits (protectedLayers). */
  readonly protect: ReadonlySet<string>;
}

/** From this many scales on, halves save more than the number they are stored relative to takes. */
const MIN_HALF_SCALES = 16;
/** With fewer weights to an output, the errors of rounding have nothing to average out over. */
const FEW_INPUTS = 32;
/** Share of the weights that may keep 8 bits: at 4 bits in blocks of 32 the average stays below 5 bits. */
const FRAGILE_SHARE = 1 / 10;

/** A step ready for planLayer. */
export function quantizeRequest(
  params: ParamValues,
  layers: Readonly<Record<string, ParamValues>>,
  target: Target,
  shapes: readonly LayerShape[],
): QuantizeRequest {
  return { params, layers, target, protect: protectedLayers(params, layers, shapes) };
}

/** Ids of the layers that keep 8 bits although the step asks for fewer. */
function protectedLayers(
  params: ParamValues,
  layers: Readonly<Record<string, ParamValues>>,
  shapes: readonly LayerShape[],
): ReadonlySet<string> {
  const { protect, precision } = layerValues(quantizeWeightsMeta, params, {}, '');
  const none = new Set<string>();
  if (protect === 'none' || !hasCodes(precision as Precision)) return none;
  if (codeBits(precision as CodePrecision) === 8) return none;
  const found = new Set<string>();
  let total = 0;
  let fragile = 0;
  for (const { id, dims, axis, frozen } of shapes) {
    if (frozen !== undefined) continue;
    const elements = elementCount(dims);
    total += elements;
    const own = Object.hasOwn(layers, id) && layers[id]['precision'] !== undefined;
    if (own || axis === undefined || layoutOf(dims, axis).reduction >= FEW_INPUTS) continue;
    fragile += elements;
    found.add(id);
  }
  return fragile <= FRAGILE_SHARE * total ? found : none;
}

/** A string says why the layer stays as it is; undefined: nothing was asked. */
export function planLayer(layer: LayerShape, request: QuantizeRequest): QuantizePlan | string | undefined {
  const values = layerValues(quantizeWeightsMeta, request.params, request.layers, layer.id);
  const asked = values['precision'] as Precision;
  if (asked === 'fp32') return undefined;
  if (asked === 'fp16') return planHalf(layer, request.target);
  const isProtected = request.protect.has(layer.id);
  const precision = isProtected ? 'int8' : asked;
  const form = chooseForm(layer, precision, values, request.target);
  const refused = refusal(precision, form.form, values, request.target);
  if (refused !== undefined) return refused;
  const notes = isProtected ? [`keeps 8 bits: few inputs to a channel make it fragile at ${asked}`] : [];
  return planCodes(layer, precision, { ...values, ...(isProtected ? PROTECTED : {}) }, request.target, form, [
    ...notes,
    ...form.notes,
  ]);
}

/** What a fragile layer gets: the plainest eight bits. */
const PROTECTED: ParamValues = { granularity: 'auto', clip: 'auto' };

function planHalf(layer: LayerShape, target: Target): QuantizePlan | string {
  if (layer.dataType === 'float16') return 'already float16';
  if (target.fp16 === 'refuses') return refusalText(target, 'fp16', 'does not read fp16');
  return {
    precision: 'fp16',
    signed: true,
    granularity: { kind: 'tensor' },
    scaleType: 'float32',
    clip: 'none',
    form: 'decode-at-load',
    method: 'nearest',
  };
}

interface Form {
  readonly form: WeightStorage['form'];
  readonly notes: readonly string[];
}

/** The form that was asked for where the layer can have it, else the next best one, and why. */
function chooseForm(layer: LayerShape, precision: CodePrecision, values: ParamValues, target: Target): Form {
  const automatic = values['storage'] === 'auto';
  const asked = (automatic ? target.weightForm : values['storage']) as WeightStorage['form'];
  if (asked !== 'matmul-nbits') {
    const notes = asked === 'dequantize-linear' ? widened(precision) : [];
    return { form: asked, notes };
  }
  const problem = matrixProblem(layer, precision);
  if (problem !== undefined) return { form: 'decode-at-load', notes: automatic ? [] : [problem] };
  // Integer kernels want one scale a channel; blocks would keep quantize-activations from this layer.
  const forIntegers =
    precision === 'int8' && target.activations !== null && values['granularity'] !== 'block';
  if (automatic && forIntegers) return { form: 'decode-at-load', notes: [] };
  return { form: 'matmul-nbits', notes: [] };
}

function widened(precision: CodePrecision): string[] {
  return precision === 'int3' || precision === 'int2' ? [`${precision} is stored as int4`] : [];
}

function matrixProblem(layer: LayerShape, precision: CodePrecision): string | undefined {
  if (isPalette(precision)) return 'MatMulNBits has no palettes: decoded at load';
  if (precision === 'int3') return 'MatMulNBits has no 3 bits: decoded at load';
  if (layer.matrix === undefined || layer.axis === undefined)
    return 'MatMulNBits stands for one MatMul or Gemm with a constant matrix: decoded at load';
  return undefined;
}

/** Why the target does not get it; undefined = it does. What is decoded at load it never sees, if it folds constants. */
function refusal(
  precision: CodePrecision,
  form: WeightStorage['form'],
  values: ParamValues,
  target: Target,
): string | undefined {
  if (form === 'decode-at-load' && values['storage'] === 'decode-at-load') return undefined;
  if (isPalette(precision)) {
    const known = Object.hasOwn(target.refusals, 'palette');
    if (!known && form === 'decode-at-load') return undefined;
    return refusalText(target, 'palette', 'has no form for palettes');
  }
  const bits = codeBits(precision);
  if (target.weights.bits.includes(bits)) return undefined;
  return refusalText(target, precision, `stores no weights of ${bits} bits`);
}

function refusalText(target: Target, what: string, otherwise: string): string {
  return Object.hasOwn(target.refusals, what)
    ? target.refusals[what].text
    : `the target ${target.label} ${otherwise}`;
}

function planCodes(
  layer: LayerShape,
  precision: CodePrecision,
  values: ParamValues,
  target: Target,
  { form }: Form,
  notes: readonly string[],
): QuantizePlan {
  const problems = [...notes];
  const isHqq = values['method'] === 'hqq' && !isPalette(precision);
  const wantsZero = isHqq || (values['symmetric'] === false && !isPalette(precision));
  const signed = !wantsZero || !target.weights.asymmetric;
  if (wantsZero && signed) problems.push(refusalText(target, 'zero-points', 'wants no zero points'));
  const granularity = chooseGranularity(layer, precision, values, target, form, problems);
  const bits = codeBits(precision);
  const clip = values['clip'] === 'auto' ? (bits < 8 ? 'mse' : 'none') : values['clip'];
  // Only decode operators turn halves into floats first; the others compute in the type of the scales.
  const halves = form === 'decode-at-load' && groupCount(granularity, layer.dims) >= MIN_HALF_SCALES;
  return {
    precision,
    signed,
    granularity,
    scaleType: halves ? 'float16' : 'float32',
    ...(isHqq && !signed && form === 'decode-at-load' && layer.masked !== true
      ? { zeroType: 'float16' as const }
      : {}),
    clip: clip === 'mse' ? 'mse' : 'none',
    form,
    ...(form === 'matmul-nbits' && bits >= 4 ? { accuracyLevel: 4 as const } : {}),
    method: values['method'] as QuantizePlan['method'],
    ...(problems.length === 0 ? {} : { note: problems.join('; ') }),
  };
}

/** Without an output-channel axis: one scale. A block that holds the whole channel is a channel. */
function chooseGranularity(
  layer: LayerShape,
  precision: CodePrecision,
  values: ParamValues,
  target: Target,
  form: WeightStorage['form'],
  problems: string[],
): Granularity {
  const { axis } = layer;
  const size = Number(values['blockSize']);
  if (axis === undefined) return { kind: 'tensor' };
  if (form === 'matmul-nbits') return { kind: 'block', axis, size };
  const small = !isPalette(precision) && codeBits(precision) < 8;
  let kind = values['granularity'] === 'auto' ? (small ? 'block' : 'channel') : values['granularity'];
  if (kind === 'block' && !target.weights.blocks) {
    if (values['granularity'] === 'block') problems.push(refusalText(target, 'blocks', 'has no blocks'));
    kind = 'channel';
  }
  if (kind === 'tensor' || !target.weights.perChannel) return { kind: 'tensor' };
  if (kind === 'channel') return { kind: 'channel', axis };
  const { reduction } = layoutOf(layer.dims, axis);
  const fitting = target.weights.evenBlocks === true && form === 'dequantize-linear';
  const fits = fitting ? dividingSize(size, reduction) : size;
  if (fits === undefined) {
    problems.push(
      `no block of up to ${size} inputs divides ${reduction}, as ${target.label} wants: one scale a channel`,
    );
    return { kind: 'channel', axis };
  }
  if (blocksPerChannel(reduction, fits) < 2) return { kind: 'channel', axis };
  if (fits !== size) problems.push(`blocks of ${fits}: they must divide ${reduction}`);
  return { kind: 'block', axis, size: fits };
}

/** Fewer inputs would spend more on scales than they save. */
const SMALLEST_BLOCK = 8;

/** The largest size up to `size` that divides the reduction; the reduction itself where it is no larger. */
function dividingSize(size: number, reduction: number): number | undefined {
  if (reduction <= size) return reduction;
  for (let candidate = size; candidate >= SMALLEST_BLOCK; candidate--) {
    if (reduction % candidate === 0) return candidate;
  }
  return undefined;
}
