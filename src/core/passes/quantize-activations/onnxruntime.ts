/**
 * What onnxruntime's optimizer does to a graph with Q/DQ, and how the graph is written so that it does what is meant. Each
 * entry was found by profile in onnxruntime-web 1.30 and in onnxruntime 1.32, and the source names the transformer.
 *
 * - A Gemm between Q/DQ is not fused, and a MatMul with a constant Add behind it is made a Gemm (MatMulAddFusion, level 1,
 *   before Q/DQ is looked at): both then compute in floats, behind a DequantizeLinear of the whole weight at every run. A
 *   product is therefore written as MatMul and Sub of the negated bias: the same values to the bit.
 * - A convolution or Gemm in floats that reads a DequantizeLinear and whose only reader quantizes again gets its weights
 *   quantized by the runtime with one scale for the whole tensor (WeightBiasQuantization, level 1), which ruins depthwise
 *   layers (MobileNetV1: 46 % → 1 %). It leaves alone a layer whose bias is no constant, so the bias is written as 32-bit
 *   codes behind a DequantizeLinear, which is not folded: exact to 2^-24 of the largest bias, and as long as the bias.
 * - A QuantizeLinear behind a MaxPool in floats is moved before it (QDQPropagation, level 1); a MaxPool on codes that no
 *   integer convolution feeds is 16 times slower on WASM. A Relu or Clip that changes no code stands between them: the
 *   transformer does not look past it, and at level 2 it goes into the QuantizeLinear.
 *
 * It must not decide which layers compute in integers.
 */
import { codeBounds } from '../../calibration/ranges.ts';
import type { CodeGrid } from '../../calibration/ranges.ts';
import { floatTensor, rawTensor } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import { intAttribute } from '../../onnx/attributes.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { readWeight, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import type { Target } from '../../targets/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import type { IntegerLayer, LayerNode } from './layers.ts';

const ONNXRUNTIME: ReadonlySet<Target['id']> = new Set([
  'ort-wasm',
  'ort-cpu-x86',
  'ort-cpu-x86-vnni',
  'ort-cpu-arm',
]);

export const isOnnxruntime = (target: Target): boolean => ONNXRUNTIME.has(target.id);

/** Why a product cannot be written so that onnxruntime fuses it; undefined = it can. */
export function productProblem({ nodes }: IntegerLayer, target: Target): string | undefined {
  if (!isOnnxruntime(target) || nodes.every(({ op }) => op !== 'Gemm')) return undefined;
  if (nodes.some(({ node }) => intAttribute(node, 'transA', 0) !== 0))
    return 'its input is transposed (transA)';
  const ways = new Set(nodes.map(({ node, alpha }) => `${intAttribute(node, 'transB', 0)} ${alpha}`));
  return ways.size > 1 || nodes.some(({ op }) => op !== 'Gemm')
    ? 'operators read its weight in different ways (transB, alpha)'
    : undefined;
}

/** Whether the weight of a layer must be turned before `writeProduct`. */
export const isTurned = ({ nodes }: IntegerLayer): boolean => intAttribute(nodes[0].node, 'transB', 0) !== 0;

/** A matrix of codes [N, K] as [K, N], with its scales; alpha goes into the scales. */
export function turnedWeight(tensor: Tensor, encoding: WeightEncoding, turn: boolean, alpha: number): Tensor {
  if (tensor.data.kind !== 'encoded') throw new Error('a weight without codes');
  const { original } = tensor.data;
  const scales = alpha === 1 ? encoding.scales : encoding.scales?.map((scale) => scale * alpha);
  const scaled = scales === undefined ? encoding : { ...encoding, scales };
  if (!turn) return { ...tensor, data: { kind: 'encoded', encoding: scaled, original } };
  const [rows, columns] = tensor.dims;
  const dims = [columns, rows];
  const { granularity } = encoding;
  const floats = readWeight(original);
  return {
    ...tensor,
    dims,
    data: {
      kind: 'encoded',
      encoding: {
        ...scaled,
        codes: turned(Int8Array.from(unmasked(encoding)), rows, columns),
        granularity:
          granularity.kind === 'channel' ? { kind: 'channel', axis: 1 - granularity.axis } : granularity,
      },
      original:
        floats === undefined ? original : floatTensor(original.name, dims, turned(floats, rows, columns)),
    },
  };
}

