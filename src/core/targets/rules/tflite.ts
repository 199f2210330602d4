/**
 * The quantization specification of TensorFlow Lite, checked operator by operator on the QDQ file that a converter would
 * read. It must not know passes.
 * Source: LiteRT 8-bit quantization specification, https://ai.google.dev/edge/litert/models/quantization_spec
 */
import type { Node } from '../../onnx/ir.ts';
import { count } from './operators.ts';
import { nameOf } from './qdq-view.ts';
import type { QdqView, Quantized } from './qdq-view.ts';
import type { Breach } from './types.ts';

/** Scales are float32: a product of two may differ in the last bit, and in one more after a division. */
const SCALE_TOLERANCE = 4 * 2 ** -24;

const FIXED_OUTPUTS: Readonly<Record<string, { readonly scale: number; readonly zeroPoint: number }>> = {
  Softmax: { scale: 1 / 256, zeroPoint: -128 },
  Sigmoid: { scale: 1 / 256, zeroPoint: -128 },
  Tanh: { scale: 1 / 128, zeroPoint: 0 },
  LogSoftmax: { scale: 16 / 256, zeroPoint: 127 },
};

/** ONNX operators whose counterparts want the same parameters on all sides. GlobalAveragePool becomes MEAN, which does not. */
const SAME_PARAMETERS: ReadonlySet<string> = new Set([
  'AveragePool',
  'Concat',
  'MaxPool',
  'Reshape',
  'Flatten',
  'Resize',
  'SpaceToDepth',
  'Pad',
  'Gather',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Max',
  'Min',
  'Slice',
  'Split',
]);

/** Weighted operators and where their bias stands. */
const BIAS_INPUT: Readonly<Record<string, number>> = { Conv: 2, ConvTranspose: 2, Gemm: 2 };

export function tfliteBreaches(view: QdqView): Breach[] {
  const bias: string[] = [];
  const fixed: string[] = [];
  const same: string[] = [];
  for (const node of view.graph.nodes) {
    if (node.domain !== '' && node.domain !== 'ai.onnx') continue;
    if (breaksBias(node, view)) bias.push(nameOf(node));
    if (breaksFixedOutput(node, view)) fixed.push(nameOf(node));
    if (breaksSameParameters(node, view)) same.push(nameOf(node));
  }
  const breach = (rule: string, where: string[], what: string, why: string): Breach[] =>
    where.length === 0
      ? []
      : [
          {
            rule,
            kind: 'dialect',
            severity: 'error',
            what,
            where,
            why,
            fix: 'Apply the recipe again for this target.',
          },
        ];
  return [
    ...breach(
      'tflite-bias',
      bias,
      `${count(bias.length, 'layer')} with a bias that is no 32-bit integer with the scale input × weight.`,
      'The kernel adds the bias to a sum of products of codes, so that it must be counted in the same unit.',
    ),
    ...breach(
      'tflite-fixed-outputs',
      fixed,
      `${count(fixed.length, 'operator')} with another output scale than the specification fixes for Softmax, Sigmoid, Tanh or LogSoftmax.`,
      'These kernels use a table that is made for one output range.',
    ),
    ...breach(
      'tflite-same-parameters',
      same,
      `${count(same.length, 'operator')} with different scales or zero points at input and output, which only move values.`,
      'The kernel copies codes without looking at them; with other parameters the copied codes mean other values.',
    ),
  ];
}

function breaksBias(node: Node, view: QdqView): boolean {
  const at = BIAS_INPUT[node.opType] as number | undefined;
  if (at === undefined || (node.inputs.at(at) ?? '') === '') return false;
  const input = view.inputOf(node, 0);
  const weight = view.inputOf(node, 1);
  // A layer that is computed in floats has a bias in floats.
  if (input === undefined || input.codes !== undefined || weight?.codes === undefined) return false;
  const bias = view.inputOf(node, at);
  if (bias?.codes === undefined || bias.type !== 'int32') return true;
  if (bias.zeroPoints.some((z) => z !== 0)) return true;
  const channels = Math.max(bias.scales.length, weight.scales.length);
  for (let i = 0; i < channels; i++) {
    const wanted = input.scales[0] * scaleAt(weight, i);
    if (Math.abs(scaleAt(bias, i) - wanted) > SCALE_TOLERANCE * wanted) return true;
  }
  return false;
}

function scaleAt({ scales }: Quantized, channel: number): number {
  return scales.length === 1 ? scales[0] : scales[channel];
}

function breaksFixedOutput(node: Node, view: QdqView): boolean {
  const wanted = FIXED_OUTPUTS[node.opType] as { scale: number; zeroPoint: number } | undefined;
  const output = wanted === undefined ? undefined : view.outputOf(node);
  if (wanted === undefined || output === undefined) return false;
  return (
    Math.abs(output.scales[0] - wanted.scale) > SCALE_TOLERANCE * wanted.scale ||
    output.zeroPoints[0] !== wanted.zeroPoint
  );
}

function breaksSameParameters(node: Node, view: QdqView): boolean {
  if (!SAME_PARAMETERS.has(node.opType)) return false;
  const outputs = node.outputs.flatMap((_, i) => view.outputOf(node, i) ?? []);
  const inputs = node.inputs.flatMap((_, i) => view.inputOf(node, i) ?? []);
  if (outputs.length === 0 || inputs.length === 0) return false;
  const [first, ...rest] = [...inputs, ...outputs];
  return rest.some((other) => !sameParameters(first, other));
}

export function sameParameters(a: Quantized, b: Quantized): boolean {
  return (
    a.type === b.type &&
    a.scales.length === b.scales.length &&
    a.scales.every((scale, i) => scale === b.scales[i]) &&
    a.zeroPoints.every((zero, i) => zero === b.zeroPoints[i])
  );
}
