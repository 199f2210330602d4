/**
 * Form `dequantize-linear`: the standard DequantizeLinear over stored codes, which converters and compilers know, and a
 * Cast for half floats. Three and two bits stand in int4, because tools that read this form know no smaller type; it has
 * no palettes. It must not know graphs.
 * Source: ONNX DequantizeLinear, versions 10 (one scale), 13 (per axis), 21 (blocks, int4, uint4).
 */
import { hasCodes, isPalette, layoutOf } from '../../tensor/encoding.ts';
import type { EncodingShape } from '../../tensor/encoding.ts';
import { ChainBuilder } from './chain.ts';
import type { Chain, WeightSite } from './chain.ts';
import { MIN_OPSET, planDecode } from './decode-at-load.ts';
import * as fill from './fill.ts';
import { sameDims, viewOf } from './view.ts';
import type { WeightView } from './view.ts';

/** Undefined: the form does not have the precision. */
export function dequantizeOpset(shape: EncodingShape): number | undefined {
  if (isPalette(shape.precision)) return undefined;
  if (!hasCodes(shape.precision)) return MIN_OPSET;
  if (shape.precision !== 'int8' || shape.granularity.kind === 'block') return 21;
  return shape.granularity.kind === 'channel' ? 13 : 10;
}

/** What DequantizeLinear reads: codes as a matrix where a block runs along flattened axes. */
interface Operand {
  readonly view: WeightView;
  readonly dims: readonly number[];
  readonly axis: number | undefined;
  readonly size: number | undefined;
  readonly scaleDims: readonly number[];
}

function operandOf(shape: EncodingShape, dims: readonly number[]): Operand {
  const { granularity } = shape;
  const view = viewOf(granularity, dims);
  if (granularity.kind === 'tensor') return { view, dims, axis: undefined, size: undefined, scaleDims: [] };
  if (granularity.kind === 'channel') {
    return { view, dims, axis: granularity.axis, size: undefined, scaleDims: [dims[granularity.axis]] };
  }
  const { channels, reduction } = layoutOf(dims, granularity.axis);
  const blocks = view.scalesTransposed ? view.scaleDims[0] : view.scaleDims[1];
  const { size } = granularity;
  return view.scalesTransposed
    ? { view, dims: [reduction, channels], axis: 0, size, scaleDims: [blocks, channels] }
    : { view, dims: [channels, reduction], axis: 1, size, scaleDims: [channels, blocks] };
}

export function planDequantize(shape: EncodingShape, site: WeightSite): Chain {
  if (!hasCodes(shape.precision)) return planDecode(shape, site, false);
  const b = new ChainBuilder(site);
  const operand = operandOf(shape, site.dims);
  const { view } = operand;
  const pack = shape.precision !== 'int8';
  const type = `${shape.signed ? '' : 'u'}${pack ? 'int4' : 'int8'}` as const;
  const codes = b.tensor(type, operand.dims, (e) => {
    const dense = fill.denseCodes(e, view, site.dims);
    return pack ? fill.packCodes(dense, 4, 0) : fill.plainBytes(dense);
  });
  const inputs = [codes, b.tensor('float32', operand.scaleDims, (e) => fill.scaleBytes(e, view, 1))];
  if (!shape.signed) {
    inputs.push(
      b.tensor(type, operand.scaleDims, (e) => {
        const zero = fill.zeroPointBytes(e, view);
        return pack ? fill.packCodes(zero, 4, 0) : zero;
      }),
    );
  }
  let value = b.op('DequantizeLinear', inputs, [
    ...(operand.axis === undefined
      ? []
      : [{ name: 'axis', kind: 'int' as const, value: BigInt(operand.axis) }]),
    ...(operand.size === undefined
      ? []
      : [{ name: 'block_size', kind: 'int' as const, value: BigInt(operand.size) }]),
  ]);
  if (view.back !== undefined) {
    value = b.reshape(value, view.back.dims);
    const perm = view.back.perm.map(BigInt);
    value = b.op('Transpose', [value], [{ name: 'perm', kind: 'ints', value: perm }]);
  } else if (!sameDims(operand.dims, site.dims)) value = b.reshape(value, site.dims);
  return b.finish(site.dataType === 'float32' ? value : b.cast(value, site.dataType));
}
