/**
 * A graph in which some operators compute in float16: keeps track of where each value lives, and puts a Cast where it is
 * read in the other type, once. It must not decide which operators.
 */
import { halfTensor, int, node as makeNode } from '../../onnx/build.ts';
import type { GraphEditor, ModelDraft } from '../../onnx/draft.ts';
import type { Model, Node, ReplacedTensor, Tensor } from '../../onnx/ir.ts';
import { readWeight } from '../../onnx/weights.ts';
import { floatToHalf, halfToFloat } from '../../tensor/float16.ts';
import { staysFloat } from './halves.ts';

/** TensorProto.DataType. */
const FLOAT = 1;
const FLOAT16 = 10;
const LARGEST_HALF = 65504;

export class HalfGraph {
  converted = 0;
  casts = 0;
  overflowed = 0;
  flushed = 0;
  readonly #main: GraphEditor;
  readonly #floats: ReadonlySet<string>;
  /** Values that are written in half floats, by the name they had, with the name that the halves have. */
  readonly #halves = new Map<string, string>();
  /** Values that were cast, by name and type. */
  readonly #cast = new Map<string, string>();
  readonly #constants = new Map<string, string>();

  constructor(main: GraphEditor, floats: ReadonlySet<string>) {
    this.#main = main;
    this.#floats = floats;
  }

  computeInHalf(node: Node): void {
    const inputs = node.inputs.map((name, i) =>
      name === '' || staysFloat(node.opType, i) ? this.#asFloat(name, node) : this.#asHalf(name, node),
    );
    const outputs = node.outputs.map((name) => (this.#floats.has(name) ? this.#writeHalf(name) : name));
    this.#main.replaceNode(node, { ...node, inputs, outputs });
    this.converted++;
    for (const [i, name] of node.outputs.entries()) {
      // An output of the model keeps its type.
      if (outputs[i] !== name) this.#addCast(outputs[i] ?? '', name, FLOAT, undefined);
    }
  }

  keepInFloat(node: Node): void {
    const inputs = node.inputs.map((name) => this.#asFloat(name, node));
    if (inputs.some((name, i) => name !== node.inputs[i])) this.#main.replaceNode(node, { ...node, inputs });
  }

  finish(draft: ModelDraft): Model {
    for (const name of this.#halves.keys()) this.#main.removeValueInfo(name);
    for (const [name, half] of this.#constants) this.#takePlace(name, half);
    this.#main.sort();
    return draft.finish();
  }

  #writeHalf(name: string): string {
    const half = this.#main.isGraphOutput(name) ? this.#main.freshName(`${name}_fp16`) : name;
    this.#halves.set(name, half);
    return half;
  }

  #asHalf(name: string, reader: Node): string {
    const half = this.#halves.get(name);
    if (half !== undefined) return half;
    const constant = this.#main.constant(name);
    if (constant !== undefined)
      return constant.dataType === 'float32' ? this.#constant(name, constant) : name;
    if (!this.#floats.has(name)) return name;
    return this.#castTo(name, FLOAT16, reader);
  }

  #asFloat(name: string, reader: Node): string {
    const half = this.#halves.get(name);
    // An output of the model has its float twin already.
    if (half === undefined || half !== name) return name;
    return this.#castTo(name, FLOAT, reader);
  }

  #castTo(name: string, type: typeof FLOAT | typeof FLOAT16, reader: Node): string {
    const key = `${type} ${name}`;
    const known = this.#cast.get(key);
    if (known !== undefined) return known;
    const made = this.#main.freshName(`${name}_${type === FLOAT ? 'fp32' : 'fp16'}`);
    this.#cast.set(key, made);
    this.#addCast(name, made, type, reader);
    return made;
  }

  #addCast(from: string, to: string, type: number, before: Node | undefined): void {
    const cast = makeNode('Cast', [from], [to], { attrs: { to: int(type) } });
    this.#main.addNode(cast, before === undefined ? undefined : this.#main.current(before));
    this.casts++;
  }

  /** A constant of its own in half floats: others may read the float one. An encoded weight only decodes to another type. */
  #constant(name: string, tensor: Tensor): string {
    const known = this.#constants.get(name);
    if (known !== undefined) return known;
    const half = this.#main.freshName(`${name}_fp16`);
    this.#constants.set(name, half);
    this.#main.setInitializer({ ...this.#halved(tensor), name: half });
    return half;
  }

  #halved(tensor: Tensor): Tensor {
    if (tensor.data.kind === 'encoded') {
      // What it was made from may take its place again, where the operator now reads halves.
      const { original } = tensor.data;
      const before = original.dataType === 'float32' ? this.#uncounted(original) : original;
      return { ...tensor, dataType: 'float16', data: { ...tensor.data, original: before } };
    }
    const values = readWeight(tensor);
    if (values === undefined) throw new Error(`the values of ${tensor.name} do not fit its shape`);
    const codes = new Uint16Array(values.length);
    for (const [i, value] of values.entries()) {
      const finite = Number.isFinite(value);
      const clamped = finite ? Math.min(LARGEST_HALF, Math.max(-LARGEST_HALF, value)) : value;
      if (clamped !== value && finite) this.overflowed++;
      codes[i] = floatToHalf(clamped);
      if (value !== 0 && halfToFloat(codes[i]) === 0) this.flushed++;
    }
    const made = halfTensor(tensor.name, tensor.dims, codes);
    const { data } = tensor;
    if (made.data.kind !== 'raw' || data.kind !== 'raw' || data.replaced === undefined) return made;
    return { ...made, data: { ...made.data, replaced: this.#halvedRecord(data.replaced) } };
  }

  /**
   * What a correction took away, as its operator now reads it: putting it back must give a graph that loads. It gets a
   * name of its own, because floats of the old name may still be read by others.
   */
  #halvedRecord(replaced: ReplacedTensor): ReplacedTensor {
    const { input, tensor } = replaced;
    if (input === undefined || tensor?.dataType !== 'float32') return replaced;
    const name = this.#main.freshName(`${input}_fp16`);
    return { input: name, tensor: { ...this.#uncounted(tensor), name } };
  }

  /** What a tensor loses that is not written is counted nowhere. */
  #uncounted(tensor: Tensor): Tensor {
    const counted = [this.overflowed, this.flushed];
    const halved = this.#halved(tensor);
    [this.overflowed, this.flushed] = counted;
    return halved;
  }

  /** Where nobody reads the float constant any more, the halves take its name: a weight keeps its identity. */
  #takePlace(name: string, half: string): void {
    if (this.#main.uses(name).length > 0 || this.#main.isGraphOutput(name)) return;
    const producer = this.#main.producer(name);
    const tensor = this.#main.initializers.get(half);
    if (tensor === undefined || (producer === undefined && !this.#main.initializers.has(name))) return;
    if (producer !== undefined) this.#main.removeNode(producer);
    this.#main.removeInput(name);
    this.#main.removeValueInfo(name);
    this.#main.setInitializer({ ...tensor, name });
    this.#main.replaceUses(half, name);
    this.#main.removeInitializer(half);
  }
}
