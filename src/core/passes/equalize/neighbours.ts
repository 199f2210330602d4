/**
 * Which linear layer follows another with nothing between that a positive factor per channel could not pass. It must
 * not change graphs.
 */
import { intAttribute } from '../../onnx/attributes.ts';
import { isOp } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import type { LinearLayer } from '../linear-layer.ts';

/** f(s·x) = s·f(x) for s > 0, element by element. */
const HOMOGENEOUS: ReadonlySet<string> = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Identity', 'Dropout']);
/** The same for each channel of an image. */
const POOLS: ReadonlySet<string> = new Set(['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool']);
/** One position is left of each channel. */
const GLOBAL: ReadonlySet<string> = new Set(['GlobalAveragePool', 'GlobalMaxPool']);

/** Operators between two layers; more is no neighbourhood. */
const MAX_BETWEEN = 8;

/** How the value between the layers is arranged: channels along axis 1, or along the last one. */
interface Arrangement {
  readonly image: boolean;
  readonly onePosition: boolean;
}

/**
 * @param memberOf the layer that an operator is, if its numbers may move
 * @returns the layer behind, or in words why there is none
 */
export function nextLinear<Member extends { readonly linear: LinearLayer }>(
  first: LinearLayer,
  graph: GraphEditor,
  memberOf: (node: Node) => Member | undefined,
): Member | string {
  let value = first.output;
  let at: Arrangement = { image: first.op === 'Conv', onePosition: false };
  for (let step = 0; step < MAX_BETWEEN; step++) {
    if (graph.isGraphOutput(value)) return 'its output is an output of the model';
    const uses = graph.uses(value);
    const [use] = uses;
    if (use === undefined || uses.length !== 1) return `its output is read ${uses.length} times`;
    if (use.scope !== graph) return 'its output is read in a subgraph';
    const { node } = use;
    if (use.input !== 0) return `${node.opType} reads its output beside another value`;
    const member = memberOf(node);
    if (member !== undefined) return fits(first, member, at);
    const next = through(node, at);
    if (next === undefined) return `${node.opType} does not let a factor through`;
    at = next;
    value = node.outputs[0] ?? '';
  }
  return 'too many operators before the next layer';
}

function fits<Member extends { readonly linear: LinearLayer }>(
  first: LinearLayer,
  member: Member,
  at: Arrangement,
): Member | string {
  const { linear } = member;
  if (linear.inputs !== first.outputs)
    return `the next layer has ${linear.inputs} inputs, not ${first.outputs}`;
  if (at.image !== (linear.op === 'Conv')) return 'the next layer reads another arrangement of its output';
  return member;
}

/** The arrangement behind an operator; undefined where it does not commute with a factor per channel. */
function through(node: Node, at: Arrangement): Arrangement | undefined {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return undefined;
  // A second output (indices, masks) could be read.
  if (node.outputs.filter((name) => name !== '').length !== 1) return undefined;
  if (HOMOGENEOUS.has(node.opType)) return at;
  if (!at.image) return undefined;
  if (POOLS.has(node.opType)) return { image: true, onePosition: at.onePosition || GLOBAL.has(node.opType) };
  // [N, C, H, W] to [N, C·H·W]: the number of inputs of the next layer tells whether H·W is 1.
  if (isOp(node, 'Flatten') && intAttribute(node, 'axis', 1) === 1)
    return { image: false, onePosition: true };
  const flattens = isOp(node, 'Reshape') || isOp(node, 'Squeeze');
  return flattens && at.onePosition ? { image: false, onePosition: true } : undefined;
}
