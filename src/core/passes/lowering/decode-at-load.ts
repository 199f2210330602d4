/**
 * Form `decode-at-load`: plain ONNX operators over constants that give the weight's floats. A runtime folds them when it
 * makes the session, so the file is small and every run is as fast as with floats. It must not know graphs.
 *
 * nibbles  u8[m,1] → BitShift by [0,4] → Mod 16 → u8[m,2]; below opset 11: ⌊x·f⌋ − 16·⌊x·f/16⌋, f = [1, 1/16], in float32
 * sparse   bits u8[m,1] → BitShift by [0..7] → Mod 2 → int32 vector b; index = b · CumSum(b); value = Gather([0, kept…], index)
 * affine   (Cast(code) − zero) · scale, scales broadcast over a view of the tensor (view.ts)
 * Sources: ONNX operator specification. That these chains fold, in subgraphs and function bodies too, is held by
 * lowering.test.ts against onnxruntime-web; NonZero and DequantizeLinear do not fold there.
 */
import { elementCount } from '../../tensor/dtype.ts';
import type { DataType } from '../../tensor/dtype.ts';
import type { EncodingShape, WeightEncoding } from '../../tensor/encoding.ts';
import { ChainBuilder } from './chain.ts';
import type { Chain, WeightSite } from './chain.ts';
import * as fill from './fill.ts';
import { sameDims, viewOf } from './view.ts';
import type { WeightView } from './view.ts';

/** Mul and Sub broadcast, and Cast takes its type as a number, from here on. onnxruntime begins here too. */
export const MIN_OPSET = 7;
/** BitShift and CumSum. */
const SPARSE_OPSET = 11;
/** Expand. */
const SPREAD_OPSET = 8;

/** Version of the ONNX operators that the chain needs. */
export function decodeOpset(shape: EncodingShape, dims: readonly number[], bitmask: boolean): number {
  if (bitmask) return SPARSE_OPSET;
  const affine = shape.precision === 'int8' || shape.precision === 'int4';
  return affine && viewOf(shape.granularity, dims).spread !== undefined ? SPREAD_OPSET : MIN_OPSET;
}

/** A bitmask fills holes with one value, so codes need one zero for all groups. */
export function canBitmask(shape: EncodingShape): boolean {
  return shape.masked && (shape.signed || shape.granularity.kind === 'tensor');
}

/** The chain for a site whose opset is enough (decodeOpset). */
export function planDecode(shape: EncodingShape, site: WeightSite, bitmask: boolean): Chain {
  const b = new ChainBuilder(site);
  if (shape.precision === 'fp32' || shape.precision === 'fp16') return planFloat(b, shape, bitmask);
  const view = viewOf(shape.granularity, site.dims);
  const codes = bitmask ? sparseCodes(b, shape, view) : denseCodes(b, shape, view);
  const offset = shape.signed
    ? shape.precision === 'int4'
      ? b.op('Sub', [codes, b.shared('e')])
      : codes
    : b.op('Sub', [codes, spread(b, view, b.cast(zeroPoints(b, view), 'float32'))]);
  let value = b.op('Mul', [offset, spread(b, view, scales(b, shape, view))]);
  if (view.back !== undefined) {
    value = b.reshape(value, view.back.dims);
    const perm = view.back.perm.map(BigInt);
    value = b.op('Transpose', [value], [{ name: 'perm', kind: 'ints', value: perm }]);
  } else if (!sameDims(view.dims, site.dims)) value = b.reshape(value, site.dims);
  return b.finish(site.dataType === 'float32' ? value : b.cast(value, site.dataType));
}

/** float16 weights that are only pruned stay float16; float64 ones are kept as float32. */
function floatType(shape: EncodingShape, site: WeightSite): DataType {
  return shape.precision === 'fp16' || site.dataType === 'float16' ? 'float16' : 'float32';
}

function planFloat(b: ChainBuilder, shape: EncodingShape, bitmask: boolean): Chain {
  const { site } = b;
  const type = floatType(shape, site);
  const view = viewOf({ kind: 'tensor' }, site.dims);
  const write = (codes: WeightEncoding['codes']): Uint8Array =>
    type === 'float16' && codes instanceof Float32Array ? fill.asHalfBytes(codes) : fill.plainBytes(codes);
  const value = bitmask
    ? b.op('Gather', [
        b.keptTensor(type, shape.kept, withZero, (e) => write(fill.keptCodes(e, view, site.dims))),
        keptIndex(b, view),
      ])
    : b.tensor(type, site.dims, (e) => write(fill.denseCodes(e, view, site.dims)));
  return b.finish(type === site.dataType ? value : b.cast(value, site.dataType));
}

