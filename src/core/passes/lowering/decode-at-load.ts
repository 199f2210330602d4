/**
 * Form `decode-at-load`: plain ONNX operators over constants that give the weight's floats. A runtime folds them when it
 * makes the session, so the file is small and every run is as fast as with floats. It must not know graphs.
 *
 * 4 bits   u8[m,1] → BitShift by [0,4] → Mod 16 → u8[m,2]; below opset 11: ⌊x·f⌋ − 16·⌊x·f/16⌋, f = [1, 1/16], in float32
 * 2 bits   u8[m,1] → BitShift by [0,2,4,6] → Mod 4 → u8[m,4]
 * 3 bits   u8[m,1] → BitShift by [0..7] → Mod 2 → [m·8/3, 3] · [1,2,4]ᵀ in float32; 6 bits: digits to base 4 · [1,4,16]ᵀ
 * sparse   bits u8[m,1] → BitShift by [0..7] → Mod 2 → int32 vector b; index = b · CumSum(b); value = Gather([0, kept…], index)
 * affine   (Cast(code) − zero) · scale, scales broadcast over a view of the tensor (view.ts)
 * palette  Gather(codebook, code) · scale
 * Sources: ONNX operator specification. That these chains fold, in subgraphs and function bodies too, is held by
 * lowering.test.ts against onnxruntime-web; NonZero and DequantizeLinear do not fold there.
 */
import { elementCount } from '../../tensor/dtype.ts';
import type { DataType } from '../../tensor/dtype.ts';
import { codeBits, hasCodes, isPalette } from '../../tensor/encoding.ts';
import type {
  CodeBits,
  CodePrecision,
  EncodingShape,
  IntegerPrecision,
  WeightEncoding,
} from '../../tensor/encoding.ts';
import { ChainBuilder } from './chain.ts';
import type { Chain, WeightSite } from './chain.ts';
import * as fill from './fill.ts';
import type { PackedBits } from './fill.ts';
import { sameDims, viewOf } from './view.ts';
import type { WeightView } from './view.ts';

/** Mul and Sub broadcast, and Cast takes its type as a number, from here on. onnxruntime begins here too. */
export const MIN_OPSET = 7;
/** BitShift and CumSum. */
const SHIFT_OPSET = 11;
/** Expand. */
const SPREAD_OPSET = 8;

/** Version of the ONNX operators that the chain needs. */
export function decodeOpset(shape: EncodingShape, dims: readonly number[], bitmask: boolean): number {
  if (bitmask) return SHIFT_OPSET;
  if (!hasCodes(shape.precision)) return MIN_OPSET;
  const bits = codeBits(shape.precision);
  if (bits !== 8 && bits !== 4) return SHIFT_OPSET;
  return viewOf(shape.granularity, dims).spread !== undefined ? SPREAD_OPSET : MIN_OPSET;
}

/** A bitmask fills holes with one code, so codes need one whole zero for all groups. */
export function canBitmask(shape: EncodingShape): boolean {
  return (
    shape.masked && (shape.signed || (shape.granularity.kind === 'tensor' && shape.zeroType === undefined))
  );
}

