/**
 * Folds y = s · x + t into the weight and bias of the operator before or after it.
 *
 * After:  s · (W x + b) + t = (s W) x + (s b + t).
 * Before: W (s · x + t) + b = (W s) x + (b + W t); with padding only when t = 0, because padded zeros are not shifted.
 *
 * Computed in float64, rounded once to the weight's type. A weight is changed only when every reader of it is folded
 * the same way; the value in between must have no other reader and must not be a graph output.
 * Source: Krishnamoorthi 2018 (arXiv:1806.08342), section 3.2.2; ONNX operators Conv, ConvTranspose, Gemm, MatMul.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Attribute, Node } from '../../onnx/ir.ts';
import { floatTensor } from '../../onnx/shapes/values.ts';
import { channelValue, readAffine, sameVector, type Affine } from './affine.ts';
import { overflows, readLinear, scaledWeight, shiftedBias, type Linear } from './linear.ts';
import {
  count,
  nodeBytes,
  onlyReader,
  onnxOp,
  ownerOf,
  skip,
  tensorFileBytes,
  withChange,
  type Rewrite,
  type Work,
} from './work.ts';

interface Fold {
  readonly linear: Linear;
  readonly affine: Affine;
  /** The node that goes. */
  readonly node: Node;
}

/** Axis as a position from the front, for a value of this rank. */
function position(axis: number, rank: number | undefined): number | undefined {
  return axis >= 0 ? axis : rank === undefined ? undefined : rank + axis;
}

/** s and t run along the operator's channels (or are one number for all). */
function alongChannels(affine: Affine, axis: number, channels: number): boolean {
  const length = Math.max(affine.scale?.length ?? 1, affine.shift?.length ?? 1);
  if (length === 1) return true;
  return length === channels && affine.axis !== undefined && affine.axis === position(axis, affine.rank);
}

/** The operator before `node`, when `node` can be folded into it. */
function foldAfter(node: Node, graph: GraphEditor, work: Work): Fold | { reason: string } | undefined {
  const affine = readAffine(node, graph, work);
  if (affine === undefined || 'reason' in affine) return affine;
  const linear = readLinear(graph.producer(affine.source), graph, work);
  if (linear === undefined) return undefined;
  if (onlyReader(graph, affine.source)?.node !== node)
    return { reason: 'the value before it is used elsewhere too' };
  if (!alongChannels(affine, linear.outputAxis, linear.outputs)) return undefined;
  if (!takesShift(linear, affine, work)) return undefined;
  if (linear.biasName !== undefined && linear.bias === undefined)
    return { reason: 'the bias before it is not constant' };
  if (linear.beta === 0 && linear.biasName !== undefined)
    return { reason: 'the bias before it is switched off' };
  return { linear, affine, node };
}

/** MatMul has no bias; where both operands are matrices it becomes a Gemm, which has one. */
function takesShift(linear: Linear, affine: Affine, work: Work): boolean {
  return linear.op !== 'MatMul' || affine.shift === undefined || (affine.rank === 2 && work.opset >= 7);
}

const intoOperatorBefore: Rewrite = (node, graph, work) => {
  const fold = foldAfter(node, graph, work);
  const named = onnxOp(node) === 'BatchNormalization';
  if (fold === undefined) return false;
  if ('reason' in fold) return named ? skip(work, node, fold.reason) : false;
  const shared = sharers(fold, graph, work);
  if ('reason' in shared) return skip(work, node, shared.reason);
  const biases = shared.members.map(biasAfter);
  const weight = newWeight(graph, fold.linear, 'output', fold.affine.scale, shared.copy);
  if (weight === undefined || shared.members.some(({ linear }, i) => biasOverflows(linear, biases[i]))) {
    return skip(work, node, 'the folded weight would overflow its type');
  }
  weight.store();
  shared.members.forEach((member, i) => {
    const output = member.node.outputs[0] ?? '';
    graph.removeNode(member.node);
    replaceByFolded(
      member.linear,
      [member.linear.node.inputs[0] ?? '', weight.name],
      biases[i],
      output,
      graph,
    );
    noteFold(member, work);
  });
  return true;
};

