/**
 * Dense tensors across the border of the runtime: packed little-endian bytes here, typed arrays there.
 * It must not know sessions.
 */
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { byteLengthOf, elementCount } from '../core/tensor/dtype.ts';
import type { DataType } from '../core/tensor/dtype.ts';
import type { Ort, OrtTensor } from './ort.ts';

type NumericArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
type ArrayConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => NumericArray;

/** Types that onnxruntime-web 1.30 can take and give, with the array that backs each. */
const ARRAYS: Readonly<Partial<Record<DataType, ArrayConstructor>>> = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  uint4: Uint8Array,
  int4: Uint8Array,
};

/** Whether a value of this type can be passed to or taken from the runtime. */
export function carriable(type: DataType): boolean {
  return type in ARRAYS;
}

/**
 * @throws PareError `unsupported` for a type that the runtime's JavaScript side does not know, `internal` when the
 * bytes do not fit the dims.
 */
export function toOrtTensor(ort: Ort, tensor: HostTensor): OrtTensor {
  // A fresh buffer: the caller may write into its bytes while the tensor still lives.
  return borrowOrtTensor(ort, { ...tensor, bytes: tensor.bytes.slice() });
}

/**
 * Like toOrtTensor without a copy where the bytes are aligned: for one run, during which the caller leaves them alone.
 * The runtime copies them into its own heap.
 */
export function borrowOrtTensor(ort: Ort, tensor: HostTensor): OrtTensor {
  const Backing = ARRAYS[tensor.dataType];
  if (Backing === undefined) {
    throw new PareError('unsupported', `onnxruntime-web cannot be fed a tensor of type ${tensor.dataType}.`);
  }
  const expected = byteLengthOf(tensor.dataType, elementCount(tensor.dims));
  if (tensor.bytes.byteLength !== expected) {
    throw new PareError(
      'internal',
      `A ${tensor.dataType} tensor [${tensor.dims.join(', ')}] takes ${expected} bytes; ${tensor.bytes.byteLength} were given.`,
    );
  }
  const width = (Backing as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  const bytes = tensor.bytes.byteOffset % width === 0 ? tensor.bytes : tensor.bytes.slice();
  const data = new Backing(bytes.buffer, bytes.byteOffset, expected / width);
  const Tensor = ort.Tensor as unknown as new (
    type: string,
    data: NumericArray,
    dims: readonly number[],
  ) => OrtTensor;
  return new Tensor(tensor.dataType, data, tensor.dims);
}

/**
 * Copies the bytes out.
 * @throws PareError `unsupported` for strings and for values that are no dense tensor.
 */
export function fromOrtTensor(name: string, value: OrtTensor): HostTensor {
  const tensor = borrowHostTensor(name, value);
  return { ...tensor, bytes: tensor.bytes.slice() };
}

/**
 * Like fromOrtTensor, as a view on the tensor's own buffer: good for as long as nobody disposes of the tensor.
 * @throws PareError `unsupported` for strings and for values that are no dense tensor.
 */
export function borrowHostTensor(name: string, value: OrtTensor): HostTensor {
  const type = value.type as DataType;
  if (!carriable(type)) {
    throw new PareError('unsupported', `Value '${name}' is of type ${type}, which is not carried.`, {
      at: name,
    });
  }
  const data = value.data as NumericArray;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dataType: type, dims: [...value.dims], bytes };
}
