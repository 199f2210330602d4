/**
 * Graphs, functions, nodes and attributes from their bytes. Tensors keep spans, nothing is copied that can be large. A
 * field that is not modelled, or has a wire type it should not have, goes to `extras`. It must not judge the model:
 * verify.ts does.
 */
import { KIND_BY_TYPE, valueFieldAt } from './attribute-fields.ts';
import type { ValueKind } from './attribute-fields.ts';
import type { ExternalFiles } from './external.ts';
import type {
  Attribute,
  AttributeValue,
  Graph,
  LocalFunction,
  Node,
  OperatorSet,
  SparseTensor,
  Tensor,
  TypeInfo,
  ValueInfo,
} from './ir.ts';
import { markOriginal } from './original.ts';
import { docText, Extras, readOperatorSet, refuseTwice } from './read-common.ts';
import { readSparseTensor, readTensor } from './read-tensor.ts';
import { readType, readValueInfo } from './read-types.ts';
import { MessageCursor, WIRE_LENGTH, WIRE_VARINT } from './wire.ts';

export function readGraph(c: MessageCursor, files: ExternalFiles): Graph {
  let name = '';
  let docString = '';
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const sparseInitializers: SparseTensor[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const valueInfos: ValueInfo[] = [];
  const extras = new Extras();
  while (c.next()) {
    const field = c.wire === WIRE_LENGTH ? c.field : 0;
    if (field === 1) nodes.push(readNode(c.enter('NodeProto'), files));
    else if (field === 2) name = c.text();
    else if (field === 5) initializers.push(readTensor(c.enter('TensorProto'), files));
    else if (field === 10) docString = docText(c, extras);
    else if (field === 11) inputs.push(readValueInfo(c.enter('ValueInfoProto')));
    else if (field === 12) outputs.push(readValueInfo(c.enter('ValueInfoProto')));
    else if (field === 13) valueInfos.push(readValueInfo(c.enter('ValueInfoProto')));
    else if (field === 15) sparseInitializers.push(readSparseTensor(c.enter('SparseTensorProto'), files));
    else extras.add(c);
  }
  return markOriginal({
    name,
    nodes,
    initializers,
    sparseInitializers,
    inputs,
    outputs,
    valueInfos,
    docString,
    verbatim: c.span,
    ...extras.property,
  });
}

export function readNode(c: MessageCursor, files: ExternalFiles): Node {
  let name = '';
  let opType = '';
  let domain = '';
  let overload = '';
  let docString = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Attribute[] = [];
  const extras = new Extras();
  while (c.next()) {
    const field = c.wire === WIRE_LENGTH ? c.field : 0;
    if (field === 1) inputs.push(listedText(c));
    else if (field === 2) outputs.push(listedText(c));
    else if (field === 3) name = c.text();
    else if (field === 4) opType = c.text();
    else if (field === 5) attributes.push(readAttribute(c.enter('AttributeProto'), files));
    else if (field === 6) docString = docText(c, extras);
    else if (field === 7) domain = c.text();
    else if (field === 8) overload = c.text();
    else extras.add(c);
  }
  return markOriginal({
    name,
    opType,
    domain,
    overload,
    inputs,
    outputs,
    attributes,
    docString,
    verbatim: c.span,
    ...extras.property,
  });
}

function listedText(c: MessageCursor): string {
  c.input.spendItem(c.valueStart);
  return c.text();
}

export function readFunction(c: MessageCursor, files: ExternalFiles): LocalFunction {
  let name = '';
  let domain = '';
  let overload = '';
  let docString = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributeNames: string[] = [];
  const nodes: Node[] = [];
  const opsets: OperatorSet[] = [];
  const extras = new Extras();
  while (c.next()) {
    const field = c.wire === WIRE_LENGTH ? c.field : 0;
    if (field === 1) name = c.text();
    else if (field === 4) inputs.push(listedText(c));
    else if (field === 5) outputs.push(listedText(c));
    else if (field === 6) attributeNames.push(listedText(c));
    else if (field === 7) nodes.push(readNode(c.enter('NodeProto'), files));
    else if (field === 8) docString = docText(c, extras);
    else if (field === 9) opsets.push(readOperatorSet(c.enter('OperatorSetIdProto')));
    else if (field === 10) domain = c.text();
    else if (field === 13) overload = c.text();
    else extras.add(c);
  }
  return markOriginal({
    name,
    domain,
    overload,
    inputs,
    outputs,
    attributeNames,
    nodes,
    opsets,
    docString,
    verbatim: c.span,
    ...extras.property,
  });
}

const TYPE_FIELD = 20;

/**
 * The `type` of an attribute says which value field counts; old files leave it out, then the field that is there does.
 * Values of other fields, and doc strings, go to `extras`.
 */
export function readAttribute(c: MessageCursor, files: ExternalFiles): Attribute {
  let name = '';
  let reference = '';
  let type = 0;
  let present: ValueKind | undefined;
  // The value field may stand before the type that says whether it counts: look first, read after.
  const look = new MessageCursor(c.input, c.name, c.start, c.end, c.depth);
  while (look.next()) {
    if (look.field === 1 && look.wire === WIRE_LENGTH) name = look.text();
    else if (look.field === 21 && look.wire === WIRE_LENGTH) reference = look.text();
    else if (look.field === TYPE_FIELD && look.wire === WIRE_VARINT) type = look.number();
    else present ??= valueFieldAt(look)?.kind;
  }
  const declared = type === 0 ? present : KIND_BY_TYPE.get(type);
  const builder = new ValueBuilder(reference === '' ? declared : undefined, files);
  const extras = new Extras();
  while (c.next()) {
    if (valueFieldAt(c)?.kind === builder.kind && builder.kind !== undefined) builder.add(c);
    else if (c.field === TYPE_FIELD && c.wire === WIRE_VARINT) extras.value(c, false);
    else if (!(c.wire === WIRE_LENGTH && (c.field === 1 || c.field === 21))) extras.add(c);
  }
  const value: AttributeValue =
    reference === '' ? builder.finish() : { kind: 'reference', value: reference, type };
  if (value.kind !== 'undefined') extras.forget(TYPE_FIELD);
  return markOriginal({ name, ...value, verbatim: c.span, ...extras.property });
}

/** Gathers the value fields of one attribute. */
class ValueBuilder {
  readonly kind: ValueKind | undefined;
  readonly #files: ExternalFiles;
  #single: AttributeValue | undefined;
  readonly #floats: number[] = [];
  readonly #ints: bigint[] = [];
  readonly #strings: Uint8Array[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #graphs: Graph[] = [];
  readonly #sparse: SparseTensor[] = [];
  readonly #types: TypeInfo[] = [];

  constructor(kind: ValueKind | undefined, files: ExternalFiles) {
    this.kind = kind;
    this.#files = files;
  }

  add(c: MessageCursor): void {
    switch (this.kind) {
      case 'float':
        this.#single = { kind: 'float', value: c.float() };
        break;
      case 'int':
        this.#single = { kind: 'int', value: c.int64() };
        break;
      case 'string':
        this.#single = { kind: 'string', value: c.ownBytes() };
        break;
      case 'tensor':
        refuseTwice(c, this.#single);
        this.#single = { kind: 'tensor', value: readTensor(c.enter('TensorProto'), this.#files) };
        break;
      case 'graph':
        refuseTwice(c, this.#single);
        this.#single = { kind: 'graph', value: readGraph(c.enter('GraphProto'), this.#files) };
        break;
      case 'sparse-tensor':
        refuseTwice(c, this.#single);
        this.#single = {
          kind: 'sparse-tensor',
          value: readSparseTensor(c.enter('SparseTensorProto'), this.#files),
        };
        break;
      case 'type':
        refuseTwice(c, this.#single);
        this.#single = { kind: 'type', value: readType(c.enter('TypeProto')) };
        break;
      case 'floats':
        c.floats(this.#floats);
        break;
      case 'ints':
        c.varints(this.#ints);
        break;
      case 'strings':
        c.input.spendItem(c.valueStart);
        this.#strings.push(c.ownBytes());
        break;
      case 'tensors':
        this.#tensors.push(readTensor(c.enter('TensorProto'), this.#files));
        break;
      case 'graphs':
        this.#graphs.push(readGraph(c.enter('GraphProto'), this.#files));
        break;
      case 'sparse-tensors':
        this.#sparse.push(readSparseTensor(c.enter('SparseTensorProto'), this.#files));
        break;
      case 'types':
        this.#types.push(readType(c.enter('TypeProto')));
        break;
      case 'reference':
      case 'undefined':
      case undefined:
        break;
      default:
        this.kind satisfies never;
    }
  }

  finish(): AttributeValue {
    switch (this.kind) {
      case 'float':
        return this.#single ?? { kind: 'float', value: 0 };
      case 'int':
        return this.#single ?? { kind: 'int', value: 0n };
      case 'string':
        return this.#single ?? { kind: 'string', value: new Uint8Array(0) };
      case 'floats':
        return { kind: 'floats', value: this.#floats };
      case 'ints':
        return { kind: 'ints', value: this.#ints };
      case 'strings':
        return { kind: 'strings', value: this.#strings };
      case 'tensors':
        return { kind: 'tensors', value: this.#tensors };
      case 'graphs':
        return { kind: 'graphs', value: this.#graphs };
      case 'sparse-tensors':
        return { kind: 'sparse-tensors', value: this.#sparse };
      case 'types':
        return { kind: 'types', value: this.#types };
      case 'tensor':
      case 'graph':
      case 'sparse-tensor':
      case 'type':
      case 'reference':
      case 'undefined':
      case undefined:
        return this.#single ?? { kind: 'undefined' };
      default:
        this.kind satisfies never;
        return { kind: 'undefined' };
    }
  }
}
