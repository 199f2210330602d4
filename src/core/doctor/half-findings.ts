/** Findings about 16-bit floats: weights and activations that do not fit. */
import type { Tensor } from '../onnx/ir.ts';
import type { Look } from './examine.ts';
import { count, figure, finding } from './finding.ts';
import { HALF_MAX, HALF_NORMAL, computesInHalf, floatsBehindHalf, halfLoss, reach } from './half.ts';
import type { Finding } from './types.ts';

/** Other samples than these may reach twice as far. */
const NEAR = HALF_MAX / 2;

export function halfFindings(look: Look): Finding[] {
  return [...weightFindings(look), ...activationFindings(look)];
}

interface Loss {
  readonly where: string;
  readonly count: number;
  readonly largest: number;
}

function weightFindings({ original, written, logical, places, checked, notChecked }: Look): Finding[] {
  const before = new Map<string, Tensor>((original?.graph.initializers ?? []).map((t) => [t.name, t]));
  const halves: { id: string; floats: Float32Array }[] = [];
  let unknown = 0;
  const tensors =
    logical === undefined
      ? written.graph.initializers.map((tensor) => ({ id: tensor.name, tensor }))
      : places.layers;
  for (const { id, tensor } of tensors) {
    const floats = floatsBehindHalf(tensor, before);
    if (floats !== undefined) halves.push({ id, floats });
    // A model that came in halves has lost already what there was to lose.
    else if (tensor.dataType === 'float16' && (original === undefined || logical !== undefined)) unknown++;
  }
  if (unknown > 0) {
    notChecked.push({
      what: `What ${count(unknown, 'weight')} lost in 16-bit floats`,
      reason:
        original === undefined
          ? 'The original model was not given.'
          : 'They were halves before, or the step that computes in halves made them: its report counts what was lost.',
    });
  }
  if (halves.length === 0) return [];
  checked.push('Weights in 16-bit floats: values that are too large or too small');
  const overflow: Loss[] = [];
  const flushed: Loss[] = [];
  for (const { id, floats } of halves) {
    const loss = halfLoss(floats);
    if (loss.overflowing > 0) overflow.push({ where: id, count: loss.overflowing, largest: loss.largest });
    if (loss.flushed > 0) flushed.push({ where: id, count: loss.flushed, largest: loss.largest });
  }
  return [...overflowFinding(overflow), ...flushFinding(flushed)];
}

const total = (losses: readonly Loss[]): number => losses.reduce((sum, loss) => sum + loss.count, 0);

function overflowFinding(losses: readonly Loss[]): Finding[] {
  if (losses.length === 0) return [];
  const n = total(losses);
  const largest = Math.max(...losses.map((loss) => loss.largest));
  return [
    finding({
      hazard: 'fp16-overflow',
      severity: 'error',
      what: `${count(n, 'weight')} ${n === 1 ? 'is' : 'are'} beyond ±65,504, the largest 16-bit float (up to ${figure(largest)}).`,
      where: losses.map(({ where }) => where),
      why: 'They are cut off or become infinite, and everything computed from them is wrong.',
      fix: 'Keep these layers in 32-bit floats, or in 8-bit integers, which have a scale of their own.',
      source: 'counted',
    }),
  ];
}

function flushFinding(losses: readonly Loss[]): Finding[] {
  if (losses.length === 0) return [];
  const n = total(losses);
  return [
    finding({
      hazard: 'fp16-flush',
      severity: 'note',
      what: `${count(n, 'weight')} below 3·10⁻⁸ became 0 in 16-bit floats.`,
      where: losses.map(({ where }) => where),
      why: 'Values this small rarely matter beside larger ones of the same layer, but a layer that is small as a whole would be lost.',
      fix: 'Compare the accuracy; if it fell, keep these layers in 32-bit floats.',
      source: 'counted',
    }),
  ];
}

function activationFindings({ written, ranges, calibration, checked }: Look): Finding[] {
  if (!computesInHalf(written) || ranges.size === 0) return [];
  checked.push('Activations in 16-bit floats: values that are too large or too small');
  const sized = [...ranges].map(([name, range]) => ({ name, reach: reach(range) }));
  const seen = calibration?.samples.description ?? 'samples';
  const beyond = sized.filter((value) => value.reach > HALF_MAX);
  const near = sized.filter((value) => value.reach > NEAR && value.reach <= HALF_MAX);
  const small = sized.filter((value) => value.reach > 0 && value.reach < HALF_NORMAL);
  const largest = Math.max(0, ...sized.map((value) => value.reach));
  const names = (values: readonly { readonly name: string }[]): string[] => values.map(({ name }) => name);
  return [
    ...(beyond.length === 0
      ? []
      : [
          finding({
            hazard: 'fp16-overflow' as const,
            severity: 'error' as const,
            what: `${count(beyond.length, 'value')} inside the model ${beyond.length === 1 ? 'gets' : 'get'} larger than 65,504 on ${seen} (up to ${figure(largest)}).`,
            where: names(beyond),
            why: 'A 16-bit float cannot hold them: they become infinite, and soon every output is NaN.',
            fix: 'Let the operators that give these values compute in 32-bit floats; the step "convert to half" has a list of operators that stay.',
            source: 'measured' as const,
          }),
        ]),
    ...(near.length === 0
      ? []
      : [
          finding({
            hazard: 'fp16-overflow' as const,
            severity: 'warning' as const,
            what: `${count(near.length, 'value')} inside the model ${near.length === 1 ? 'gets' : 'get'} within a factor of two of the largest 16-bit float on ${seen}.`,
            where: names(near),
            why: 'Another input than those could go beyond it, and the output would be infinite or NaN.',
            fix: 'Calibrate with more samples, or let these operators compute in 32-bit floats.',
            source: 'measured' as const,
          }),
        ]),
    ...(small.length === 0
      ? []
      : [
          finding({
            hazard: 'fp16-flush' as const,
            severity: 'warning' as const,
            what: `${count(small.length, 'value')} inside the model never ${small.length === 1 ? 'gets' : 'get'} larger than 6·10⁻⁵ on ${seen}.`,
            where: names(small),
            why: '16-bit floats have fewer and fewer digits there and end at 6·10⁻⁸: what is computed from them is coarse or 0.',
            fix: 'Let these operators compute in 32-bit floats.',
            source: 'measured' as const,
          }),
        ]),
  ];
}
