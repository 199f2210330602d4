/** `pare targets`: where a model may run, and what each place executes and refuses. */
import { TARGETS } from '../core/targets/registry.ts';
import type { Target } from '../core/targets/types.ts';
import type { Outcome } from './outcome.ts';
import { formatTable } from './table.ts';

export function listTargets(): Outcome {
  return {
    json: {
      targets: TARGETS.map((target) => ({ ...target, integerOps: [...target.integerOps] })),
    },
    text: [overview(), ...TARGETS.map(describe)].join('\n\n'),
  };
}

function overview(): string {
  return formatTable(
    [
      { title: 'Target' },
      { title: 'Where' },
      { title: 'Activations' },
      { title: 'Weight bits' },
      { title: 'Stored as' },
      { title: 'fp16' },
      { title: 'Operator sets', align: 'right' },
      { title: 'Speed' },
    ],
    TARGETS.map((target) => [
      target.id,
      target.label,
      activationText(target),
      weightText(target),
      target.weightForm,
      target.fp16,
      `${target.opset.min}–${target.opset.max}`,
      target.measurable ? 'measured here' : 'not measurable here',
    ]),
  );
}

function activationText({ activations }: Target): string {
  if (activations === null) return 'floats';
  return `${activations.type} ${activations.symmetric ? 'symmetric' : 'with zero point'}`;
}

function weightText({ weights }: Target): string {
  return [
    weights.bits.join(', '),
    ...(weights.reducedRange ? ['7 of 8 in integer layers'] : []),
    ...(weights.blocks ? ['blocks'] : []),
  ].join('; ');
}

function describe({ id, help, rules, refusals }: Target): string {
  const line = ({ text, source }: Target['rules'][number]): string => `  ${text}\n    ${source}`;
  return [
    `${id}: ${help}`,
    ...rules.map(line),
    ...Object.entries(refusals).map(([asked, rule]) => `  no ${asked}: ${rule.text}\n    ${rule.source}`),
  ].join('\n');
}
