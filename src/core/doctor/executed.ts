/** Findings from a profile of the written file: layers that were meant for integer kernels and ran in floats. */
import { executedLayers as executedKernels, stayedFloat } from '../profile/executed.ts';
import type { ProfileResult } from '../profile/types.ts';
import { isIntegerLayer } from '../targets/rules/qdq-view.ts';
import type { Look } from './examine.ts';
import { count, finding } from './finding.ts';
import type { Finding } from './types.ts';

interface Executed {
  readonly integer: readonly string[];
  readonly float: readonly string[];
  /** The profile does not name them. */
  readonly unknown: readonly string[];
}

/** What became of the layers that stand between codes in the file. */
export function executedLayers(
  { view, places }: Pick<Look, 'view' | 'places'>,
  profile: ProfileResult,
): Executed {
  const asked = new Set(
    view.graph.nodes.filter((node) => isIntegerLayer(node, view)).map((node) => places.of(node)),
  );
  const ran = executedKernels(profile.nodes);
  const kind = (layer: string): keyof Executed => {
    const kernel = ran.get(layer);
    return kernel === undefined ? 'unknown' : kernel.integer ? 'integer' : 'float';
  };
  const of = (wanted: keyof Executed): string[] => [...asked].filter((layer) => kind(layer) === wanted);
  return { integer: of('integer'), float: of('float'), unknown: of('unknown') };
}

export function executedFindings(look: Look): Finding[] {
  const { profile, target, view, checked, notChecked } = look;
  if (target.activations === null || !view.graph.nodes.some((node) => node.opType === 'QuantizeLinear')) {
    return [];
  }
  const what = 'Which layers really run in integer kernels';
  if (profile === undefined) {
    notChecked.push({
      what,
      reason: target.measurable
        ? 'The variant was not profiled yet.'
        : `${target.label} does not run here: its own profiler shows it.`,
    });
    return [];
  }
  const { integer, float, unknown } = executedLayers(look, profile);
  const [first] = stayedFloat(float, executedKernels(profile.nodes));
  const asked = integer.length + float.length + unknown.length;
  if (unknown.length > 0) {
    notChecked.push({
      what: `Whether ${count(unknown.length, 'layer')} of ${asked} ran in integer kernels`,
      reason: `The profile does not name ${unknown.length === 1 ? 'it' : 'them'}: ${unknown.slice(0, 4).join(', ')}.`,
    });
  }
  checked.push(what);
  if (float.length === 0) return [];
  return [
    finding({
      hazard: 'stayed-float',
      severity: 'warning',
      what: `${count(float.length, 'layer')} of ${asked} ${float.length === 1 ? 'was' : 'were'} quantized but ran in floats.`,
      where: float,
      why: `The runtime did not fuse the codes around it into an integer kernel (${first.layer}: ${first.why}). Such a layer pays for turning values into codes and back and gets nothing for it: it is slower than before.`,
      fix: 'Leave these layers in floats (step "quantize activations", mode float).',
      source: 'measured',
    }),
  ];
}
