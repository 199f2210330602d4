/**
 * ONNX messages into protobuf fields: one function a message of onnx.proto, the mirror of the readers. A message that
 * nobody changed goes out as its own bytes. It must not decide where weights are stored: write.ts does.
 */
import type { ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { DATA_TYPES } from '../tensor/dtype.ts';
import { KIND_BY_TYPE, VALUE_FIELDS } from './attribute-fields.ts';
import type {
  Attribute,
  AttributeValue,
  Dimension,
  Graph,
  LocalFunction,
  MetadataEntry,
  Model,
  Node,
  OperatorSet,
  SparseTensor,
  Tensor,
  TensorData,
  TypeInfo,
  ValueInfo,
} from './ir.ts';
import { verbatimOf } from './original.ts';
import type { FieldSink } from './wire-write.ts';

/** Decisions of one writing. */
export interface WriteContext {
  /** Where the tensor's values go instead; undefined = as they are. Called once for each tensor, in file order. */
  place(tensor: Tensor): TensorData | undefined;
  /** Whether a message with its own bytes may go out as those bytes. */
  mayCopy(message: Graph | LocalFunction | Node | Attribute | Tensor | SparseTensor): boolean;
  /** Re-encode everything from fields, for tests of this file. */
  readonly fromFields: boolean;
}

type Encoder<T> = (sink: FieldSink, message: T, context: WriteContext) => void;
interface Copyable {
  readonly verbatim?: ByteSpan;
  readonly extras?: readonly ByteSpan[];
}

function put<T extends Copyable>(
  sink: FieldSink,
  field: number,
  message: T,
  encode: Encoder<T>,
  context: WriteContext,
  copy: boolean,
): void {
  const own = copy && !context.fromFields ? verbatimOf(message) : undefined;
  if (own !== undefined) sink.bytes(field, own);
  else sink.message(field, (inner) => encode(inner, message, context));
}

function text(sink: FieldSink, field: number, value: string): void {
  if (value !== '') sink.text(field, value);
}

function extras(sink: FieldSink, message: Copyable): void {
  for (const span of message.extras ?? []) sink.fields(span);
}

export const encodeModel: Encoder<Model> = (sink, model, context) => {
  if (model.irVersion !== 0) sink.varint(1, model.irVersion);
  text(sink, 2, model.producerName);
  text(sink, 3, model.producerVersion);
  text(sink, 4, model.domain);
  if (model.modelVersion !== 0n) sink.varint(5, model.modelVersion);
  text(sink, 6, model.docString);
  put(sink, 7, model.graph, encodeGraph, context, context.mayCopy(model.graph));
  for (const opset of model.opsets) put(sink, 8, opset, encodeOperatorSet, context, true);
  for (const entry of model.metadata) put(sink, 14, entry, encodeEntry, context, true);
  for (const f of model.functions) put(sink, 25, f, encodeFunction, context, context.mayCopy(f));
  extras(sink, model);
};

const encodeOperatorSet: Encoder<OperatorSet> = (sink, opset) => {
  text(sink, 1, opset.domain);
  if (opset.version !== 0) sink.varint(2, opset.version);
  extras(sink, opset);
};

const encodeEntry: Encoder<MetadataEntry> = (sink, entry) => {
  text(sink, 1, entry.key);
  text(sink, 2, entry.value);
  extras(sink, entry);
};

export const encodeGraph: Encoder<Graph> = (sink, graph, context) => {
  for (const node of graph.nodes) put(sink, 1, node, encodeNode, context, context.mayCopy(node));
  text(sink, 2, graph.name);
  for (const t of graph.initializers) put(sink, 5, t, encodeTensor, context, context.mayCopy(t));
  text(sink, 10, graph.docString);
  for (const v of graph.inputs) put(sink, 11, v, encodeValueInfo, context, true);
  for (const v of graph.outputs) put(sink, 12, v, encodeValueInfo, context, true);
  for (const v of graph.valueInfos) put(sink, 13, v, encodeValueInfo, context, true);
  for (const t of graph.sparseInitializers) put(sink, 15, t, encodeSparseTensor, context, context.mayCopy(t));
  extras(sink, graph);
};

export const encodeFunction: Encoder<LocalFunction> = (sink, f, context) => {
  text(sink, 1, f.name);
  for (const name of f.inputs) sink.text(4, name);
  for (const name of f.outputs) sink.text(5, name);
  for (const name of f.attributeNames) sink.text(6, name);
  for (const node of f.nodes) put(sink, 7, node, encodeNode, context, context.mayCopy(node));
  text(sink, 8, f.docString);
  for (const opset of f.opsets) put(sink, 9, opset, encodeOperatorSet, context, true);
  text(sink, 10, f.domain);
  text(sink, 13, f.overload);
  extras(sink, f);
};

export const encodeNode: Encoder<Node> = (sink, node, context) => {
  for (const name of node.inputs) sink.text(1, name);
  for (const name of node.outputs) sink.text(2, name);
  text(sink, 3, node.name);
  text(sink, 4, node.opType);
  for (const a of node.attributes) put(sink, 5, a, encodeAttribute, context, context.mayCopy(a));
  text(sink, 6, node.docString);
  text(sink, 7, node.domain);
  text(sink, 8, node.overload);
  extras(sink, node);
};

const TYPE_BY_KIND: ReadonlyMap<string, number> = new Map(
  [...KIND_BY_TYPE].map(([type, kind]) => [kind, type]),
);
const FIELD_BY_KIND: ReadonlyMap<string, number> = new Map(
  [...VALUE_FIELDS].map(([field, v]) => [v.kind, field]),
);

const encodeAttribute: Encoder<Attribute> = (sink, attribute, context) => {
  text(sink, 1, attribute.name);
  encodeValue(sink, attribute, FIELD_BY_KIND.get(attribute.kind) ?? 0, context);
  const type = attribute.kind === 'reference' ? attribute.type : TYPE_BY_KIND.get(attribute.kind);
  if (type !== undefined && type !== 0) sink.varint(20, type);
  extras(sink, attribute);
};

function encodeValue(sink: FieldSink, a: AttributeValue, field: number, context: WriteContext): void {
  switch (a.kind) {
    case 'float': {
      sink.float(field, a.value);
      return;
    }
    case 'int': {
      sink.varint(field, a.value);
      return;
    }
    case 'string': {
      sink.bytes(field, a.value);
      return;
    }
    case 'tensor': {
      put(sink, field, a.value, encodeTensor, context, context.mayCopy(a.value));
      return;
    }
    case 'graph': {
      put(sink, field, a.value, encodeGraph, context, context.mayCopy(a.value));
      return;
    }
    case 'sparse-tensor': {
      put(sink, field, a.value, encodeSparseTensor, context, context.mayCopy(a.value));
      return;
    }
    case 'type': {
      put(sink, field, a.value, encodeType, context, true);
      return;
    }
    case 'floats': {
      a.value.forEach((v) => sink.float(field, v));
      return;
    }
    case 'ints': {
      a.value.forEach((v) => sink.varint(field, v));
      return;
    }
    case 'strings': {
      a.value.forEach((v) => sink.bytes(field, v));
      return;
    }
    case 'tensors': {
      a.value.forEach((v) => put(sink, field, v, encodeTensor, context, context.mayCopy(v)));
      return;
    }
    case 'graphs': {
      a.value.forEach((v) => put(sink, field, v, encodeGraph, context, context.mayCopy(v)));
      return;
    }
    case 'sparse-tensors': {
      a.value.forEach((v) => put(sink, field, v, encodeSparseTensor, context, context.mayCopy(v)));
      return;
    }
    case 'types': {
      a.value.forEach((v) => put(sink, field, v, encodeType, context, true));
      return;
    }
    case 'reference': {
      sink.text(21, a.value);
      return;
    }
    case 'undefined':
      return;
    default:
      a satisfies never;
  }
}

export const encodeTensor: Encoder<Tensor> = (sink, tensor, context) => {
  const data = context.place(tensor) ?? tensor.data;
  for (const d of tensor.dims) sink.varint(1, BigInt(d));
  const code = DATA_TYPES.indexOf(tensor.dataType);
  if (code > 0) sink.varint(2, code);
  text(sink, 8, tensor.name);
  text(sink, 12, tensor.docString);
  encodeData(sink, tensor, data, context);
  extras(sink, tensor);
};

function encodeData(sink: FieldSink, tensor: Tensor, data: TensorData, context: WriteContext): void {
  switch (data.kind) {
    case 'raw':
      if (data.bytes.length > 0) sink.bytes(9, data.bytes);
      return;
    case 'typed':
      for (const span of data.fields) sink.fields(span);
      return;
    case 'external':
      for (const entry of data.entries) put(sink, 13, entry, encodeEntry, context, true);
      {
        sink.varint(14, 1);
        return;
      }
    case 'encoded':
      throw new PareError(
        'internal',
        `Tensor "${tensor.name}" is still encoded; lowering must run before writing.`,
        {
          at: `tensor ${tensor.name}`,
        },
      );
    default:
      data satisfies never;
  }
}

const encodeSparseTensor: Encoder<SparseTensor> = (sink, sparse, context) => {
  put(sink, 1, sparse.values, encodeTensor, context, context.mayCopy(sparse.values));
  put(sink, 2, sparse.indices, encodeTensor, context, context.mayCopy(sparse.indices));
  for (const d of sparse.dims) sink.varint(3, BigInt(d));
  extras(sink, sparse);
};

const encodeValueInfo: Encoder<ValueInfo> = (sink, info, context) => {
  text(sink, 1, info.name);
  if (info.type !== undefined) put(sink, 2, info.type, encodeType, context, true);
  text(sink, 3, info.docString);
  extras(sink, info);
};

const TYPE_FIELDS: Readonly<Record<TypeInfo['kind'], number>> = {
  none: 0,
  tensor: 1,
  sequence: 4,
  map: 5,
  opaque: 7,
  'sparse-tensor': 8,
  optional: 9,
};

const encodeType: Encoder<TypeInfo> = (sink, type, context) => {
  if (type.kind !== 'none') {
    sink.message(TYPE_FIELDS[type.kind], (inner) => {
      const code = DATA_TYPES.indexOf(type.elementType ?? 'undefined');
      if (code > 0) inner.varint(1, code);
      if (type.shape !== undefined) encodeShape(inner, type, type.shape);
      if (type.inner !== undefined)
        put(inner, type.kind === 'map' ? 2 : 1, type.inner, encodeType, context, true);
      for (const span of type.innerExtras ?? []) inner.fields(span);
    });
  }
  extras(sink, type);
};

function encodeShape(sink: FieldSink, { shapeVerbatim }: TypeInfo, shape: readonly Dimension[]): void {
  const own = shapeVerbatim?.of === shape ? shapeVerbatim.bytes : undefined;
  if (own !== undefined) {
    sink.bytes(2, own);
    return;
  }
  sink.message(2, (inner) => {
    for (const d of shape) {
      inner.message(1, (dimension) => {
        if (typeof d === 'number') dimension.varint(1, BigInt(d));
        else if (d !== null) dimension.text(2, d);
      });
    }
  });
}
