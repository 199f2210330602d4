/**
 * Which operators can work on planes whose rows and columns are swapped, and how: N × C × H × W becomes N × C × W × H,
 * and every output is the swapped output of before. It must not know which planes are worth it.
 */
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import { attribute, ints, rawTensor } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Attribute, Dimension, Node, Tensor } from '../../onnx/ir.ts';
import { isSize, normalAxis } from '../../onnx/shapes/fact.ts';
import { denseBytes } from '../../onnx/shapes/values.ts';
import { elementCount } from '../../tensor/dtype.ts';
import { isReadable, onnxOp, readOnce, type Work } from './work.ts';

const RANK = 4;
const [ROWS, COLUMNS] = [2, 3];

/** How one node takes part. */
export interface Turn {
  /** Inputs that are planes, by position. */
  readonly planes: readonly number[];
  /** Constant that has to be swapped along, by position. */
  readonly kernel?: number;
}

/** One value for each of rows and columns, or for the begin of both and then the end of both. */
const PAIRED = ['kernel_shape', 'strides', 'dilations', 'pads', 'output_padding', 'output_shape'];

const UNARY: ReadonlySet<string> = new Set(
  'Abs Ceil Clip Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Log Mish Neg Reciprocal Relu Round Selu Sigmoid Softplus Softsign Sqrt Tanh ThresholdedRelu'.split(
    ' ',
  ),
);
const ELEMENTWISE: ReadonlySet<string> = new Set('Add Div Max Mean Min Mul PRelu Pow Sub Sum'.split(' '));
const REDUCTIONS: ReadonlySet<string> = new Set(
  'ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare'.split(' '),
);

export interface Plane {
  readonly rows: number;
  readonly columns: number;
  /** Of one sample where the batch is free. */
  readonly elements: number;
}

/** A value of four axes whose rows and columns are known. */
export function planeOf(value: string, graph: GraphEditor, work: Work): Plane | undefined {
  const shape = work.fact(graph, value)?.shape;
  if (shape?.length !== RANK) return undefined;
  const [rows, columns] = [shape[ROWS], shape[COLUMNS]];
  if (!isSize(rows) || !isSize(columns)) return undefined;
  const elements = shape.reduce<number>((total, dim) => total * (isSize(dim) ? dim : 1), 1);
  return { rows, columns, elements };
}

/** Swapping rows and columns moves nothing. */
export function isPoint({ rows, columns }: Plane): boolean {
  return rows === 1 && columns === 1;
}

/** How `node` works on swapped planes, or undefined when it cannot. */
export function turnOf(node: Node, graph: GraphEditor, work: Work): Turn | undefined {
  const op = onnxOp(node);
  if (op === undefined || node.outputs.filter((name) => name !== '').length !== 1) return undefined;
  const turn = byOperator(op, node, graph, work);
  if (turn === undefined) return undefined;
  const planes = turn.planes.map((i) => node.inputs[i] ?? '');
  if (!endsPlanes(node)) planes.push(...node.outputs.slice(0, 1));
  return planes.every((value) => planeOf(value, graph, work) !== undefined) ? turn : undefined;
}

/** Its output has no rows and columns any more: nothing has to be swapped back. */
export function endsPlanes(node: Node): boolean {
  const op = onnxOp(node) ?? '';
  return op === 'GlobalAveragePool' || op === 'GlobalMaxPool' || REDUCTIONS.has(op);
}

function byOperator(op: string, node: Node, graph: GraphEditor, work: Work): Turn | undefined {
  const first: Turn = { planes: [0] };
  if (UNARY.has(op)) return first;
  if (ELEMENTWISE.has(op)) return elementwise(node, graph, work);
  if (REDUCTIONS.has(op)) return reducesPlanes(node, graph, work) ? first : undefined;
  switch (op) {
    case 'Conv':
    case 'ConvTranspose':
      return withKernel(node, graph);
    case 'MaxPool':
    case 'AveragePool':
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return first;
    case 'BatchNormalization':
      return intAttribute(node, 'training_mode', 0) === 0 && byChannel(node, work) ? first : undefined;
    case 'Concat':
      return normalAxis(intAttribute(node, 'axis', 0), RANK) === 1
        ? { planes: node.inputs.map((_, i) => i) }
        : undefined;
    default:
      return undefined;
  }
}

/** Before operator set 9 a BatchNormalization could have figures of its own for each row and column. */
function byChannel(node: Node, work: Work): boolean {
  return work.opset >= 9 || intAttribute(node, 'spatial', 1) === 1;
}

function withKernel(node: Node, graph: GraphEditor): Turn | undefined {
  const name = node.inputs[1] ?? '';
  const weight = graph.constant(name);
  if (weight?.dims.length !== RANK) return undefined;
  if (weight.dims[ROWS] === 1 && weight.dims[COLUMNS] === 1) return { planes: [0] };
  const own =
    graph.initializers.get(name) === weight &&
    readOnce(graph, name) &&
    isReadable(weight) &&
    elementCount(weight.dims) > 0;
  return own ? { planes: [0], kernel: 1 } : undefined;
}

/** Constants must be the same for all rows and columns: scalars, and one value for each channel. */
function elementwise(node: Node, graph: GraphEditor, work: Work): Turn | undefined {
  const planes: number[] = [];
  for (const [i, name] of node.inputs.entries()) {
    const shape: readonly Dimension[] | undefined = work.fact(graph, name)?.shape;
    if (shape === undefined) return undefined;
    if (shape.length === RANK && graph.constant(name) === undefined) planes.push(i);
    else if (shape.slice(-2).some((dim) => dim !== 1) || shape.length > RANK) return undefined;
  }
  return planes.length === 0 ? undefined : { planes };
}

function reducesPlanes(node: Node, graph: GraphEditor, work: Work): boolean {
  const given = work.fact(graph, node.inputs[1] ?? '')?.values;
  const axes = (intsAttribute(node, 'axes') ?? given ?? []).map((axis) =>
    typeof axis === 'number' ? normalAxis(axis, RANK) : undefined,
  );
  return axes.length === 2 && axes.includes(ROWS) && axes.includes(COLUMNS);
}

/** Attributes of `node` for swapped planes. */
export function turnedAttributes(node: Node): readonly Attribute[] {
  return node.attributes.map((given) => {
    const values = PAIRED.includes(given.name) ? intsAttribute(node, given.name) : undefined;
    if (values === undefined) return given;
    return attribute(given.name, ints(values.map((_, i) => values[i ^ 1] ?? 0)));
  });
}

/** The kernel of a convolution with the last two axes swapped; [M, C / groups, kH, kW] → [M, C / groups, kW, kH]. */
export function turnedKernel(weight: Tensor): Tensor | undefined {
  const bytes = denseBytes(weight);
  const [m = 0, c = 0, height = 0, width = 0] = weight.dims;
  if (bytes === undefined || bytes.length === 0) return undefined;
  const size = bytes.length / elementCount(weight.dims);
  const turned = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += height * width * size) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = at + (y * width + x) * size;
        turned.set(bytes.subarray(from, from + size), at + (x * height + y) * size);
      }
    }
  }
  return rawTensor(weight.name, weight.dataType, [m, c, width, height], turned);
}
