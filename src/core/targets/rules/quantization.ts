/**
 * What the tables of a target say about scales, zero points and codes, checked on a written file: the same code for
 * every target that takes QuantizeLinear and DequantizeLinear. It must not know a particular target.
 */
import { isOp, opsetOf } from '../../onnx/build.ts';
import type { Model, Node } from '../../onnx/ir.ts';
import { weightUse } from '../../onnx/weight-slots.ts';
import type { Target } from '../types.ts';
import { count } from './operators.ts';
import { codesOf, nameOf } from './qdq-view.ts';
import type { QdqView, Quantized } from './qdq-view.ts';
import type { Breach } from './types.ts';

/** Scales per channel came with version 13. */
const PER_AXIS_OPSET = 13;
const REDUCED = { low: -64, high: 63 };

interface Problem {
  readonly rule: string;
  readonly kind: Breach['kind'];
  readonly what: (n: string) => string;
  readonly why: string;
  readonly fix: string;
}

/** Gathers the places of each problem, so that one sentence speaks for all of them. */
class Gathered {
  readonly #places = new Map<Problem, string[]>();

  add(problem: Problem, node: Node): void {
    const known = this.#places.get(problem);
    if (known === undefined) this.#places.set(problem, [nameOf(node)]);
    else known.push(nameOf(node));
  }

  breaches(noun: string): Breach[] {
    return [...this.#places].map(([{ rule, kind, what, why, fix }, where]) => ({
      rule,
      kind,
      severity: 'error',
      what: what(count(where.length, noun)),
      where,
      why,
      fix,
    }));
  }
}

const AGAIN = 'Apply the recipe again for this target.';

export function quantizationBreaches(model: Model, view: QdqView, target: Target): Breach[] {
  return [
    ...activationBreaches(view, target),
    ...weightBreaches(view, target),
    ...perAxisBreaches(model, view),
  ];
}

function activationBreaches(view: QdqView, target: Target): Breach[] {
  const quantize = view.graph.nodes.filter((node) => isOp(node, 'QuantizeLinear'));
  if (target.activations === null) {
    const refusal = target.refusals['int8-activations'];
    if (quantize.length === 0 || refusal === undefined) return [];
    return [
      {
        rule: refusal.id,
        kind: 'operator',
        severity: 'error',
        what: `The file quantizes ${count(quantize.length, 'activation')}, which ${target.label} does not take.`,
        where: quantize.map(nameOf),
        why: refusal.text,
        fix: 'Leave activations in floats for this target: remove the step "quantize activations".',
      },
    ];
  }
  const { type, symmetric } = target.activations;
  const wrongType: Problem = {
    rule: 'activation-type',
    kind: 'dialect',
    what: (n) => `${n} of activations not of type ${type}.`,
    why: `${target.label} has its fast kernels for ${type} activations; others are refused or run slowly.`,
    fix: AGAIN,
  };
  const zeroPoint: Problem = {
    rule: 'activation-zero-point',
    kind: 'dialect',
    what: (n) => `${n} of activations with a zero point.`,
    why: `${target.label} quantizes symmetrically around 0 and refuses every other zero point.`,
    fix: AGAIN,
  };
  const perChannel: Problem = {
    rule: 'activation-granularity',
    kind: 'dialect',
    what: (n) => `${n} of activations with more than one scale.`,
    why: 'Integer kernels take one scale for a whole activation.',
    fix: AGAIN,
  };
  const found = new Gathered();
  for (const node of quantize) {
    const quantized = view.quantizationOf(node);
    if (quantized === undefined || view.constants.has(node.inputs[0])) continue;
    if (quantized.type !== type) found.add(wrongType, node);
    const wanted = quantized.type === 'uint8' ? 128 : 0;
    if (symmetric && quantized.zeroPoints.some((z) => z !== wanted)) found.add(zeroPoint, node);
    if (!quantized.perTensor) found.add(perChannel, node);
  }
  return found.breaches('quantization');
}

function weightBreaches(view: QdqView, target: Target): Breach[] {
  const problems = weightProblems(target);
  const found = new Gathered();
  const seen = new Set<Quantized>();
  for (const node of view.graph.nodes) {
    for (const input of node.inputs.keys()) {
      const weight = view.inputOf(node, input);
      if (weight?.codes === undefined || seen.has(weight)) continue;
      const use = weightUse(node, input, weight.codes.dims);
      if (use === undefined) continue;
      seen.add(weight);
      for (const problem of brokenBy(weight, use.axis, view.inputOf(node, 0), target, problems)) {
        found.add(problem, weight.node);
      }
    }
  }
  return found.breaches('weight');
}

type WeightProblem = 'zeroPoint' | 'type' | 'blocks' | 'evenBlocks' | 'axis' | 'reduced' | 'low';

