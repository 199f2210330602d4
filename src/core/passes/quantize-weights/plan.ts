/**
 * From parameters and a layer's shape to what its encoding will be, without looking at a weight: the pass follows it
 * and the page predicts sizes from it. It must not know graphs.
 */
import { blocksPerChannel, groupCount, layoutOf } from '../../tensor/encoding.ts';
import type { EncodingShape, Granularity, Precision } from '../../tensor/encoding.ts';
import type { DataType } from '../../tensor/dtype.ts';
import type { ParamValues } from '../types.ts';

/** What is known of a layer before its weights are read. */
export interface LayerShape {
  readonly dims: readonly number[];
  readonly axis: number | undefined;
  readonly dataType: DataType;
}

export interface QuantizePlan {
  readonly precision: Exclude<Precision, 'fp32'>;
  readonly signed: boolean;
  readonly granularity: Granularity;
  readonly scaleType: EncodingShape['scaleType'];
  readonly clip: 'none' | 'mse';
  readonly form: 'decode-at-load' | 'dequantize-linear';
}

/** From this many scales on, halves save more than the number they are stored relative to takes. */
const MIN_HALF_SCALES = 16;

/** @param values every parameter, defaults filled in and overrides merged. A string says why the layer stays as it is; undefined: nothing was asked. */
export function planQuantize(layer: LayerShape, values: ParamValues): QuantizePlan | string | undefined {
  const precision = values['precision'] as Precision;
  if (precision === 'fp32') return undefined;
  if (precision === 'fp16' && layer.dataType === 'float16') return 'already float16';
  const form = values['storage'] === 'dequantize-linear' ? 'dequantize-linear' : 'decode-at-load';
  if (precision === 'fp16') {
    return {
      precision,
      signed: true,
      granularity: { kind: 'tensor' },
      scaleType: 'float32',
      clip: 'none',
      form,
    };
  }
  const granularity = chooseGranularity(layer, precision, values);
  const clip = values['clip'] === 'auto' ? (precision === 'int4' ? 'mse' : 'none') : values['clip'];
  // DequantizeLinear computes in the type of its scales, which must then be the type of the result.
  const halves = form === 'decode-at-load' && groupCount(granularity, layer.dims) >= MIN_HALF_SCALES;
  return {
    precision,
    signed: values['symmetric'] !== false,
    granularity,
    scaleType: halves ? 'float16' : 'float32',
    clip: clip === 'mse' ? 'mse' : 'none',
    form,
  };
}

/** Without an output-channel axis: one scale. A block that holds the whole channel is a channel. */
function chooseGranularity(layer: LayerShape, precision: 'int8' | 'int4', values: ParamValues): Granularity {
  const asked = values['granularity'];
  const kind = asked === 'auto' ? (precision === 'int4' ? 'block' : 'channel') : asked;
  const { axis } = layer;
  if (kind === 'tensor' || axis === undefined) return { kind: 'tensor' };
  const size = Number(values['blockSize']);
  if (kind === 'channel') return { kind: 'channel', axis };
  return blocksPerChannel(layoutOf(layer.dims, axis).reduction, size) > 1
    ? { kind: 'block', axis, size }
    : { kind: 'channel', axis };
}
