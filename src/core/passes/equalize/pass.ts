/**
 * Pass equalize: cross-layer equalization. Between two linear layers with nothing but positively homogeneous operators
 * between them, channel c of the first is divided by s_c and the matching inputs of the second are multiplied by it, which
 * leaves the outputs as they are. s_c = √(r1_c / r2_c), r the largest magnitudes, makes both ranges equal; here it is
 * rounded to a power of two, so that every product is exact in floating point. It must not know quantizers.
 *
 * ReLU, leaky ReLU, PReLU and pooling commute with a positive factor; Relu6 and other clips do not, and are refused.
 * Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721.
 */
import { floatTensor } from '../../onnx/build.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Tensor } from '../../onnx/ir.ts';
import { listWeights, readWeight, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { linearLayer } from '../linear-layer.ts';
import type { LinearLayer } from '../linear-layer.ts';
import type { LayerChange, Pass, SkippedLayer } from '../types.ts';
import { equalizeMeta } from './meta.ts';
import { nextLinear } from './neighbours.ts';

/** Chains of any length settle in a few rounds; each round only ever narrows the ranges. */
const MAX_ROUNDS = 20;

/** Beyond 2^±40 a factor would say that a channel is dead, not that it is badly scaled. */
const MAX_EXPONENT = 40;

interface Member {
  readonly linear: LinearLayer;
  readonly weights: Float32Array;
  readonly bias: Float32Array | undefined;
}

interface Pair {
  readonly first: Member;
  readonly second: Member;
}

export const equalizePass: Pass = {
  meta: equalizeMeta,
  async run(model, _params, _layers, context) {
    const draft = openDraft(model);
    const { main } = draft;
    const skipped: SkippedLayer[] = [];
    const members = new Map<string, Member>();
    for (const layer of listWeights(model, draft)) {
      const member = memberOf(layer, main);
      if (typeof member === 'string') skipped.push({ layer: layer.id, reason: member });
      else members.set(member.linear.node.outputs[0] ?? '', member);
    }
    const pairs = pairsOf(members, main, skipped);
    const factors = new Map<Member, number>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let moved = 0;
      for (const [i, pair] of pairs.entries()) {
        const { label } = pair.first.linear.layer;
        await context.checkpoint((round + i / pairs.length) / MAX_ROUNDS, `equalizing ${label}`);
        moved += equalizePair(pair, factors);
      }
      if (moved === 0) break;
    }
    const changed: LayerChange[] = [];
    for (const [member, largest] of factors) {
      write(main, member);
      changed.push({ layer: member.linear.layer.id, note: `channels scaled by up to 2^${largest}` });
    }
    return {
      model: changed.length === 0 ? model : draft.finish(),
      changed,
      skipped,
      facts: { 'pairs of layers': pairs.length, 'layers rescaled': changed.length },
    };
  },
};

/** A layer whose numbers may move; a sentence where they may not. */
function memberOf(layer: WeightLayer, main: GraphEditor): Member | string {
  if (layer.frozen !== undefined) return layer.frozen;
  const { tensor } = layer;
  if (tensor.data.kind === 'encoded') return 'it is encoded already: equalize comes before';
  if (tensor.dataType !== 'float32') return `${tensor.dataType} weights are not rescaled`;
  const linear = linearLayer(layer, main);
  if (typeof linear === 'string') return linear;
  const weights = readWeight(tensor);
  if (weights === undefined) return 'its values do not fit its shape';
  if (linear.bias === undefined || linear.bias === '') {
    return { linear, weights: weights.slice(), bias: undefined };
  }
  const constant = main.constant(linear.bias);
  const bias = constant?.dataType === 'float32' ? readWeight(constant) : undefined;
  const shape = constant?.dims.filter((d) => d !== 1) ?? [];
  if (bias?.length !== linear.outputs || shape.length > 1) return 'its bias is not one constant a channel';
  return { linear, weights: weights.slice(), bias: bias.slice() };
}

function pairsOf(members: ReadonlyMap<string, Member>, main: GraphEditor, skipped: SkippedLayer[]): Pair[] {
  const byNode = new Map([...members.values()].map((member) => [member.linear.node, member]));
  const pairs: Pair[] = [];
  for (const first of members.values()) {
    const next = nextLinear(first.linear, main, (node) => byNode.get(node));
    if (typeof next === 'string') skipped.push({ layer: first.linear.layer.id, reason: next });
    else pairs.push({ first, second: next });
  }
  return pairs;
}

/** Returns how many channels were moved. */
function equalizePair({ first, second }: Pair, factors: Map<Member, number>): number {
  const channels = first.linear.outputs;
  const out = largest(first.weights, first.linear.outputOf, channels);
  const into = largest(second.weights, second.linear.inputOf, channels);
  const exponents = new Int32Array(channels);
  let moved = 0;
  for (let c = 0; c < channels; c++) {
    if (!(out[c] > 0) || !(into[c] > 0) || !Number.isFinite(out[c]) || !Number.isFinite(into[c])) continue;
    const exponent = Math.round(Math.log2(out[c] / into[c]) / 2);
    exponents[c] = Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent));
    if (exponents[c] !== 0) moved++;
  }
  if (moved === 0) return 0;
  const most = exponents.reduce((a, e) => Math.max(a, Math.abs(e)), 0);
  scale(first.weights, first.linear.outputOf, exponents, -1);
  if (first.bias !== undefined) scale(first.bias, (i) => i, exponents, -1);
  scale(second.weights, second.linear.inputOf, exponents, 1);
  for (const member of [first, second]) factors.set(member, Math.max(factors.get(member) ?? 0, most));
  return moved;
}

function largest(values: Float32Array, channelOf: (i: number) => number, channels: number): Float64Array {
  const found = new Float64Array(channels);
  for (let i = 0; i < values.length; i++) {
    const c = channelOf(i);
    found[c] = Math.max(found[c], Math.abs(values[i]));
  }
  return found;
}

function scale(
  values: Float32Array,
  channelOf: (i: number) => number,
  exponents: Int32Array,
  sign: 1 | -1,
): void {
  for (let i = 0; i < values.length; i++) values[i] *= 2 ** (sign * exponents[channelOf(i)]);
}

function write(main: GraphEditor, { linear, weights, bias }: Member): void {
  const { layer, node } = linear;
  replaceWeight(main, layer, floats(layer.tensor, weights));
  if (bias === undefined || linear.bias === undefined) return;
  const old = main.constant(linear.bias);
  if (old === undefined) throw new Error(`the bias ${linear.bias} is gone`);
  const current = main.current(node);
  if (current === undefined) throw new Error(`the operator of ${layer.id} is gone`);
  // Others may read the same bias.
  const name = main.freshName(`${linear.bias}_equalized`);
  main.setInitializer({ ...floats(old, bias), name });
  main.replaceNode(current, { ...current, inputs: current.inputs.with(2, name) });
  if (main.uses(linear.bias).length === 0 && main.initializers.has(linear.bias)) {
    main.removeInitializer(linear.bias);
    main.removeInput(linear.bias);
  }
}

function floats(like: Tensor, values: Float32Array): Tensor {
  return { ...floatTensor(like.name, like.dims, values), docString: like.docString };
}
