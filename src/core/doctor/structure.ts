/** Findings about the graph around the numbers: shared weights, free sizes, and what calibration stands on. */
import { isOp } from '../onnx/build.ts';
import type { Dimension, ValueInfo } from '../onnx/ir.ts';
import type { Look } from './examine.ts';
import { count, finding } from './finding.ts';
import type { Finding } from './types.ts';

export function tiedFindings({ places, logical, checked }: Look): Finding[] {
  checked.push('Weights that several operators share');
  const tied = places.layers.filter(
    ({ consumers, tensor }) =>
      consumers.length > 1 && (logical === undefined ? false : tensor.data.kind === 'encoded'),
  );
  if (tied.length === 0) return [];
  return [
    finding({
      hazard: 'tied-weights',
      severity: 'note',
      what: `${count(tied.length, 'compressed weight')} ${tied.length === 1 ? 'is' : 'are'} read by more than one operator.`,
      where: tied.map(({ id }) => id),
      why: 'What helps one of these operators may hurt another: they share codes and scales, so that precision can only be chosen for all of them.',
      fix: 'Nothing has to be done. If accuracy falls, try a higher precision for these weights first.',
      source: 'counted',
    }),
  ];
}

/** Free sizes beside the number of samples: ranges were found at one size only. */
export function shapeFindings({ original, written, view, target, checked }: Look): Finding[] {
  checked.push('Input sizes that are not fixed');
  const quantizes = view.graph.nodes.some((node) => isOp(node, 'QuantizeLinear'));
  // WebNN has a rule of its own about every free size.
  if (!quantizes || target.id === 'webnn') return [];
  const { graph } = original ?? written;
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const free = graph.inputs.filter((input) => !constants.has(input.name) && isFree(input));
  if (free.length === 0) return [];
  const sizes = free.map(({ name, type }) => `${name} [${(type?.shape ?? []).map(sizeText).join(', ')}]`);
  return [
    finding({
      hazard: 'dynamic-shape',
      severity: 'warning',
      what: `${count(free.length, 'input')} with free sizes: ${sizes.join('; ')}. Ranges of activations were found at the sizes of the samples.`,
      where: free.map(({ name }) => name),
      why: 'At other sizes averages and sums inside the model can leave these ranges and are then cut off.',
      fix: 'Calibrate with samples of the sizes that will be used, and measure accuracy at these.',
      source: 'counted',
    }),
  ];
}

/** The first size counts samples; any other that is not a number, or an unknown rank, is free. */
function isFree({ type }: ValueInfo): boolean {
  if (type?.shape === undefined) return true;
  return type.shape.slice(1).some((dim) => typeof dim !== 'number' || dim < 0);
}

function sizeText(dim: Dimension): string {
  return typeof dim === 'string' ? dim : dim === null || dim < 0 ? '?' : String(dim);
}

export function madeUpFindings({ calibratedOn, view, checked, notChecked }: Look): Finding[] {
  const quantizes = view.graph.nodes.some((node) => isOp(node, 'QuantizeLinear'));
  if (!quantizes) return [];
  if (calibratedOn === undefined) {
    notChecked.push({
      what: 'Whether activation ranges rest on real samples',
      reason: 'The file does not say what it was calibrated with.',
    });
    return [];
  }
  checked.push('What activation ranges rest on');
  if (calibratedOn.origin === 'samples') return [];
  return [
    finding({
      hazard: 'made-up-inputs',
      severity: 'warning',
      what: `Ranges of activations were found without real samples (${calibratedOn.description}).`,
      where: [],
      why: 'Real inputs look different: values beyond the ranges are cut off, and small ones share few codes. Accuracy can be far off, and only real samples show it.',
      fix: 'Drop a few hundred samples of your own (labels are not needed) and apply the recipe again.',
      source: 'counted',
    }),
  ];
}
