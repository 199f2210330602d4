/** Findings about integer layers: sums that saturate, and operators between them that stay in floats. */
import type { Target } from '../targets/types.ts';
import type { Look } from './examine.ts';
import { count, finding, percent } from './finding.ts';
import { floatIslands } from './islands.ts';
import { countPairs } from './saturation.ts';
import type { Finding } from './types.ts';

/** Where x86 CPUs without VNNI are among the machines; how sure it is that the model meets one. */
const SATURATES: Readonly<Partial<Record<Target['id'], Finding['severity']>>> = {
  'ort-cpu-x86': 'error',
  openvino: 'note',
};

export function canSaturate(target: Target['id']): boolean {
  return SATURATES[target] !== undefined;
}

export function saturationFindings({ view, ranges, places, target, calibration, checked }: Look): Finding[] {
  const severity = SATURATES[target.id];
  if (severity === undefined) return [];
  checked.push('Sums of two products that leave 16 bits, on x86 CPUs without VNNI');
  const layers = countPairs(view, ranges).filter(({ saturating }) => saturating > 0);
  if (layers.length === 0) return [];
  const worst = [...layers].sort((a, b) => b.saturating / b.pairs - a.saturating / a.pairs);
  const saturating = worst.reduce((sum, layer) => sum + layer.saturating, 0);
  const pairs = worst.reduce((sum, layer) => sum + layer.pairs, 0);
  const seen = worst.every((layer) => layer.seen);
  return [
    finding({
      hazard: 'saturation',
      severity,
      what: `${count(layers.length, 'layer')} can saturate: ${saturating.toLocaleString('en-US')} of ${count(pairs, 'pair')} of weights (${percent(saturating / pairs)}) add to more than 16 bits hold${seen ? ` with the largest activation seen on ${calibration?.samples.description ?? 'samples'}` : ' when both activations are at their largest'}.`,
      where: worst.map(({ node }) => places.of(node)),
      why: 'x86 CPUs without VNNI (most from before 2019) add two products in 16 bits and cut the sum off. The model then gives other answers there than where you tested it, without any message.',
      fix:
        target.id === 'openvino'
          ? 'If the model must run on such CPUs, make it for the target "onnxruntime, x86 CPU without VNNI", which uses 7 bits for weights.'
          : 'Apply the recipe again for this target: weights then use 7 bits, and no sum can saturate.',
      source: seen && calibration?.samples.origin === 'samples' ? 'measured' : 'counted',
    }),
  ];
}

export function islandFindings({ view, target, places, checked }: Look): Finding[] {
  if (target.activations === null) return [];
  checked.push('Operators in floats between integer layers');
  const islands = floatIslands(view, target);
  if (islands.length === 0) return [];
  const types = new Map<string, number>();
  for (const { opType } of islands) types.set(opType, (types.get(opType) ?? 0) + 1);
  const list = [...types]
    .sort((a, b) => b[1] - a[1])
    .map(([type, n]) => (n === 1 ? type : `${type} ×${n}`))
    .join(', ');
  return [
    finding({
      hazard: 'no-integer-kernel',
      severity: 'warning',
      what: `${count(islands.length, 'operator')} between integer layers ${islands.length === 1 ? 'has' : 'have'} no integer kernel on ${target.label}: ${list}.`,
      where: islands.map((node) => places.of(node)),
      why: 'Before each of them codes are turned into floats, and back behind it. This costs time that integer layers must first save, and rounds once more.',
      fix: 'Measure whether the variant is faster. If it is not, leave the layers around these operators in floats (step "quantize activations", mode float).',
      source: 'counted',
    }),
  ];
}
