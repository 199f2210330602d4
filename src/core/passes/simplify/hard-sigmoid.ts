/**
 * x · clip(x + a, 0, h) · c is how exporters without HardSwish write it (a = 3, h = 6, c = 1/6). It is
 * x · HardSigmoid(x; α = 1/h, β = a/h) · (c · h): one operator for two, and the last factor is often 1 and goes too.
 *
 * HardSigmoid(x) = max(0, min(1, α x + β)). Both forms round x + a or α x + β once; they differ by rounding only.
 * Source: ONNX operator HardSigmoid; Howard et al. 2019 (arXiv:1905.02244), section 5.2.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { floatTensor } from '../../onnx/shapes/values.ts';
import { readAffine } from './affine.ts';
import { boundsOf } from './noops.ts';
import { count, floatConstant, onlyReader, onnxOp, withChange, type Rewrite, type Work } from './work.ts';

/** From here on HardSigmoid has the definition used here. */
const HARD_SIGMOID_OPSET = 6;

interface Gate {
  readonly source: string;
  readonly add: Node;
  readonly shift: number;
  readonly high: number;
}

/** clip(x + a, 0, h) with nothing else reading x + a. */
function readGate(clip: Node | undefined, graph: GraphEditor, work: Work): Gate | undefined {
  if (clip === undefined || onnxOp(clip) !== 'Clip') return undefined;
  const bounds = boundsOf(clip, graph, work);
  const add = graph.producer(clip.inputs[0] ?? '');
  if (bounds?.low !== 0 || !Number.isFinite(bounds.high) || bounds.high <= 0 || add === undefined)
    return undefined;
  const affine = readAffine(add, graph, work);
  if (affine === undefined || 'reason' in affine || affine.scale !== undefined || affine.shift?.length !== 1)
    return undefined;
  if (onlyReader(graph, add.outputs[0] ?? '')?.node !== clip) return undefined;
  return { source: affine.source, add, shift: affine.shift[0] ?? 0, high: bounds.high };
}

/** Called on the last factor: Mul or Div by a constant. */
const gateAndScale: Rewrite = (node, graph, work) => {
  if (work.opset < HARD_SIGMOID_OPSET) return false;
  const scale = readAffine(node, graph, work);
  if (scale === undefined || 'reason' in scale || scale.scale === undefined || scale.shift !== undefined)
    return false;
  const product = graph.producer(scale.source);
  if (product === undefined || onnxOp(product) !== 'Mul' || onlyReader(graph, scale.source)?.node !== node)
    return false;
  for (const side of [0, 1]) {
    const clipped = product.inputs[side] ?? '';
    const clip = graph.producer(clipped);
    const gate = onlyReader(graph, clipped)?.node === product ? readGate(clip, graph, work) : undefined;
    const [constant] = scale.constants.map((name) => floatConstant(graph, name));
    if (clip === undefined || gate === undefined || constant === undefined) continue;
    if (product.inputs[1 - side] !== gate.source) continue;
    const factors = scale.scale.map((factor) => factor * gate.high);
    const name = graph.freshName(constant.name);
    graph.setInitializer(floatTensor(name, constant.type, constant.dims, nearOne(factors)));
    graph.replaceNode(node, withChange(node, { opType: 'Mul', inputs: [scale.source, name] }));
    becomeHardSigmoid(clip, gate, graph);
    count(work, 'hard sigmoids recognized');
    return true;
  }
  return false;
};

/** (1/6) · 6 may miss 1 by a rounding of the constant in the file, 2⁻²⁴; taken for 1, so that the factor goes. */
function nearOne(factors: Float64Array): Float64Array {
  return factors.map((factor) => (Math.abs(factor - 1) <= 2 ** -23 ? 1 : factor));
}

function becomeHardSigmoid(clip: Node, gate: Gate, graph: GraphEditor): void {
  graph.replaceNode(
    clip,
    withChange(clip, {
      opType: 'HardSigmoid',
      inputs: [gate.source],
      attributes: [
        { name: 'alpha', kind: 'float', value: Math.fround(1 / gate.high) },
        { name: 'beta', kind: 'float', value: Math.fround(gate.shift / gate.high) },
      ],
    }),
  );
  const add = graph.current(gate.add);
  if (add !== undefined) graph.removeNode(add);
}

export const HARD_SIGMOID_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = {
  Mul: [gateAndScale],
  Div: [gateAndScale],
};