function denseCodes(b: ChainBuilder, shape: EncodingShape, view: WeightView): string {
  const { dims } = b.site;
  if (shape.precision === 'int8') {
    const type = shape.signed ? 'int8' : 'uint8';
    return b.cast(
      b.tensor(type, view.dims, (e) => fill.plainBytes(fill.denseCodes(e, view, dims))),
      'float32',
    );
  }
  const count = elementCount(dims);
  const packed = b.tensor('uint8', [Math.ceil(count / 2), 1], (e) =>
    fill.packNibbles(fill.denseCodes(e, view, dims), shape.signed ? 8 : 0),
  );
  let codes = nibbles(b, packed);
  if (count % 2 === 1) codes = b.head(b.reshape(codes, [-1]), count);
  const shaped = b.reshape(codes, view.dims);
  return usesIntegers(b) ? b.cast(shaped, 'float32') : shaped;
}

function usesIntegers(b: ChainBuilder): boolean {
  return b.site.opset >= SPARSE_OPSET;
}

/** u8 [m,1] → [m,2]: uint8 from opset 11 on, float32 below. */
function nibbles(b: ChainBuilder, packed: string): string {
  if (usesIntegers(b)) {
    return b.op('Mod', [shiftRight(b, packed, b.shared('n')), b.shared('s')]);
  }
  const shifted = b.op('Mul', [b.cast(packed, 'float32'), b.shared('f')]);
  const upper = b.op('Floor', [b.op('Mul', [shifted, b.shared('g')])]);
  return b.op('Sub', [b.op('Floor', [shifted]), b.op('Mul', [upper, b.shared('h')])]);
}

function shiftRight(b: ChainBuilder, value: string, by: string): string {
  const right = new TextEncoder().encode('RIGHT');
  return b.op('BitShift', [value, by], [{ name: 'direction', kind: 'string', value: right }]);
}

/** For each element, in the view's shape: its number among the kept ones, counted from 1, or 0 when it is pruned. */
function keptIndex(b: ChainBuilder, view: WeightView): string {
  const { dims } = b.site;
  const count = elementCount(dims);
  const mask = b.tensor('uint8', [Math.ceil(count / 8), 1], (e) => fill.maskBytes(e, view, dims));
  const wide = b.op('Mod', [shiftRight(b, mask, b.shared('b')), b.shared('t')]);
  let bits = b.reshape(b.cast(wide, 'int32'), [-1]);
  if (count % 8 !== 0) bits = b.head(bits, count);
  const index = b.op('Mul', [b.op('CumSum', [bits, b.shared('a')]), bits]);
  return view.dims.length === 1 ? index : b.reshape(index, view.dims);
}

/** The code that holes read stands before the kept ones. */
const withZero = (kept: number): number[] => [kept + 1];

function sparseCodes(b: ChainBuilder, shape: EncodingShape, view: WeightView): string {
  const { dims } = b.site;
  let values: string;
  if (shape.precision === 'int8') {
    const type = shape.signed ? 'int8' : 'uint8';
    values = b.keptTensor(type, shape.kept, withZero, (e) => fill.plainBytes(keptWithZero(e, view, dims)));
  } else {
    const packedDims = (kept: number): number[] => [Math.ceil((kept + 1) / 2), 1];
    const packed = b.keptTensor('uint8', shape.kept, packedDims, (e) =>
      fill.packNibbles(keptWithZero(e, view, dims), shape.signed ? 8 : 0),
    );
    values = b.reshape(nibbles(b, packed), [-1]);
  }
  return b.cast(b.op('Gather', [values, keptIndex(b, view)]), 'float32');
}

function keptWithZero(
  encoding: WeightEncoding,
  view: WeightView,
  dims: readonly number[],
): WeightEncoding['codes'] {
  const codes = fill.keptCodes(encoding, view, dims);
  if (encoding.zeroPoints !== undefined) codes[0] = encoding.zeroPoints[0];
  return codes;
}

function zeroPoints(b: ChainBuilder, view: WeightView): string {
  return b.tensor('uint8', view.scaleDims, (e) => fill.zeroPointBytes(e, view));
}

function scales(b: ChainBuilder, shape: EncodingShape, view: WeightView): string {
  if (shape.scaleType === 'float32') {
    return b.tensor('float32', view.scaleDims, (e) => fill.scaleBytes(e, view));
  }
  const halves = b.tensor('float16', view.scaleDims, (e) => fill.halfScaleBytes(e, view));
  const unit = b.tensor('float32', [], (e) => fill.plainBytes(Float32Array.of(2 ** e.scaleExponent)));
  return b.op('Mul', [b.cast(halves, 'float32'), unit]);
}

/** Group values to the view's shape where they do not broadcast by themselves. */
function spread(b: ChainBuilder, view: WeightView, groups: string): string {
  const s = view.spread;
  if (s === undefined) return groups;
  const repeated = b.op('Expand', [groups, b.longs(s.repeated)]);
  const flat = b.reshape(repeated, s.flat);
  if (b.site.opset >= 10) {
    const inputs = [flat, b.shared('z'), b.longs([s.length]), b.shared(s.axis === 0 ? 'z' : 'o')];
    return b.op('Slice', inputs);
  }
  return b.op(
    'Slice',
    [flat],
    [
      { name: 'starts', kind: 'ints', value: [0n] },
      { name: 'ends', kind: 'ints', value: [BigInt(s.length)] },
      { name: 'axes', kind: 'ints', value: [BigInt(s.axis)] },
    ],
  );
}