function weightProblems(target: Target): Readonly<Record<WeightProblem, Problem>> {
  const { label } = target;
  return {
    zeroPoint: {
      rule: target.refusals['zero-points']?.id ?? 'weight-zero-point',
      kind: 'dialect',
      what: (n) => `${n} with a zero point other than 0.`,
      why: target.refusals['zero-points']?.text ?? `${label} wants symmetric weights.`,
      fix: 'Make the weights symmetric in the step "quantize weights".',
    },
    type: {
      rule: 'weight-type',
      kind: 'dialect',
      what: (n) => `${n} of a type that ${label} does not take.`,
      why: `Its weights have ${target.weights.bits.join(', ')} bits and, for integer kernels, signed codes.`,
      fix: AGAIN,
    },
    blocks: {
      rule: target.refusals['blocks']?.id ?? 'weight-blocks',
      kind: 'dialect',
      what: (n) => `${n} with one scale a block.`,
      why: target.refusals['blocks']?.text ?? `${label} does not read blocks.`,
      fix: 'Choose the granularity "per channel" in the step "quantize weights".',
    },
    evenBlocks: {
      rule: 'weight-even-blocks',
      kind: 'dialect',
      what: (n) => `${n} whose last block is shorter than the others.`,
      why: `${label} spreads scales evenly over a channel and refuses a block that does not fit.`,
      fix: AGAIN,
    },
    axis: {
      rule: 'weight-axis',
      kind: 'dialect',
      what: (n) => `${n} with scales along another axis than that of the output channels.`,
      why: 'A kernel multiplies with the scale once a channel, after it has added up; along another axis it would have to stay in floats.',
      fix: AGAIN,
    },
    reduced: {
      rule: 'weight-reduced-range',
      kind: 'dialect',
      what: (n) => `${n} with codes beyond ${REDUCED.low}…${REDUCED.high}.`,
      why: 'Without VNNI pairs of products are added in 16 bits; larger codes can make the sum saturate, and the output wrong.',
      fix: AGAIN,
    },
    low: {
      rule: 'weight-range',
      kind: 'dialect',
      what: (n) => `${n} with the code −128.`,
      why: `Codes of weights go from −127 to 127 there, so that the range is the same on both sides.`,
      fix: AGAIN,
    },
  };
}

/** Targets whose specification leaves −128 out. */
const SYMMETRIC_CODES: ReadonlySet<string> = new Set(['tflite', 'tensorrt', 'openvino']);

function brokenBy(
  weight: Quantized,
  channelAxis: number | undefined,
  activation: Quantized | undefined,
  target: Target,
  problems: Readonly<Record<WeightProblem, Problem>>,
): Problem[] {
  const { weights } = target;
  const found: Problem[] = [];
  const bits = bitsOfCodes(weight);
  const inIntegerLayer = activation !== undefined && activation.codes === undefined;
  if (bits === undefined || !weights.bits.includes(bits)) found.push(problems.type);
  const zero = weight.type.startsWith('u') && !weights.asymmetric ? undefined : 0;
  if (!weights.asymmetric && weight.zeroPoints.some((z) => z !== zero)) found.push(problems.zeroPoint);
  if (weight.blockSize > 0 && !weights.blocks) found.push(problems.blocks);
  const dims = weight.codes?.dims ?? [];
  const axis = weight.axis < 0 ? weight.axis + dims.length : weight.axis;
  const isUneven = weight.blockSize > 0 && (dims.at(axis) ?? 0) % weight.blockSize !== 0;
  if (isUneven && weights.evenBlocks === true) found.push(problems.evenBlocks);
  const alongChannels = weight.perTensor || weight.blockSize > 0 || axis === channelAxis;
  if (!alongChannels && inIntegerLayer) found.push(problems.axis);
  if (bits !== 8 || weight.codes === undefined) return found;
  const codes = codesOf(weight.codes);
  if (codes === undefined || weight.type !== 'int8') return found;
  if (weights.reducedRange && inIntegerLayer && !within(codes, REDUCED.low, REDUCED.high)) {
    found.push(problems.reduced);
  }
  if (SYMMETRIC_CODES.has(target.id) && !within(codes, -127, 127)) found.push(problems.low);
  return found;
}

function bitsOfCodes({ type }: Quantized): number | undefined {
  const digits = /^u?int(\d+)$/.exec(type)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function within(codes: ArrayLike<number>, low: number, high: number): boolean {
  for (let i = 0; i < codes.length; i++) if (codes[i] < low || codes[i] > high) return false;
  return true;
}

function perAxisBreaches(model: Model, view: QdqView): Breach[] {
  const version = opsetOf(model);
  if (version === 0 || version >= PER_AXIS_OPSET) return [];
  const where = view.graph.nodes
    .filter((node) => isOp(node, 'DequantizeLinear') || isOp(node, 'QuantizeLinear'))
    .filter((node) => (view.quantizationOf(node)?.scales.length ?? 1) > 1)
    .map(nameOf);
  if (where.length === 0) return [];
  return [
    {
      rule: 'per-axis-opset',
      kind: 'per-channel-opset',
      severity: 'error',
      what: `${count(where.length, 'weight')} with one scale a channel in operator set ${version}; scales per channel came with ${PER_AXIS_OPSET}.`,
      where,
      why: 'Runtimes read one scale only in this version and refuse the file, or decode every channel with the first scale.',
      fix: 'Choose the granularity "per tensor", or export the model with operator set 13 or newer.',
    },
  ];
}
