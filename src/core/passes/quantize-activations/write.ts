/**
 * Writes a plan into the graph: QuantizeLinear and DequantizeLinear around the planned values, biases as 32-bit codes,
 * weights in the form of DequantizeLinear. It must not decide anything.
 * Source: ONNX QuantizeLinear and DequantizeLinear, versions 10 (one scale) and 13 (per axis).
 */
import type { CodeGrid } from '../../calibration/ranges.ts';
import { attribute, floatTensor, int, int8Tensor, rawTensor, uint8Tensor } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { readWeight, replaceWeight } from '../../onnx/weights.ts';
import type { Target } from '../../targets/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { quantizeBias, reduceRange, roomForBias } from './bias.ts';
import { int8Encoding } from './layers.ts';
import { behindPool, isOnnxruntime, isTurned, turnedWeight, writeProduct } from './onnxruntime.ts';
import type { IntegerLayer, LayerNode } from './layers.ts';
import type { PlannedValue } from './plan.ts';

/** Makes the small constants of grids, each once. */
export class GridConstants {
  readonly #main: GraphEditor;
  readonly #names = new Map<string, string>();

  constructor(main: GraphEditor) {
    this.#main = main;
  }

  scale(value: number): string {
    return this.#constant(`s${value}`, 'scale', (name) => floatTensor(name, [], [value]));
  }

  zeroPoint({ type, zeroPoint }: CodeGrid): string {
    return this.#constant(`${type}${zeroPoint}`, 'zero', (name) =>
      type === 'int8'
        ? int8Tensor(name, [], Int8Array.of(zeroPoint))
        : uint8Tensor(name, [], Uint8Array.of(zeroPoint)),
    );
  }

  #constant(key: string, hint: string, make: (name: string) => Tensor): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = this.#main.freshName(hint);
    this.#main.setInitializer(make(name));
    this.#names.set(key, name);
    return name;
  }
}

/** Puts a Q/DQ pair on a value: for everybody, or for the planned reads. */
export function writePair(
  main: GraphEditor,
  value: PlannedValue,
  grid: CodeGrid,
  constants: GridConstants,
  target: Target,
): void {
  const parameters = [constants.scale(grid.scale), constants.zeroPoint(grid)];
  const codes = main.freshName('codes');
  const floats = main.freshName(value.kind === 'result' ? 'exact' : 'rounded');
  const producer = main.producer(value.name);
  const first = value.kind === 'result' ? undefined : firstOf(main, value);
  const isolated = value.kind === 'source' && isOnnxruntime(target);
  const source = isolated ? behindPool(main, value.name, grid, first) : value.name;
  const [from, to] = value.kind === 'result' ? [floats, value.name] : [source, floats];
  if (value.kind === 'result' && producer !== undefined) {
    const outputs = producer.outputs.map((name) => (name === value.name ? floats : name));
    main.replaceNode(producer, { ...producer, outputs });
  }
  main.addNode({ opType: 'QuantizeLinear', inputs: [from, ...parameters], outputs: [codes] }, first);
  main.addNode({ opType: 'DequantizeLinear', inputs: [codes, ...parameters], outputs: [to] }, first);
  if (value.kind === 'result') return;
  for (const { node, input } of value.reads) {
    const current = main.current(node);
    if (current === undefined) continue;
    main.replaceNode(current, {
      ...current,
      inputs: current.inputs.map((name, i) => (i === input ? floats : name)),
    });
  }
}

/** The first reader, so that the pair stands before it; order is restored at the end. */
function firstOf(main: GraphEditor, value: PlannedValue): Node | undefined {
  return value.reads.length === 0 ? undefined : main.current(value.reads[0].node);
}

export interface WrittenLayer {
  readonly encoding: WeightEncoding;
  /** Channels whose weights got a larger scale, so that the bias fits. */
  readonly rescaled: boolean;
}

/** The weight in the form that integer kernels read, and the biases of its operators. */
export function writeLayer(
  main: GraphEditor,
  layer: IntegerLayer,
  gridOf: (value: string) => CodeGrid,
  target: Target,
): WrittenLayer {
  const { weight, nodes } = layer;
  const { tensor } = weight;
  const given = int8Encoding(weight);
  if (given === undefined || tensor.data.kind !== 'encoded')
    throw new Error(`${weight.id} has no 8-bit codes`);
  const start = target.weights.reducedRange
    ? reduceRange(given, tensor.dims, readWeight(tensor.data.original))
    : given;
  const asProduct = isOnnxruntime(target) && nodes.every(({ op }) => op === 'Gemm' || op === 'MatMul');
  const uses = nodes.map((node) => ({
    bias: target.bias === 'int32' && !asProduct ? node.bias : undefined,
    inputScale: node.alpha * gridOf(node.input).scale,
  }));
  const fitted = roomForBias(start, tensor.dims, uses);
  const encoding: WeightEncoding = {
    ...fitted,
    scaleType: 'float32',
    scaleExponent: 0,
    storage: { form: 'dequantize-linear', sparse: 'dense' },
  };
  if (asProduct) {
    replaceWeight(main, weight, turnedWeight(tensor, encoding, isTurned(layer), nodes[0].alpha));
    for (const node of nodes) writeProduct(main, node);
    return { encoding, rescaled: fitted !== start };
  }
  replaceWeight(main, weight, { ...tensor, data: { ...tensor.data, encoding } });
  if (target.bias === 'int32') {
    for (const [i, node] of nodes.entries()) writeBias(main, node, uses[i].inputScale, encoding);
  }
  return { encoding, rescaled: fitted !== start };
}

function writeBias(
  main: GraphEditor,
  { node, bias }: LayerNode,
  inputScale: number,
  encoding: WeightEncoding,
): void {
  const current = main.current(node);
  if (bias === undefined || current === undefined) return;
  const { codes, scales } = quantizeBias(bias, inputScale, encoding.scales ?? new Float32Array(0));
  const names = {
    codes: main.freshName('bias'),
    scale: main.freshName('scale'),
    floats: main.freshName('bias'),
  };
  const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
  main.setInitializer(rawTensor(names.codes, 'int32', [codes.length], bytes));
  const perChannel = scales.length > 1;
  main.setInitializer(floatTensor(names.scale, perChannel ? [scales.length] : [], scales));
  main.addNode(
    {
      opType: 'DequantizeLinear',
      inputs: [names.codes, names.scale],
      outputs: [names.floats],
      attributes: perChannel ? [attribute('axis', int(0))] : [],
    },
    current,
  );
  const inputs = current.inputs.map((name, i) => (i === 2 ? names.floats : name));
  main.replaceNode(current, { ...current, inputs });
}
