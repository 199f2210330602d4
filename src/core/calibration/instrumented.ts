/**
 * A model with extra outputs: nodes are put behind its values, its own outputs go, and with them every node that
 * nothing asked for needs. Constants are `Constant` nodes, so that it does not matter whether initializers must be
 * inputs. It must not know what is computed.
 */
import { int, ints, int64Tensor, node, opsetOf, tensorValue, type AttributeInit } from '../onnx/build.ts';
import { NameRegistry } from '../onnx/graph-names.ts';
import type { Graph, Model, Node, Tensor, ValueInfo } from '../onnx/ir.ts';
import { readsOf } from '../onnx/shapes/order.ts';
import type { DataType } from '../tensor/dtype.ts';

/** Operator set from which reductions take their axes as an input; sums earlier. */
const AXES_AS_INPUT = 18;

/** Codes of onnx.proto TensorProto.DataType. */
const TYPE_CODES = { float32: 1, int32: 6, int64: 7 } as const;

export type Reduction = 'ReduceMin' | 'ReduceMax' | 'ReduceMean' | 'ReduceSumSquare';

/** Adds nodes and outputs to a copy of a graph. */
export class Instrument {
  readonly #base: Model;
  readonly #names: NameRegistry;
  readonly #opset: number;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, string>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  #places: ReadonlyMap<string, number> | undefined;

  constructor(base: Model) {
    this.#base = base;
    this.#names = new NameRegistry(base);
    this.#opset = opsetOf(base);
  }

  /**
   * Calls `make` for each task and gives the results in their order. What looks at late values is added first:
   * onnxruntime 1.30 runs of several ready operators the one that was added last, so that each value is looked at, and its
   * memory freed, before the next is computed. The other way round all values would be alive at once.
   * @param valueOf the value of the model that a task looks at
   */
  inReach<T, R>(tasks: readonly T[], valueOf: (task: T) => string, make: (task: T) => R): R[] {
    this.#places ??= new Map(
      this.#base.graph.nodes.flatMap((n, i) => n.outputs.map((name) => [name, i] as const)),
    );
    const places = this.#places;
    const place = (i: number): number => places.get(valueOf(tasks[i])) ?? -1;
    const made = new Map<number, R>();
    const order = [...tasks.keys()].sort((a, b) => place(b) - place(a) || a - b);
    for (const i of order) made.set(i, make(tasks[i]));
    return [...tasks.keys()].flatMap((i) => {
      const result = made.get(i);
      return result === undefined ? [] : [result];
    });
  }

  /** @returns the name of the first output. */
  add(
    opType: string,
    inputs: readonly string[],
    attrs: Readonly<Record<string, AttributeInit>> = {},
  ): string {
    const output = this.#names.fresh(`pare_${opType}`);
    this.#nodes.push(node(opType, inputs, [output], { attrs }));
    return output;
  }

  constant(tensor: Omit<Tensor, 'name'>): string {
    const output = this.#names.fresh('pare_constant');
    this.#nodes.push(
      node('Constant', [], [output], { attrs: { value: tensorValue({ ...tensor, name: output }) } }),
    );
    return output;
  }

  /** Whole numbers as a 1-D constant; equal ones are written once. */
  whole(values: readonly number[]): string {
    const key = values.join(',');
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = this.constant(int64Tensor('', [values.length], values));
    this.#constants.set(key, made);
    return made;
  }

  cast(value: string, to: keyof typeof TYPE_CODES): string {
    return this.add('Cast', [value], { to: int(TYPE_CODES[to]) });
  }

  /** The value in float32. */
  float(value: string, type: DataType): string {
    return type === 'float32' ? value : this.cast(value, 'float32');
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.add('Reshape', [value, this.whole(dims)]);
  }

  /** Without the reduced axes; `axes` absent = all. */
  reduce(op: Reduction, value: string, axes?: readonly number[]): string {
    if (axes === undefined) return this.add(op, [value], { keepdims: int(0) });
    if (this.#opset >= AXES_AS_INPUT) return this.add(op, [value, this.whole(axes)], { keepdims: int(0) });
    return this.add(op, [value], { axes: ints(axes), keepdims: int(0) });
  }

  /** Of all elements, with as many axes of one element as the value has. */
  extreme(op: 'ReduceMin' | 'ReduceMax', value: string): string {
    return this.add(op, [value], { keepdims: int(1) });
  }

  concat(values: readonly string[], axis = 0): string {
    return values.length === 1 ? values[0] : this.add('Concat', values, { axis: int(axis) });
  }

  /**
   * What belongs to some samples of a batch, along the first axis; the rank stays.
   * @param index name of an int64 vector of samples @param dims of the value @param batch samples of a run
   */
  samplesOf(value: string, index: string, dims: readonly number[], batch: number): string {
    const [first, ...rest] = dims;
    if (first === undefined || first % batch !== 0) return value;
    if (first === batch) return this.add('Gather', [value, index], { axis: int(0) });
    const split = this.reshape(value, [batch, first / batch, ...rest]);
    return this.reshape(this.add('Gather', [split, index], { axis: int(0) }), [-1, ...rest]);
  }

  /** A further input. @returns its name. */
  input(hint: string, elementType: DataType, shape: readonly (number | null)[]): string {
    const name = this.#names.fresh(`pare_${hint}`);
    this.#inputs.push({ name, docString: '', type: { kind: 'tensor', elementType, shape } });
    return name;
  }

  /** Types of extra outputs are left out: the runtime infers them. */
  output(value: string): void {
    this.#outputs.push({ name: value, docString: '' });
  }

  finish(): Model {
    const { graph } = this.#base;
    const nodes = needed([...graph.nodes, ...this.#nodes], this.#outputs);
    const read = new Set(nodes.flatMap((n) => [...readsOf(n)]));
    for (const { name } of this.#outputs) read.add(name);
    const written = new Set(nodes.flatMap((n) => n.outputs));
    const dropped = new Set(graph.initializers.map(({ name }) => name).filter((name) => !read.has(name)));
    const { verbatim: _, ...rest } = graph;
    const { verbatim: __, ...model } = this.#base;
    const changed: Graph = {
      ...rest,
      nodes,
      initializers: graph.initializers.filter(({ name }) => !dropped.has(name)),
      inputs: [...graph.inputs.filter(({ name }) => !dropped.has(name)), ...this.#inputs],
      outputs: this.#outputs,
      valueInfos: graph.valueInfos.filter(({ name }) => written.has(name)),
    };
    return { ...model, graph: changed };
  }
}

/** Nodes that the outputs depend on, in their order. */
function needed(nodes: readonly Node[], outputs: readonly ValueInfo[]): Node[] {
  const producers = new Map<string, number>();
  nodes.forEach((n, i) => n.outputs.forEach((name) => name !== '' && producers.set(name, i)));
  const keep = new Uint8Array(nodes.length);
  const pending = outputs.map(({ name }) => name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const at = producers.get(name);
    if (at === undefined || keep[at] === 1) continue;
    keep[at] = 1;
    pending.push(...readsOf(nodes[at]));
  }
  return nodes.filter((_, i) => keep[i] === 1);
}
