/** Whether a tensor's values can fill its dims, by lengths alone where possible. It must not know graphs. */
import { PareError } from '../errors.ts';
import type { ErrorCode, ErrorRecord } from '../errors.ts';
import { bitsOf, byteLengthOf } from '../tensor/dtype.ts';
import type { SparseTensor, Tensor } from './ir.ts';
import { tensorElements, tensorStrings } from './tensor-data.ts';
import { storedBytes, typedBytes } from './typed-fields.ts';

/** Where findings go. */
export interface TensorFindings {
  error(code: ErrorCode, message: string, at: string): void;
  try(check: () => void): void;
  readonly errors: readonly ErrorRecord[];
}

/** Values in varints must be counted one by one; above this only the possible range is checked. */
const COUNT_UP_TO_BYTES = 1_048_576;
const MAX_VARINT_BYTES = 10;

export function checkTensor(tensor: Tensor, findings: TensorFindings): void {
  findings.try(() => {
    if (tensor.dataType === 'undefined') {
      throw new PareError(
        'unknown-dtype',
        `Tensor "${tensor.name}" has an element type that ONNX does not know.`,
        {
          at: `tensor ${tensor.name}`,
          hint: 'The file is damaged, or was made by a newer tool.',
        },
      );
    }
    checkLength(tensor, tensorElements(tensor));
  });
}

function checkLength(tensor: Tensor, elements: number): void {
  const { data, dataType } = tensor;
  const wanted = byteLengthOf(dataType, elements);
  switch (data.kind) {
    case 'raw':
    case 'external': {
      if (dataType === 'string') throw wrong(tensor, 'is of strings, which cannot be stored as raw bytes');
      const found = data.bytes?.length;
      if (found === undefined || found === wanted) return;
      throw wrong(
        tensor,
        `has ${found} bytes of data where its dims [${tensor.dims.join(', ')}] want ${wanted}`,
      );
    }
    case 'encoded': {
      const found = data.encoding.codes.length;
      if (found !== elements) throw wrong(tensor, `has ${found} codes for ${elements} elements`);
      return;
    }
    case 'typed':
      checkTyped(tensor, elements, wanted);
      return;
    default:
      data satisfies never;
  }
}

function checkTyped(tensor: Tensor, elements: number, wanted: number): void {
  const { data, dataType } = tensor;
  if (data.kind !== 'typed') return;
  if (dataType === 'string') {
    tensorStrings(tensor);
    return;
  }
  const stored = data.fields.reduce((sum, span) => sum + span.length, 0);
  const unit = storedBytes(dataType, data.field);
  if (unit === undefined || stored <= COUNT_UP_TO_BYTES) {
    typedBytes(tensor, data.field, data.fields, wanted);
    return;
  }
  const values = Math.ceil(wanted / unit);
  const fixed = data.field === 'float_data' || data.field === 'double_data';
  // The tag and length of a packed field come on top; unpacked values have a tag of one byte each.
  const least = values * (fixed ? unit : 1);
  const most = values * ((fixed ? unit : MAX_VARINT_BYTES) + 1) + MAX_VARINT_BYTES * 2;
  if (stored < least || stored > most) {
    throw wrong(
      tensor,
      `has ${stored} bytes of data, which cannot be ${elements} values of ${bitsOf(dataType)} bits`,
    );
  }
}

export function checkSparse(sparse: SparseTensor, findings: TensorFindings): void {
  checkTensor(sparse.values, findings);
  checkTensor(sparse.indices, findings);
  const { name } = sparse.values;
  const count = sparse.values.dims[0] ?? 0;
  const { dims } = sparse.indices;
  const linear = dims.length === 1 && dims[0] === count;
  const coordinates = dims.length === 2 && dims[0] === count && dims[1] === sparse.dims.length;
  if (sparse.values.dims.length === 1 && (linear || coordinates)) return;
  findings.error(
    'invalid-graph',
    `Sparse tensor "${name}" has ${count} values and indices of dims [${dims.join(', ')}].`,
    `tensor ${name}`,
  );
}

function wrong(tensor: Tensor, what: string): PareError {
  return new PareError('invalid-graph', `Tensor "${tensor.name}" ${what}.`, {
    at: `tensor ${tensor.name}`,
    hint: 'The file is damaged. Export the model again.',
  });
}
