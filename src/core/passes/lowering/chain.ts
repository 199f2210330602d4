/**
 * Builds the few operators that turn a stored weight into floats: names, nodes, constants, and the constants that all
 * weights of a graph share. It must not hold values: constants say how to fill themselves later, so the same chain can
 * be measured without a weight.
 */
import type { NodeInit } from '../../onnx/draft.ts';
import type { Attribute } from '../../onnx/ir.ts';
import type { DataType } from '../../tensor/dtype.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';

/** Where a weight stands: all that a chain depends on beside the encoding. */
export interface WeightSite {
  /** Name of the value that consumers read; the chain writes it. */
  readonly value: string;
  readonly dims: readonly number[];
  readonly dataType: DataType;
  /** Unique beginning of every name the chain makes, e.g. '_12'. */
  readonly prefix: string;
  /** Beginning of the names of shared constants, e.g. '_0'. */
  readonly sharedPrefix: string;
  /** Version of the ONNX operators that the graph imports. */
  readonly opset: number;
}

export interface PlannedTensor {
  readonly name: string;
  readonly dataType: DataType;
  readonly dims: readonly number[];
  /** Packed little-endian values. */
  readonly fill: (encoding: WeightEncoding) => Uint8Array;
  /** The numbers of a shape or a bound. They do not depend on the weight, so equal ones are written once. */
  readonly numbers?: readonly number[];
  /** Dims as they follow from the number of kept elements, where they do. */
  readonly keptDims?: (kept: number) => readonly number[];
}

export interface Chain {
  /** Names of the constants that the operators read, in the order of a function's parameters. */
  readonly inputs: readonly string[];
  /** Those of them that are written for this weight. */
  readonly tensors: readonly PlannedTensor[];
  /** In order; the last one writes the site's value. Empty: the one tensor is the value. */
  readonly nodes: readonly NodeInit[];
  /** Keys of SHARED. */
  readonly shared: readonly SharedKey[];
  /** Equal for chains that differ only in names and constants: one function can stand for them. */
  readonly structure: string;
}

const bytesOf = (array: Float32Array | BigInt64Array | Int32Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const floats = (...values: number[]): Uint8Array => bytesOf(Float32Array.from(values));
const longs = (...values: number[]): Uint8Array => bytesOf(BigInt64Array.from(values, BigInt));

/** Constants that several weights of a graph read. The key is the end of the name. */
const SHARED_CONSTANTS = {
  /** Shifts that bring both nibbles of a byte to the right. */
  n: { dataType: 'uint8', dims: [2], bytes: Uint8Array.of(0, 4) },
  /** Shifts that bring all bits of a byte to the right. */
  b: { dataType: 'uint8', dims: [8], bytes: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7) },
  /** Shifts that bring all pairs of bits of a byte to the right. */
  q: { dataType: 'uint8', dims: [4], bytes: Uint8Array.of(0, 2, 4, 6) },
  s: { dataType: 'uint8', dims: [], bytes: Uint8Array.of(16) },
  c: { dataType: 'uint8', dims: [], bytes: Uint8Array.of(4) },
  t: { dataType: 'uint8', dims: [], bytes: Uint8Array.of(2) },
  /** Codes of three digits: their shape, and what the digits count, in binary and to base four. */
  l: { dataType: 'int64', dims: [2], bytes: longs(-1, 3) },
  p: { dataType: 'float32', dims: [3, 1], bytes: floats(1, 2, 4) },
  r: { dataType: 'float32', dims: [3, 1], bytes: floats(1, 4, 16) },
  /** Signed codes of 4, 3 and 2 bits are stored plus 8, 4 and 2. */
  e: { dataType: 'float32', dims: [], bytes: floats(8) },
  i: { dataType: 'float32', dims: [], bytes: floats(4) },
  k: { dataType: 'float32', dims: [], bytes: floats(2) },
  /** Shape of a vector. */
  v: { dataType: 'int64', dims: [1], bytes: longs(-1) },
  /** Axis 0. */
  a: { dataType: 'int32', dims: [], bytes: bytesOf(Int32Array.of(0)) },
  /** Index 0. */
  z: { dataType: 'int64', dims: [1], bytes: longs(0) },
  o: { dataType: 'int64', dims: [1], bytes: longs(1) },
  /** Nibbles without integer operators: ⌊x·f⌋ − 16·⌊x·f/16⌋ for f = 1, 1/16. */
  f: { dataType: 'float32', dims: [2], bytes: floats(1, 1 / 16) },
  g: { dataType: 'float32', dims: [], bytes: floats(1 / 16) },
  h: { dataType: 'float32', dims: [], bytes: floats(16) },
} as const satisfies Record<string, SharedConstant>;
export type SharedKey = keyof typeof SHARED_CONSTANTS;

