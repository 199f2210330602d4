/**
 * The immutable in-memory form of an ONNX file: plain readonly data with views on the file's bytes.
 * It must not know passes, runtimes or pages. The only way to change one is a draft (draft.ts).
 *
 * `verbatim` is the exact byte range of an untouched message: the writer re-emits it as it is. Whoever builds a
 * changed object leaves it out (a copy by spread is safe too: only the reader's own objects count as untouched).
 * `extras` are fields that this program does not know; they survive every edit.
 * Source: onnx.proto3, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { ByteSpan } from '../bytes/source.ts';
import type { DataType } from '../tensor/dtype.ts';
import type { WeightEncoding } from '../tensor/encoding.ts';

interface Message {
  readonly verbatim?: ByteSpan;
  /** Whole fields (tag included) that are not modelled here; neighbours in one span. */
  readonly extras?: readonly ByteSpan[];
}

export interface OperatorSet extends Message {
  /** '' is the ONNX domain. */
  readonly domain: string;
  readonly version: number;
}

export interface Model extends Message {
  readonly irVersion: number;
  readonly opsets: readonly OperatorSet[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly graph: Graph;
  readonly functions: readonly LocalFunction[];
}

export interface MetadataEntry extends Message {
  readonly key: string;
  readonly value: string;
}

export interface Graph extends Message {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly sparseInitializers: readonly SparseTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfos: readonly ValueInfo[];
  readonly docString: string;
}

/** A model-local function. Its body has no initializers: weights are `Constant` nodes. */
export interface LocalFunction extends Message {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributeNames: readonly string[];
  readonly nodes: readonly Node[];
  readonly opsets: readonly OperatorSet[];
  readonly docString: string;
}

export interface Node extends Message {
  /** May be empty and may repeat: never a key. */
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  /** '' = an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly docString: string;
}

export type AttributeValue =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: bigint }
  /** Bytes are kept; text is their UTF-8 reading. */
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'sparse-tensor'; readonly value: SparseTensor }
  | { readonly kind: 'type'; readonly value: TypeInfo }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly bigint[] }
  | { readonly kind: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly kind: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly kind: 'graphs'; readonly value: readonly Graph[] }
  | { readonly kind: 'sparse-tensors'; readonly value: readonly SparseTensor[] }
  | { readonly kind: 'types'; readonly value: readonly TypeInfo[] }
  /** Inside a local function: the value of the calling node's attribute of that name. */
  | { readonly kind: 'reference'; readonly value: string; readonly type: number }
  | { readonly kind: 'undefined' };

export type Attribute = Message & { readonly name: string } & AttributeValue;

/** A size in elements, a symbolic name, or unknown. Literal values below zero are kept as numbers. */
export type Dimension = number | string | null;

export interface TypeInfo extends Message {
  readonly kind: 'tensor' | 'sparse-tensor' | 'sequence' | 'map' | 'optional' | 'opaque' | 'none';
  /** For tensor and sparse tensor. A code that is not in the specification reads as 'undefined'. */
  readonly elementType?: DataType;
  /** For tensor and sparse tensor; absent = unknown rank. */
  readonly shape?: readonly Dimension[];
  /** The bytes of exactly that shape, where they say more than is modelled (denotations). */
  readonly shapeVerbatim?: { readonly of: readonly Dimension[]; readonly bytes: ByteSpan };
  /** For sequence, optional, map: the type inside (the value type of a map). */
  readonly inner?: TypeInfo;
  /** Whole fields of the message inside (`TypeProto.Tensor`, `.Map` …) that are not modelled: a map's key type, an opaque type's name. */
  readonly innerExtras?: readonly ByteSpan[];
}

export interface ValueInfo extends Message {
  readonly name: string;
  readonly type?: TypeInfo;
  readonly docString: string;
}

export type TensorData =
  /**
   * Little-endian, packed, row-major (`raw_data`). Also every tensor that Pare makes. `replaced`: what a pass that corrects
   * for encoded weights took away for it; never written.
   */
  | { readonly kind: 'raw'; readonly bytes: ByteSpan; readonly replaced?: ReplacedTensor }
  /** Values in a typed protobuf field; `fields` are runs of whole fields, packed or not, in order. */
  | { readonly kind: 'typed'; readonly field: TypedField; readonly fields: readonly ByteSpan[] }
  /** Bytes in another file. `bytes` is absent when that file was not given. */
  | {
      readonly kind: 'external';
      readonly location: string;
      readonly offset: number;
      readonly length?: number;
      readonly entries: readonly MetadataEntry[];
      readonly bytes?: ByteSpan;
    }
  /**
   * A compressed weight that a pass made. Lowering (core/passes/lowering) turns it into ONNX before writing.
   * `original` is the tensor that was encoded first; its data is never 'encoded'.
   */
  | { readonly kind: 'encoded'; readonly encoding: WeightEncoding; readonly original: Tensor };

/** What operators read in floats, before a pass put another initializer in its place. */
export interface ReplacedTensor {
  /** Name in their input; '' where it was left out, absent where the list of inputs ended before it. */
  readonly input?: string;
  /** Absent where there was none. Carries no `replaced` itself. */
  readonly tensor?: Tensor;
}

export type TypedField =
  'float_data' | 'int32_data' | 'string_data' | 'int64_data' | 'double_data' | 'uint64_data';

export interface Tensor extends Message {
  readonly name: string;
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
  readonly docString: string;
}

export interface SparseTensor extends Message {
  /** `values` carries the name. */
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly dims: readonly number[];
}