interface Sharers {
  readonly members: readonly Fold[];
  /** The weight stays for its other readers and the folded one gets a name of its own. */
  readonly copy: boolean;
}

/**
 * Everybody who reads the same weight must be folded by the same factors; else the weight could only be folded as a
 * copy, which pays when the copy is smaller than what goes.
 */
function sharers(fold: Fold, graph: GraphEditor, work: Work): Sharers | { reason: string } {
  const { name, tensor } = fold.linear.weight;
  if (fold.affine.scale === undefined) return { members: [fold], copy: false };
  const owner = ownerOf(graph, name);
  if (owner === undefined) return { reason: `weight \`${name}\` is not an initializer` };
  const uses = owner.uses(name);
  const given = owner.isGraphOutput(name);
  if (uses.length === 1 && !given) return { members: [fold], copy: false };
  const members: Fold[] = [];
  for (const use of uses) {
    const reader =
      use.scope === graph && use.input === 1 ? onlyReader(graph, use.node.outputs[0] ?? '') : undefined;
    const other = reader === undefined ? undefined : foldAfter(reader.node, graph, work);
    if (other === undefined || 'reason' in other || !sameFactors(fold, other)) break;
    members.push(other);
  }
  if (members.length === uses.length && !given) return { members, copy: false };
  if (tensorFileBytes(tensor) <= nodeBytes(fold.node)) return { members: [fold], copy: true };
  return { reason: `weight \`${name}\` is shared with other operators` };
}

function sameFactors(a: Fold, b: Fold): boolean {
  return (
    a.linear.op === b.linear.op &&
    a.linear.outputs === b.linear.outputs &&
    sameVector(a.affine.scale, b.affine.scale)
  );
}

/** s · b + t; with Gemm's own factor of the bias taken out again. */
function biasAfter({ linear, affine }: Fold): Float64Array | undefined {
  if (linear.bias === undefined && affine.shift === undefined) return undefined;
  const beta = linear.biasName === undefined ? 1 : linear.beta;
  return Float64Array.from({ length: linear.outputs }, (_, i) => {
    const scaled = channelValue(linear.bias, i, 0) * channelValue(affine.scale, i, 1);
    // + 0 turns −0 into 0, so that equal biases stay equal in their bytes.
    return scaled + channelValue(affine.shift, i, 0) / beta + 0;
  });
}

function biasOverflows(linear: Linear, bias: Float64Array | undefined): boolean {
  return bias !== undefined && overflows(linear.bias ?? [], bias, linear.weight.type);
}

interface NewWeight {
  readonly name: string;
  store(): void;
}

/**
 * The scaled weight, in its place or as a copy under a new name. Without a scale it is the old one. Undefined when a
 * value would overflow.
 */
function newWeight(
  graph: GraphEditor,
  linear: Linear,
  side: 'output' | 'input',
  scale: Float64Array | undefined,
  copy: boolean,
): NewWeight | undefined {
  const { name } = linear.weight;
  const owner = ownerOf(graph, name);
  if (scale === undefined || owner === undefined) return { name, store: () => undefined };
  const target = copy ? graph.freshName(name) : name;
  const tensor = scaledWeight(linear, side, scale, target);
  return tensor && { name: target, store: () => (copy ? graph : owner).setInitializer(tensor) };
}

