/** Where the bias behind an encoded weight stands, and how it and the weight's scales are changed. It must not measure. */
import { floatTensor, isOp } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node, ReplacedTensor, Tensor } from '../../onnx/ir.ts';
import { readWeight, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { groupCount } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { linearLayer } from '../linear-layer.ts';

export interface Place {
  readonly layer: WeightLayer;
  /** The operator whose input `biasInput` is the bias: the layer itself, or the Add behind a MatMul. */
  readonly node: Node;
  readonly biasInput: number;
  /** Value that has the bias in it, with its channel axis. */
  readonly output: string;
  readonly channelAxis: 1 | -1;
  readonly outputs: number;
  /** Zeros where there is none yet. */
  readonly bias: Float32Array;
  /** As it was before any correction. */
  readonly floatBias: Float32Array;
  /** Shape to write it with. */
  readonly biasDims: readonly number[];
  /** Each output channel has scales of its own that may be multiplied. */
  readonly scalable: boolean;
}

export interface Shift {
  /** Of the channel's weights. */
  readonly factors: Float32Array;
  /** Added to the channel's bias. */
  readonly offsets: Float32Array;
  /** Of the offsets' magnitudes. */
  readonly largest: number;
}

/** A sentence where the layer has no bias that could be moved. */
export function readPlace(layer: WeightLayer, main: GraphEditor): Place | string {
  const { data } = layer.tensor;
  if (data.kind !== 'encoded') return 'its weights are not encoded';
  return biasPlace(layer, main, isScalable(data.encoding, layer));
}

/** The same whatever its weights are. */
export function biasPlace(layer: WeightLayer, main: GraphEditor, scalable: boolean): Place | string {
  const linear = linearLayer(layer, main);
  if (typeof linear === 'string') return linear;
  const { node, output, channelAxis, outputs } = linear;
  const common = { layer, channelAxis, outputs, scalable };
  if (linear.bias === undefined) {
    const [use] = main.uses(output);
    const only = main.uses(output).length === 1 && !main.isGraphOutput(output);
    if (use === undefined || !only || use.scope !== main || !isOp(use.node, 'Add')) return 'it has no bias';
    return place({ ...common, node: use.node, output: use.node.outputs[0] ?? '' }, 1 - use.input, main);
  }
  if (isOp(node, 'Gemm') && linear.bias === '') return 'it has no bias';
  return place({ ...common, node, output }, 2, main);
}

function place(
  common: Omit<Place, 'bias' | 'floatBias' | 'biasDims' | 'biasInput'>,
  biasInput: number,
  main: GraphEditor,
): Place | string {
  const name = common.node.inputs[biasInput] ?? '';
  if (name === '') {
    const bias = new Float32Array(common.outputs);
    return { ...common, biasInput, bias, floatBias: bias, biasDims: [common.outputs] };
  }
  const constant = main.constant(name);
  if (constant === undefined) return 'its bias is not a constant';
  const bias = constant.dataType === 'float32' ? readWeight(constant) : undefined;
  const { dims } = constant;
  const flat = dims.length >= 1 && dims.slice(0, -1).every((d) => d === 1);
  if (bias?.length !== common.outputs || !flat) return 'its bias is not one float a channel';
  const replaced = replacedBy(constant);
  const floatBias = replaced === undefined ? bias : floatsOf(replaced, common.outputs);
  return { ...common, biasInput, bias, floatBias: floatBias ?? bias, biasDims: dims };
}

function isScalable({ granularity, scales }: WeightEncoding, layer: WeightLayer): boolean {
  return scales !== undefined && granularity.kind !== 'tensor' && granularity.axis === layer.axis;
}

function replacedBy({ data }: Tensor): ReplacedTensor | undefined {
  return data.kind === 'raw' ? data.replaced : undefined;
}

function floatsOf({ tensor }: ReplacedTensor, outputs: number): Float32Array | undefined {
  if (tensor === undefined) return new Float32Array(outputs);
  const floats = readWeight(tensor);
  return floats?.length === outputs ? floats : undefined;
}

/**
 * Writes a new bias, and the scales where a factor is not 1. A bias that others read too stays, and the new one gets a
 * name of its own. What was there in floats is remembered: a second correction keeps what the first one replaced.
 */
export function shifted(main: GraphEditor, where: Place, { factors, offsets }: Shift): void {
  const node = main.current(where.node);
  if (node === undefined) throw new Error(`the operator of ${where.layer.id} is gone`);
  const old = node.inputs[where.biasInput] ?? '';
  const values = where.bias.map((b, c) => b + offsets[c]);
  const write = (name: string): void => {
    const made = floatTensor(name, where.biasDims, values);
    const bytes = made.data.kind === 'raw' ? made.data.bytes : undefined;
    if (bytes === undefined) throw new Error(`the bias of ${where.layer.id} has no bytes`);
    const replaced = replacedFrom(main, node.inputs[where.biasInput]);
    main.setInitializer({ ...made, data: { kind: 'raw', bytes, replaced } });
  };
  const own = main.initializers.has(old) && main.uses(old).length === 1 && !main.isGraphOutput(old);
  if (own) {
    write(old);
  } else {
    const name = main.freshName(old === '' ? `${where.layer.value}_bias` : `${old}_corrected`);
    write(name);
    const inputs = [...node.inputs];
    while (inputs.length <= where.biasInput) inputs.push('');
    inputs[where.biasInput] = name;
    main.replaceNode(node, { ...node, inputs });
  }
  if (factors.some((f) => f !== 1)) rescale(main, where.layer, factors);
}

function replacedFrom(main: GraphEditor, input: string | undefined): ReplacedTensor {
  const tensor = input === undefined || input === '' ? undefined : main.constant(input);
  const before = tensor === undefined ? undefined : replacedBy(tensor);
  if (before !== undefined) return before;
  return { ...(input === undefined ? {} : { input }), ...(tensor === undefined ? {} : { tensor }) };
}

function rescale(main: GraphEditor, layer: WeightLayer, factors: Float32Array): void {
  const { tensor } = layer;
  if (tensor.data.kind !== 'encoded' || tensor.data.encoding.scales === undefined) return;
  const { encoding } = tensor.data;
  const perChannel = groupCount(encoding.granularity, tensor.dims) / factors.length;
  const scales = encoding.scales?.map((s, g) => s * factors[Math.floor(g / perChannel)]);
  // Halves would round the product again: they become floats.
  const changed = { ...encoding, scales, scaleType: 'float32' as const, scaleExponent: 0 };
  replaceWeight(main, layer, { ...tensor, data: { ...tensor.data, encoding: changed as WeightEncoding } });
}
