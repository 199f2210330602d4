/**
 * Output tensors as plain numbers, and the part of them that belongs to one sample of a batch. It must not know what
 * the numbers mean.
 */
import { PareError } from '../../errors.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { elementCount } from '../../tensor/dtype.ts';
import { bfloatsToFloats, halvesToFloats } from '../../tensor/float16.ts';

/** A batch is read row by row: what had to be converted is converted once. */
const converted = new WeakMap<HostTensor, ArrayLike<number>>();

/**
 * All elements as numbers. float32 on a four-byte boundary is a view, everything else is converted once for each
 * tensor; 64-bit integers beyond 2⁵³ are rounded.
 * @throws PareError `unsupported` for strings, complex numbers and the packed small types.
 */
export function numbersOf(tensor: HostTensor): ArrayLike<number> {
  const known = converted.get(tensor);
  if (known !== undefined) return known;
  const values = convert(tensor);
  converted.set(tensor, values);
  return values;
}

function convert({ dataType, dims, bytes }: HostTensor): ArrayLike<number> {
  const count = elementCount(dims);
  const buffer = (width: number): [ArrayBufferLike, number, number] => {
    if (bytes.byteOffset % width === 0) return [bytes.buffer, bytes.byteOffset, count];
    return [bytes.slice().buffer, 0, count];
  };
  switch (dataType) {
    case 'float32':
      return new Float32Array(...buffer(4));
    case 'float64':
      return new Float64Array(...buffer(8));
    case 'float16':
      return halvesToFloats(new Uint16Array(...buffer(2)));
    case 'bfloat16':
      return bfloatsToFloats(new Uint16Array(...buffer(2)));
    case 'int64':
      return Float64Array.from(new BigInt64Array(...buffer(8)), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(...buffer(8)), Number);
    case 'int32':
      return new Int32Array(...buffer(4));
    case 'uint32':
      return new Uint32Array(...buffer(4));
    case 'int16':
      return new Int16Array(...buffer(2));
    case 'uint16':
      return new Uint16Array(...buffer(2));
    case 'int8':
      return new Int8Array(...buffer(1));
    case 'uint8':
    case 'bool':
      return new Uint8Array(...buffer(1));
    default:
      throw new PareError('unsupported', `An output of type ${dataType} cannot be read as numbers.`);
  }
}

/** The part of an output that belongs to one sample. */
export interface RowView {
  readonly values: ArrayLike<number>;
  readonly from: number;
  readonly count: number;
  /** Without the batch axis. */
  readonly dims: readonly number[];
}

/**
 * Sample `row` of a batch of `rows`. The first axis is the batch; a single sample may come without one.
 * @returns a sentence when the output cannot be divided among the samples.
 */
export function rowOf(tensor: HostTensor, row: number, rows: number): RowView | string {
  const values = numbersOf(tensor);
  const { dims } = tensor;
  if (dims.length > 0 && dims[0] === rows) {
    const count = values.length / rows;
    return { values, from: row * count, count, dims: dims.slice(1) };
  }
  if (rows === 1) return { values, from: 0, count: values.length, dims };
  return `the output has the shape [${dims.join(', ')}], which does not divide among ${rows} samples`;
}