/** The chain for a site whose opset is enough (decodeOpset). */
export function planDecode(shape: EncodingShape, site: WeightSite, bitmask: boolean): Chain {
  const b = new ChainBuilder(site);
  const { precision } = shape;
  if (!hasCodes(precision)) return planFloat(b, shape, bitmask);
  const view = viewOf(shape.granularity, site.dims);
  const codes = bitmask ? sparseCodes(b, shape, precision, view) : denseCodes(b, shape, precision, view);
  const unscaled = isPalette(precision)
    ? b.op('Gather', [codebook(b, codeBits(precision)), inType(b, codes, 'int32')])
    : withoutZero(b, shape, precision, view, inType(b, codes, 'float32'));
  let value = b.op('Mul', [unscaled, spread(b, view, scales(b, shape, view))]);
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

/** Codes on their way: the name, and the type they have by now. */
interface Codes {
  readonly value: string;
  readonly type: 'int8' | 'uint8' | 'float32';
}

function inType(b: ChainBuilder, { value, type }: Codes, to: 'float32' | 'int32'): string {
  return type === to ? value : b.cast(value, to);
}

/** What signed codes of fewer than 8 bits are stored plus. */
const OFFSETS = { int4: 'e', int3: 'i', int2: 'k' } as const;

/** What is added to codes when they are packed. */
function storedOffset(shape: EncodingShape, bits: CodeBits): number {
  return shape.signed && !isPalette(shape.precision) && bits < 8 ? 2 ** (bits - 1) : 0;
}

function withoutZero(
  b: ChainBuilder,
  shape: EncodingShape,
  precision: IntegerPrecision,
  view: WeightView,
  codes: string,
): string {
  if (!shape.signed)
    return b.op('Sub', [codes, spread(b, view, b.cast(zeroPoints(b, shape, view), 'float32'))]);
  return precision === 'int8' ? codes : b.op('Sub', [codes, b.shared(OFFSETS[precision])]);
}

function codebook(b: ChainBuilder, bits: CodeBits): string {
  const halves = b.tensor('float16', [2 ** bits], (e) => fill.asHalfBytes(e.codebook ?? new Float32Array(0)));
  return b.cast(halves, 'float32');
}

function denseCodes(
  b: ChainBuilder,
  shape: EncodingShape,
  precision: CodePrecision,
  view: WeightView,
): Codes {
  const { dims } = b.site;
  const bits = codeBits(precision);
  if (bits === 8) {
    const type = wholeType(shape);
    return {
      value: b.tensor(type, view.dims, (e) => fill.plainBytes(fill.denseCodes(e, view, dims))),
      type,
    };
  }
  const count = elementCount(dims);
  const packed = b.tensor('uint8', [fill.packedLength(count, bits), 1], (e) =>
    fill.packCodes(fill.denseCodes(e, view, dims), bits, storedOffset(shape, bits)),
  );
  const codes = unpack(b, packed, bits);
  const whole = count % fill.codesAUnit(bits) === 0;
  const exact = whole ? codes.value : b.head(b.reshape(codes.value, [-1]), count);
  return { value: b.reshape(exact, view.dims), type: codes.type };
}

function wholeType(shape: EncodingShape): 'int8' | 'uint8' {
  return shape.signed && !isPalette(shape.precision) ? 'int8' : 'uint8';
}

function usesIntegers(b: ChainBuilder): boolean {
  return b.site.opset >= SHIFT_OPSET;
}

/** u8 [m,1] → a matrix whose elements are the codes in order. */
function unpack(b: ChainBuilder, packed: string, bits: PackedBits): Codes {
  switch (bits) {
    case 4:
      if (!usesIntegers(b)) return { value: floatNibbles(b, packed), type: 'float32' };
      return { value: b.op('Mod', [shiftRight(b, packed, b.shared('n')), b.shared('s')]), type: 'uint8' };
    case 2:
      return { value: pairs(b, packed), type: 'uint8' };
    case 3: {
      const digits = b.op('Mod', [shiftRight(b, packed, b.shared('b')), b.shared('t')]);
      return { value: threeDigits(b, digits, 'p'), type: 'float32' };
    }
    case 6:
      return { value: threeDigits(b, pairs(b, packed), 'r'), type: 'float32' };
    default:
      return bits satisfies never;
  }
}

function pairs(b: ChainBuilder, packed: string): string {
  return b.op('Mod', [shiftRight(b, packed, b.shared('q')), b.shared('c')]);
}

function threeDigits(b: ChainBuilder, digits: string, counts: 'p' | 'r'): string {
  const shaped = b.op('Reshape', [digits, b.shared('l')]);
  return b.op('MatMul', [b.cast(shaped, 'float32'), b.shared(counts)]);
}

function floatNibbles(b: ChainBuilder, packed: string): string {
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

function sparseCodes(
  b: ChainBuilder,
  shape: EncodingShape,
  precision: CodePrecision,
  view: WeightView,
): Codes {
  const { dims } = b.site;
  const bits = codeBits(precision);
  if (bits === 8) {
    const type = wholeType(shape);
    const values = b.keptTensor(type, shape.kept, withZero, (e) =>
      fill.plainBytes(keptWithZero(e, view, dims)),
    );
    return { value: b.op('Gather', [values, keptIndex(b, view)]), type };
  }
  const packedDims = (kept: number): number[] => [fill.packedLength(kept + 1, bits), 1];
  const packed = b.keptTensor('uint8', shape.kept, packedDims, (e) =>
    fill.packCodes(keptWithZero(e, view, dims), bits, storedOffset(shape, bits)),
  );
  const codes = unpack(b, packed, bits);
  return { value: b.op('Gather', [b.reshape(codes.value, [-1]), keptIndex(b, view)]), type: codes.type };
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

function zeroPoints(b: ChainBuilder, shape: EncodingShape, view: WeightView): string {
  const type = shape.zeroType ?? 'uint8';
  return b.tensor(type, view.scaleDims, (e) => fill.zeroPointBytes(e, view));
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
