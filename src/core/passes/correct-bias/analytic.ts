/**
 * Bias correction without running the encoded model: what rounding a layer's weights adds to the mean of its own outputs is
 * (W − Ŵ)·E[x], with the means of its inputs in floats. Layers do not depend on each other, so that one sweep serves all
 * of a deep model; what earlier layers' rounding does to later ones is not seen, nor that padding lowers means at a border.
 * It must not judge whether it helps.
 * Source: Nagel et al. 2019, arXiv:1906.04721 (bias correction, analytic form).
 */
import type { Calibration, Checkpoint } from '../../calibration/types.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { Model } from '../../onnx/ir.ts';
import { listWeights, readWeight } from '../../onnx/weights.ts';
import { linearLayer } from '../linear-layer.ts';
import type { LinearLayer } from '../linear-layer.ts';
import type { LayerChange } from '../types.ts';
import { readPlace, shifted } from './apply.ts';
import type { Place } from './apply.ts';

/** @param ids layers whose bias can be moved */
export async function correctByInputs(
  model: Model,
  ids: readonly string[],
  calibration: Calibration,
  checkpoint: Checkpoint,
): Promise<{ model: Model; changed: LayerChange[]; samples: number }> {
  const wanted = new Set(ids);
  const draft = openDraft(model);
  const pairs = listWeights(model, draft).flatMap((layer): { place: Place; linear: LinearLayer }[] => {
    if (!wanted.has(layer.id)) return [];
    const place = readPlace(layer, draft.main);
    const linear = linearLayer(layer, draft.main);
    return typeof place === 'string' || typeof linear === 'string' ? [] : [{ place, linear }];
  });
  const channels = pairs.map(({ linear }) => ({ value: linear.input, axis: linear.channelAxis }));
  const found = await calibration.statistics(model, { of: 'floats', channels }, checkpoint);
  const changed: LayerChange[] = [];
  for (const { place, linear } of pairs) {
    const means = found.channels.get(linear.input)?.mean;
    const offsets = means?.length === linear.inputs ? offsetsOf(linear, means, place) : undefined;
    if (offsets === undefined) continue;
    const largest = offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0);
    shifted(draft.main, place, { factors: new Float32Array(place.outputs).fill(1), offsets, largest });
    changed.push({ layer: place.layer.id, note: `bias moved by up to ${largest.toPrecision(3)}` });
  }
  return { model: draft.finish(), changed, samples: found.channelSamples };
}

/**
 * By output channel, from the bias as it is now: one that was corrected before is not corrected twice. Undefined where
 * the weights cannot be read or a figure is not finite.
 */
function offsetsOf(linear: LinearLayer, means: Float32Array, place: Place): Float32Array | undefined {
  const { tensor } = linear.layer;
  if (tensor.data.kind !== 'encoded') return undefined;
  const before = readWeight(tensor.data.original);
  const after = readWeight(tensor);
  if (before === undefined || after === undefined) return undefined;
  const sums = Float64Array.from(place.floatBias, (floats, c) => floats - place.bias[c]);
  for (let i = 0; i < after.length; i++) {
    sums[linear.outputOf(i)] += (before[i] - after[i]) * means[linear.inputOf(i)];
  }
  return sums.every(Number.isFinite) ? Float32Array.from(sums) : undefined;
}