/** Codes with zeros where the mask says so: a mask cannot be turned bit by bit. */
function unmasked({ codes, mask }: WeightEncoding): Iterable<number> & ArrayLike<number> {
  if (mask === undefined) return codes;
  return Int8Array.from(codes, (code, i) => (((mask[i >>> 3] >>> (i & 7)) & 1) === 0 ? 0 : code));
}

function turned<T extends Int8Array | Float32Array>(values: T, rows: number, columns: number): T {
  const out = values.slice() as T;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  return out;
}

/** Gemm → MatMul and Sub; an Add of a constant behind a MatMul → Sub. */
export function writeProduct(main: GraphEditor, { node, op, bias }: LayerNode): void {
  const current = main.current(node);
  if (current === undefined) return;
  if (op === 'MatMul') {
    subtractConstant(main, current.outputs[0]);
    return;
  }
  const [input, weight] = current.inputs;
  const product = { ...current, opType: 'MatMul', inputs: [input, weight], attributes: [] };
  if (bias === undefined) {
    main.replaceNode(current, product);
    return;
  }
  const negated = main.freshName('bias');
  main.setInitializer(
    floatTensor(
      negated,
      [bias.length],
      bias.map((value) => -value),
    ),
  );
  const sums = main.freshName('product');
  main.addNode({ opType: 'Sub', inputs: [sums, negated], outputs: current.outputs }, undefined);
  main.replaceNode(current, { ...product, outputs: [sums] });
}

function subtractConstant(main: GraphEditor, value: string): void {
  const uses = main.uses(value);
  if (uses.length !== 1 || uses[0].scope !== main || main.isGraphOutput(value)) return;
  const { node, input } = uses[0];
  if (node.opType !== 'Add') return;
  const tensor = main.constant(node.inputs[1 - input]);
  const values = tensor?.dataType === 'float32' ? readWeight(tensor) : undefined;
  if (tensor === undefined || values === undefined) return;
  const negated = main.freshName('bias');
  main.setInitializer(
    floatTensor(
      negated,
      tensor.dims,
      values.map((x) => -x),
    ),
  );
  main.replaceNode(node, { ...node, opType: 'Sub', inputs: [value, negated] });
}

/** The value that a QuantizeLinear reads, so that it stays behind a MaxPool. */
export function behindPool(
  main: GraphEditor,
  value: string,
  grid: CodeGrid,
  before: Node | undefined,
): string {
  if (main.producer(value)?.opType !== 'MaxPool') return value;
  const kept = main.freshName('pooled');
  const { low, high } = codeBounds({ type: grid.type, symmetric: false });
  if (grid.zeroPoint === low) {
    main.addNode({ opType: 'Relu', inputs: [value], outputs: [kept] }, before);
    return kept;
  }
  const bounds = [low, high].map((code) => {
    const name = main.freshName('bound');
    main.setInitializer(floatTensor(name, [], [(code - grid.zeroPoint) * grid.scale]));
    return name;
  });
  main.addNode({ opType: 'Clip', inputs: [value, ...bounds], outputs: [kept] }, before);
  return kept;
}

const QUANTIZED_BY_ITSELF: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm']);
/** What the runtime looks through, or moves a pair across. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  'Relu',
  'Clip',
  'MaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
]);
/** Longer chains of them do not occur. */
const MAX_STEPS = 16;