/** The operator with its new inputs and bias, giving out `output`. */
function replaceByFolded(
  linear: Linear,
  inputs: readonly string[],
  bias: Float64Array | undefined,
  output: string,
  graph: GraphEditor,
): void {
  const current = graph.current(linear.node);
  if (current === undefined) return;
  const all = [...inputs];
  if (bias !== undefined) all.push(writeBias(graph, linear, bias));
  else if (linear.biasName !== undefined) all.push(linear.biasName);
  // A Gemm without a bias may carry a factor for it that must not meet the new one.
  const fresh = bias !== undefined && linear.biasName === undefined;
  const attributes: readonly Attribute[] = current.attributes.filter(
    (attr) => !fresh || attr.name !== 'beta',
  );
  const opType = linear.op === 'MatMul' && bias !== undefined ? 'Gemm' : linear.op;
  graph.replaceNode(current, withChange(current, { opType, inputs: all, outputs: [output], attributes }));
}

function writeBias(graph: GraphEditor, linear: Linear, bias: Float64Array): string {
  const old = linear.biasName;
  const owner = old === undefined ? undefined : ownerOf(graph, old);
  const alone =
    owner !== undefined && old !== undefined && owner.uses(old).length === 1 && !owner.isGraphOutput(old);
  const name = alone ? old : graph.freshName(`${linear.weight.name}_bias`);
  (alone ? owner : graph).setInitializer(floatTensor(name, linear.weight.type, [linear.outputs], bias));
  return name;
}

function noteFold(fold: Fold, work: Work): void {
  const normalizes = onnxOp(fold.node) === 'BatchNormalization';
  count(work, normalizes ? 'batch norms folded' : 'scales and shifts folded');
  const { name } = fold.linear.weight;
  const notes = work.ledger.folded.get(name) ?? new Set();
  work.ledger.folded.set(
    name,
    notes.add(normalizes ? 'batch normalization folded in' : 'scale or shift folded in'),
  );
}

/** y = s · x + t in front of an operator that multiplies by a weight. */
const intoOperatorAfter: Rewrite = (node, graph, work) => {
  const affine = readAffine(node, graph, work);
  if (affine === undefined || 'reason' in affine) return false;
  const reader = onlyReader(graph, node.outputs[0] ?? '');
  const linear = reader?.input === 0 ? readLinear(reader.node, graph, work) : undefined;
  if (linear === undefined || !alongChannels(affine, linear.inputAxis, linear.inputs)) return false;
  const named = onnxOp(node) === 'BatchNormalization';
  if (affine.shift !== undefined) {
    if (!linear.unpadded) {
      return named ? skip(work, node, 'the convolution after it reads padding, which is not shifted') : false;
    }
    if (!takesShift(linear, affine, work) || (linear.beta === 0 && linear.biasName !== undefined))
      return false;
    if (linear.biasName !== undefined && linear.bias === undefined) return false;
  }
  const owner = ownerOf(graph, linear.weight.name);
  const alone = owner?.uses(linear.weight.name).length === 1 && !owner.isGraphOutput(linear.weight.name);
  if (owner === undefined || (affine.scale !== undefined && !alone)) {
    return named
      ? skip(work, node, `weight \`${linear.weight.name}\` is shared with other operators`)
      : false;
  }
  const bias = biasBefore(linear, affine);
  const weight = newWeight(graph, linear, 'input', affine.scale, false);
  if (weight === undefined || biasOverflows(linear, bias)) {
    return skip(work, node, 'the folded weight would overflow its type');
  }
  weight.store();
  graph.removeNode(node);
  replaceByFolded(linear, [affine.source, weight.name], bias, linear.node.outputs[0] ?? '', graph);
  noteFold({ linear, affine, node }, work);
  return true;
};

function biasBefore(linear: Linear, affine: Affine): Float64Array | undefined {
  if (affine.shift === undefined) return undefined;
  const beta = linear.biasName === undefined ? 1 : linear.beta;
  return shiftedBias(linear, affine.shift).map(
    (sum, i) => channelValue(linear.bias, i, 0) + (linear.alpha * sum) / beta,
  );
}

const BOTH = [intoOperatorBefore, intoOperatorAfter];
export const LINEAR_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = {
  BatchNormalization: BOTH,
  Mul: BOTH,
  Div: BOTH,
  Add: BOTH,
  Sub: BOTH,
  Neg: BOTH,
};
