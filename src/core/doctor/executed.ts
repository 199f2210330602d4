/** Findings from a profile of the written file: layers that were meant for integer kernels and ran in floats. */
import type { Look } from './examine.ts';
import { count, finding } from './finding.ts';
import type { Finding } from './types.ts';

/** What a runtime's own profile shows of each layer that stands between QuantizeLinear and DequantizeLinear. */
export interface Executed {
  readonly layers: readonly {
    readonly layer: string;
    readonly ran: 'integer' | 'float' | 'unknown';
    readonly reason?: string;
  }[];
}

export function executedFindings({ executed, target, view, checked, notChecked }: Look): Finding[] {
  if (target.activations === null || !view.graph.nodes.some((node) => node.opType === 'QuantizeLinear')) {
    return [];
  }
  const what = 'Which layers really run in integer kernels';
  if (executed === undefined) {
    notChecked.push({
      what,
      reason: target.measurable
        ? 'The variant was not profiled yet.'
        : `${target.label} does not run here: its own profiler shows it.`,
    });
    return [];
  }
  checked.push(what);
  const stayed = executed.layers.filter(({ ran }) => ran === 'float');
  if (stayed.length === 0) return [];
  const reasons = [...new Set(stayed.flatMap(({ reason }) => reason ?? []))];
  return [
    finding({
      hazard: 'stayed-float',
      severity: 'warning',
      what: `${count(stayed.length, 'layer')} of ${executed.layers.length} ${stayed.length === 1 ? 'was' : 'were'} quantized but ran in floats${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}.`,
      where: stayed.map(({ layer }) => layer),
      why: 'Such a layer pays for turning values into codes and back and gets nothing for it: it is slower than before.',
      fix: 'Leave these layers in floats (step "quantize activations", mode float).',
      source: 'measured',
    }),
  ];
}