/** Keeps the runtime from quantizing layers that are to stay floats. @returns their number. */
export function guardFloatLayers(main: GraphEditor, layers: readonly IntegerLayer[]): number {
  const integer = new Set(layers.flatMap(({ nodes }) => nodes.map(({ node }) => main.current(node))));
  let guarded = 0;
  for (const node of [...main.nodes]) {
    if (!QUANTIZED_BY_ITSELF.has(node.opType) || integer.has(node)) continue;
    if (!readsPair(main, node.inputs[0]) || !leadsToQuantize(main, node.outputs[0])) continue;
    guard(main, node);
    guarded++;
  }
  return guarded;
}

function readsPair(main: GraphEditor, value: string): boolean {
  let name = value;
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = main.producer(name);
    if (node === undefined) return false;
    if (node.opType === 'DequantizeLinear') return true;
    if (!TRANSPARENT.has(node.opType)) return false;
    name = node.inputs[0];
  }
  return false;
}

function leadsToQuantize(main: GraphEditor, value: string): boolean {
  let name = value;
  for (let step = 0; step < MAX_STEPS; step++) {
    const readers = main.uses(name).map(({ node }) => node);
    if (readers.some((node) => node.opType === 'QuantizeLinear')) return true;
    if (readers.length !== 1 || !TRANSPARENT.has(readers[0].opType)) return false;
    name = readers[0].outputs[0];
  }
  return false;
}

/** Half of the 32-bit range: rounding cannot pass its end. */
const BIAS_CODE = 2 ** 30;

function guard(main: GraphEditor, node: Node): void {
  const weight = main.constant(node.inputs[1]);
  const given = main.constant(node.inputs[2] ?? '');
  const floats = given === undefined ? undefined : readWeight(given);
  // A bias that is computed is none that the runtime takes.
  if ((node.inputs[2] ?? '') !== '' && floats === undefined) return;
  const channels = floats?.length ?? outputChannels(node, weight);
  if (channels === undefined) return;
  const values = floats ?? new Float32Array(channels);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = Math.fround(largest / BIAS_CODE) || 1;
  const codes = Int32Array.from(values, (value) => Math.round(value / scale));
  const names = {
    codes: main.freshName('bias'),
    scale: main.freshName('scale'),
    floats: main.freshName('bias'),
  };
  main.setInitializer(
    rawTensor(names.codes, 'int32', given?.dims ?? [channels], new Uint8Array(codes.buffer)),
  );
  main.setInitializer(floatTensor(names.scale, [], [scale]));
  main.addNode(
    { opType: 'DequantizeLinear', inputs: [names.codes, names.scale], outputs: [names.floats] },
    node,
  );
  main.replaceNode(node, { ...node, inputs: [node.inputs[0], node.inputs[1], names.floats] });
}

function outputChannels(node: Node, weight: Tensor | undefined): number | undefined {
  if (weight === undefined) return undefined;
  switch (node.opType) {
    case 'Conv':
      return weight.dims[0];
    case 'ConvTranspose':
      return weight.dims[1] * intAttribute(node, 'group', 1);
    default:
      return weight.dims[intAttribute(node, 'transB', 0) === 0 ? 1 : 0];
  }
}

/**
 * Weights of float layers that an earlier step wants as DequantizeLinear: beside a quantized input and a 32-bit bias the
 * runtime would take them for an integer layer. They are decoded when the file is loaded instead.
 */
export function decodeFloatLayers(
  main: GraphEditor,
  weights: readonly WeightLayer[],
  layers: readonly IntegerLayer[],
): void {
  const integer = new Set(layers.map(({ weight }) => weight.id));
  for (const weight of weights) {
    const { data } = weight.tensor;
    if (weight.graph !== '' || integer.has(weight.id) || data.kind !== 'encoded') continue;
    if (data.encoding.storage.form === 'decode-at-load') continue;
    if (!weight.consumers.some(({ node }) => QUANTIZED_BY_ITSELF.has(node.opType))) continue;
    const storage = { ...data.encoding.storage, form: 'decode-at-load' as const };
    replaceWeight(main, weight, {
      ...weight.tensor,
      data: { ...data, encoding: { ...data.encoding, storage } },
    });
  }
}
