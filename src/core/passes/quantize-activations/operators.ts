/**
 * What the operators between integer layers do with codes: which ones only move values and so keep scale and zero point,
 * which ones have a grid of their own, and which Relu or Clip behind a layer its grid takes over. It must not know
 * layers or ranges.
 */
import { floatAttribute, textAttribute } from '../../onnx/attributes.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { readWeight } from '../../onnx/weights.ts';
import type { ValueRange } from '../../calibration/types.ts';
import type { CodeGrid } from '../../calibration/ranges.ts';
import type { Target } from '../../targets/types.ts';

const isOnnx = (node: Node): boolean => node.domain === '' || node.domain === 'ai.onnx';

/** They give out values that they were given: codes may pass as they are. */
const MOVES: ReadonlySet<string> = new Set([
  'MaxPool',
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Split',
  'Slice',
  'Gather',
  'Pad',
  'DepthToSpace',
  'SpaceToDepth',
  'Resize',
]);
/** They compute: the result has a scale of its own. */
const COMPUTES: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Concat',
  'AveragePool',
  'GlobalAveragePool',
  'ReduceMean',
  'LeakyRelu',
  'Relu',
  'Clip',
  'PRelu',
  'Sigmoid',
  'HardSigmoid',
  'Tanh',
  'Softmax',
  'LogSoftmax',
]);
/** All their inputs are values of the net; of the others only the first. */
const SEVERAL_INPUTS: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Concat']);
/** Averages and concatenation keep the parameters too. Source: LiteRT 8-bit quantization specification. */
const MOVES_ON_TFLITE: ReadonlySet<string> = new Set(['Concat', 'AveragePool', 'GlobalAveragePool']);

export interface CarriedOperator {
  /** Names of the inputs that are values of the net. */
  readonly inputs: readonly string[];
  readonly keepsGrid: boolean;
}

/** An operator that can work on codes on this target; undefined = it computes in floats. */
export function carriedOperator(node: Node, main: GraphEditor, target: Target): CarriedOperator | undefined {
  const op = node.opType;
  if (!isOnnx(node) || !target.integerOps.has(op)) return undefined;
  const moves = MOVES.has(op);
  if (!moves && !COMPUTES.has(op)) return undefined;
  const inputs = SEVERAL_INPUTS.has(op) ? node.inputs : node.inputs.slice(0, 1);
  if (inputs.some((name) => name === '' || main.constant(name) !== undefined)) return undefined;
  if (op === 'MaxPool' && node.outputs.filter((name) => name !== '').length > 1) return undefined;
  if (op === 'Pad' && !padsWithZeros(node, main)) return undefined;
  if (op === 'Resize' && textAttribute(node, 'mode', 'nearest') !== 'nearest') return undefined;
  return { inputs, keepsGrid: moves || (target.id === 'tflite' && MOVES_ON_TFLITE.has(op)) };
}

function padsWithZeros(node: Node, main: GraphEditor): boolean {
  if (textAttribute(node, 'mode', 'constant') !== 'constant') return true;
  if (floatAttribute(node, 'value', 0) !== 0) return false;
  const name = node.inputs[2] ?? '';
  return name === '' || scalar(main.constant(name)) === 0;
}

function scalar(tensor: Tensor | undefined): number | undefined {
  const values = tensor === undefined ? undefined : readWeight(tensor);
  return values?.length === 1 ? values[0] : undefined;
}

export interface OperatorResult {
  /** The value that is quantized: behind a Relu or Clip that the grid takes over. */
  readonly value: string;
  /** Of that Relu or Clip. */
  readonly bounds?: ValueRange;
}

/**
 * What an integer operator writes. A Relu or Clip that nothing else reads past is taken over: with every code inside its
 * bounds, rounding to a code does its work.
 */
export function resultOf(node: Node, main: GraphEditor): OperatorResult {
  const own = { value: node.outputs[0] };
  if (main.isGraphOutput(own.value)) return own;
  const uses = main.uses(own.value);
  if (uses.length !== 1 || uses[0].scope !== main || uses[0].input !== 0) return own;
  const next = uses[0].node;
  const bounds = isOnnx(next) ? activationBounds(next, main) : undefined;
  if (bounds === undefined || bounds.min > 0 || !(bounds.max > 0)) return own;
  return { value: next.outputs[0], bounds };
}

/** Bounds of a Relu or a Clip between constants. */
export function activationBounds(node: Node, main: GraphEditor): ValueRange | undefined {
  if (node.opType === 'Relu') return { min: 0, max: Infinity };
  if (node.opType !== 'Clip') return undefined;
  const bound = (input: number, name: string, otherwise: number): number | undefined => {
    const value = node.inputs[input] ?? '';
    return value === '' ? floatAttribute(node, name, otherwise) : scalar(main.constant(value));
  };
  const min = bound(1, 'min', -Infinity);
  const max = bound(2, 'max', Infinity);
  return min === undefined || max === undefined || !(min < max) ? undefined : { min, max };
}

/** Grids that the operator itself prescribes. Source: LiteRT 8-bit quantization specification. */
const TFLITE_GRIDS: Readonly<Partial<Record<string, CodeGrid>>> = {
  Softmax: { type: 'int8', scale: 1 / 256, zeroPoint: -128 },
  Sigmoid: { type: 'int8', scale: 1 / 256, zeroPoint: -128 },
  Tanh: { type: 'int8', scale: 1 / 128, zeroPoint: 0 },
  LogSoftmax: { type: 'int8', scale: 16 / 256, zeroPoint: 127 },
};

export function prescribedGrid(node: Node | undefined, target: Target): CodeGrid | undefined {
  if (node === undefined || !isOnnx(node) || target.id !== 'tflite') return undefined;
  return TFLITE_GRIDS[node.opType];
}
