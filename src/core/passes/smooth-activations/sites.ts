/**
 * Where a factor per channel can be moved: a value that a normalization scales and shifts by constants, read by nothing
 * but linear layers. It must not change graphs or measure.
 */
import { isOp } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { readWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { linearLayer } from '../linear-layer.ts';
import type { LinearLayer } from '../linear-layer.ts';

/** A constant with one number a channel. */
export interface ChannelConstant {
  readonly node: Node;
  readonly input: number;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export interface SmoothSite {
  /** The value between: the output of the normalization. */
  readonly value: string;
  readonly channels: number;
  /** What is divided: scale and, where there is one, shift. */
  readonly producers: readonly ChannelConstant[];
  /** What is multiplied. */
  readonly readers: readonly LinearLayer[];
}

/** Sites by value, and for every other matrix layer the reason why there is none. */
export function smoothSites(
  layers: readonly WeightLayer[],
  main: GraphEditor,
): { sites: SmoothSite[]; refused: { layer: string; reason: string }[] } {
  const readers = new Map<string, LinearLayer[]>();
  const refused: { layer: string; reason: string }[] = [];
  for (const layer of layers) {
    const linear = layer.frozen ?? plainMatrix(layer, main);
    if (typeof linear === 'string') {
      refused.push({ layer: layer.id, reason: linear });
      continue;
    }
    readers.set(linear.input, [...(readers.get(linear.input) ?? []), linear]);
  }
  const sites: SmoothSite[] = [];
  for (const [value, found] of readers) {
    const site = siteOf(value, found, main);
    if (typeof site === 'string')
      refused.push(...found.map(({ layer }) => ({ layer: layer.id, reason: site })));
    else sites.push(site);
  }
  return { sites, refused };
}

function plainMatrix(layer: WeightLayer, main: GraphEditor): LinearLayer | string {
  if (layer.tensor.data.kind === 'encoded') return 'it is encoded already: smoothing comes before';
  if (layer.tensor.dataType !== 'float32') return `${layer.tensor.dataType} weights are not rescaled`;
  const linear = linearLayer(layer, main);
  if (typeof linear === 'string') return linear;
  return linear.op === 'Conv' ? 'convolutions are equalized instead' : linear;
}

function siteOf(value: string, readers: readonly LinearLayer[], main: GraphEditor): SmoothSite | string {
  const channels = readers[0]?.inputs ?? 0;
  if (main.isGraphOutput(value)) return 'its input is an output of the model';
  if (main.uses(value).length !== readers.length) return 'other operators read its input too';
  const producer = main.producer(value);
  if (producer === undefined) return 'its input is an input of the model';
  const producers = constantsOf(producer, channels, main);
  return typeof producers === 'string' ? producers : { value, channels, producers, readers };
}

/** LayerNormalization (scale and shift), Mul by a constant, or Add of a constant behind such a Mul. */
function constantsOf(node: Node, channels: number, main: GraphEditor): ChannelConstant[] | string {
  if (isOp(node, 'LayerNormalization')) {
    const scale = channelConstant(node, 1, channels, main);
    const shift = (node.inputs[2] ?? '') === '' ? undefined : channelConstant(node, 2, channels, main);
    if (typeof scale === 'string') return scale;
    if (typeof shift === 'string') return shift;
    return shift === undefined ? [scale] : [scale, shift];
  }
  const own = operandOf(node, channels, main);
  if (isOp(node, 'Mul')) return own === undefined ? 'its input is no product with a constant' : [own];
  if (!isOp(node, 'Add') || own === undefined) return `${node.opType} before it has no scale to fold into`;
  const before = node.inputs[1 - own.input] ?? '';
  const product = main.producer(before);
  if (product === undefined || !isOp(product, 'Mul')) return 'there is no product before the sum';
  if (main.uses(before).length !== 1 || main.isGraphOutput(before))
    return 'the product before the sum is read elsewhere';
  const scale = operandOf(product, channels, main);
  return scale === undefined ? 'there is no product with a constant before the sum' : [scale, own];
}

/** The constant side of a commutative operator. */
function operandOf(node: Node, channels: number, main: GraphEditor): ChannelConstant | undefined {
  for (const input of [1, 0]) {
    const found = channelConstant(node, input, channels, main);
    if (typeof found !== 'string') return found;
  }
  return undefined;
}

function channelConstant(
  node: Node,
  input: number,
  channels: number,
  main: GraphEditor,
): ChannelConstant | string {
  const constant = main.constant(node.inputs[input] ?? '');
  const values = constant?.dataType === 'float32' ? readWeight(constant) : undefined;
  const flat = constant?.dims.slice(0, -1).every((d) => d === 1) === true;
  if (constant === undefined || values?.length !== channels || !flat || constant.dims.length === 0) {
    return 'the normalization before it has no constant scale a channel';
  }
  return { node, input, dims: constant.dims, values };
}