export interface SharedConstant {
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

export const SHARED: Readonly<Record<SharedKey, SharedConstant>> = SHARED_CONSTANTS;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export class ChainBuilder {
  readonly site: WeightSite;
  readonly #tensors: PlannedTensor[] = [];
  readonly #nodes: NodeInit[] = [];
  readonly #shared = new Set<SharedKey>();
  /** What each name is, whatever the weight is called. */
  readonly #roles = new Map<string, string>();
  #structure = '';
  #names = 0;

  constructor(site: WeightSite) {
    this.site = site;
  }

  #name(): string {
    // a … z, then aa, ab …: the longest chains have some thirty names.
    const i = this.#names++;
    const first = i < LETTERS.length ? '' : LETTERS[Math.floor(i / LETTERS.length) - 1];
    return this.site.prefix + first + LETTERS[i % LETTERS.length];
  }

  tensor(dataType: DataType, dims: readonly number[], fill: PlannedTensor['fill']): string {
    return this.#add({ name: this.#name(), dataType, dims, fill });
  }

  /** A tensor whose shape follows from the number of kept elements. */
  keptTensor(
    dataType: DataType,
    kept: number,
    keptDims: (kept: number) => readonly number[],
    fill: PlannedTensor['fill'],
  ): string {
    return this.#add({ name: this.#name(), dataType, dims: keptDims(kept), fill, keptDims });
  }

  #add(tensor: PlannedTensor): string {
    this.#roles.set(tensor.name, `i${this.#tensors.length}`);
    this.#tensors.push(tensor);
    return tensor.name;
  }

  longs(numbers: readonly number[]): string {
    return this.#add({
      name: this.#name(),
      dataType: 'int64',
      dims: [numbers.length],
      fill: () => longs(...numbers),
      numbers,
    });
  }

  shared(key: SharedKey): string {
    const name = this.site.sharedPrefix + key;
    this.#shared.add(key);
    this.#roles.set(name, key);
    return name;
  }

  op(
    opType: string,
    inputs: readonly string[],
    attributes: readonly Attribute[] = [],
    more: { readonly domain?: string; readonly name?: string } = {},
  ): string {
    const output = this.#name();
    const reads = inputs.map((name) => this.#roles.get(name) ?? '').join();
    this.#structure += `${opType}(${reads})${attributes.map(attributeText).join()};`;
    this.#roles.set(output, `v${this.#nodes.length}`);
    this.#nodes.push({ opType, inputs, outputs: [output], attributes, ...more });
    return output;
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.op('Reshape', [value, dims.length === 1 ? this.shared('v') : this.longs(dims)]);
  }

  /** The first `count` elements of a vector. */
  head(value: string, count: number): string {
    if (this.site.opset >= 10) return this.op('Slice', [value, this.shared('z'), this.longs([count])]);
    return this.op(
      'Slice',
      [value],
      [
        { name: 'starts', kind: 'ints', value: [0n] },
        { name: 'ends', kind: 'ints', value: [BigInt(count)] },
        { name: 'axes', kind: 'ints', value: [0n] },
      ],
    );
  }

  cast(value: string, to: DataType): string {
    return this.op('Cast', [value], [castTo(to)]);
  }

  /** The finished chain; `last` becomes the site's value. */
  finish(last: string): Chain {
    const { value } = this.site;
    const end = this.#nodes.at(-1);
    const shared = [...this.#shared];
    const structure = this.#structure;
    if (end?.outputs[0] !== last) {
      const only = this.#tensors.map((t) => (t.name === last ? { ...t, name: value } : t));
      return { inputs: only.map((t) => t.name), tensors: only, nodes: this.#nodes, shared, structure };
    }
    const nodes = [...this.#nodes.slice(0, -1), { ...end, outputs: [value] }];
    const inputs = this.#tensors.map((t) => t.name);
    return { inputs, tensors: this.#tensors, nodes, shared, structure };
  }
}

function attributeText(attribute: Attribute): string {
  const value = attribute.kind === 'int' || attribute.kind === 'ints' ? attribute.value.toString() : '';
  return `${attribute.name}=${value}`;
}

/** Codes of `to` in TensorProto.DataType that a chain casts to. */
const CAST_CODES: Readonly<Partial<Record<DataType, bigint>>> = {
  float32: 1n,
  int32: 6n,
  float16: 10n,
  float64: 11n,
};

function castTo(type: DataType): Attribute {
  const code = CAST_CODES[type];
  if (code === undefined) throw new Error(`no chain casts to ${type}`);
  return { name: 'to', kind: 'int', value: code };
}
