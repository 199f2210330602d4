/**
 * Pass correct-bias: moves the biases behind encoded weights so that each channel has the mean that it had in floats, on
 * the calibration samples; with `spread` also its standard deviation, taken up by the scales of the weights. Both are
 * measured through the model as it is now, a layer at a time from input to output, so that later layers see what earlier
 * ones were given; deep models by the means of their inputs (analytic.ts). Kept only if the model's outputs come closer to the floats'. It must not know quantizers.
 *
 * b ← b + E[y] − E[ŷ];  s_c ← s_c · σ(y_c)/σ(ŷ_c).
 * Source: Nagel et al. 2019, arXiv:1906.04721 (bias correction, empirical form); Finkelstein et al. 2019, arXiv:1906.03193.
 */
import { outputError } from '../../calibration/output-error.ts';
import type { Calibration, ChannelFigures } from '../../calibration/types.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { ModelDraft } from '../../onnx/draft.ts';
import type { Model } from '../../onnx/ir.ts';
import { listWeights } from '../../onnx/weights.ts';
import { withDefaults } from '../params.ts';
import type { LayerChange, Pass, PassContext, PassOutcome, SkippedLayer } from '../types.ts';
import { correctByInputs } from './analytic.ts';
import { readPlace, shifted } from './apply.ts';
import type { Place, Shift } from './apply.ts';
import { correctBiasMeta } from './meta.ts';

/**
 * Sweeps over the samples, one a layer: two layers behind each other must not be measured in one sweep, because the
 * second one's shift contains what the first one's will be corrected for. Deeper models are corrected by their inputs.
 */
const MAX_SWEEPS = 12;
/** Of the progress, for the sweep over the floats. */
const FLOATS_SHARE = 0.1;
/** A channel's spread is corrected by at most this factor: beyond it the channel is broken, not shrunk. */
const MAX_SPREAD = 2;
/** Relative; below it a channel has no spread that could be compared. */
const LEAST_VARIANCE = 1e-12;

export const correctBiasPass: Pass = {
  meta: correctBiasMeta,
  async run(model, params, _layers, context) {
    await context.checkpoint(0, 'looking for biases');
    const { calibration, runner } = context;
    if (calibration === undefined || runner === undefined) {
      return unchanged(model, [], 'no runtime to measure with');
    }
    const { places, skipped } = placesOf(model);
    if (places.length === 0) return unchanged(model, skipped, 'no encoded weight with a bias behind it');
    const spread = withDefaults(correctBiasMeta, params)['spread'] === true;
    const corrected =
      places.length > MAX_SWEEPS && !spread
        ? await correctByInputs(model, places, calibration, part(context, 0, 0.8))
        : await correct(model, places, spread, calibration, context);
    const { samples } = calibration;
    const judge = (candidate: Model, from: number): Promise<number> =>
      outputError(runner, samples, model, candidate, part(context, from, from + 0.1));
    const before = await judge(model, 0.8);
    const after = await judge(corrected.model, 0.9);
    const measured = `${text(before)} → ${text(after)} on ${samples.count} ${samples.origin === 'samples' ? 'samples' : 'made-up inputs'}`;
    if (!(after < before)) {
      return unchanged(model, skipped, `not kept, the outputs came no closer: noise to signal ${measured}`);
    }
    return {
      model: corrected.model,
      changed: corrected.changed,
      skipped,
      facts: {
        'biases corrected': corrected.changed.length,
        'means of channels': `of ${corrected.samples} of ${samples.count}`,
        'noise to signal of the outputs': measured,
      },
    };
  },
};

function unchanged(model: Model, skipped: readonly SkippedLayer[], why: string): PassOutcome {
  return { model, changed: [], skipped, facts: { 'biases corrected': 0, note: why } };
}

const text = (ratio: number): string => ratio.toPrecision(3);

function part(context: PassContext, from: number, to: number): PassContext['checkpoint'] {
  return (fraction, doing) => context.checkpoint(from + (to - from) * fraction, doing);
}

/** Layers that can be corrected, in graph order. */
function placesOf(model: Model): { places: string[]; skipped: SkippedLayer[] } {
  const draft = openDraft(model);
  const places: string[] = [];
  const skipped: SkippedLayer[] = [];
  for (const layer of listWeights(model, draft)) {
    if (layer.tensor.data.kind !== 'encoded') continue;
    const place = readPlace(layer, draft.main);
    if (typeof place === 'string') skipped.push({ layer: layer.id, reason: place });
    else places.push(layer.id);
  }
  return { places, skipped };
}

interface Corrected {
  readonly model: Model;
  readonly changed: LayerChange[];
  /** That the means are of. */
  readonly samples: number;
}

async function correct(
  model: Model,
  ids: readonly string[],
  spread: boolean,
  calibration: Calibration,
  context: PassContext,
): Promise<Corrected> {
  const groups = ids.length;
  const changed: LayerChange[] = [];
  let current = model;
  // No correction changes the floats: one sweep serves all layers.
  const all = openPlaces(model, ids).places.map(channelsOf);
  const wait = part(context, 0, FLOATS_SHARE);
  const floats = await calibration.statistics(model, { of: 'floats', channels: all }, wait);
  for (let g = 0; g < groups; g++) {
    const at = (done: number): number => FLOATS_SHARE + ((0.8 - FLOATS_SHARE) * done) / groups;
    const checkpoint = part(context, at(g), at(g + 1));
    const { draft, places } = openPlaces(current, ids.slice(g, g + 1));
    const channels = places.map(channelsOf);
    const now = await calibration.statistics(current, { of: 'encoded', channels }, checkpoint);
    for (const place of places) {
      const shift = shiftOf(place, floats.channels.get(place.output), now.channels.get(place.output), spread);
      if (shift === undefined) continue;
      shifted(draft.main, place, shift);
      changed.push({ layer: place.layer.id, note: `bias moved by up to ${text(shift.largest)}` });
    }
    current = draft.finish();
  }
  return { model: current, changed, samples: floats.channelSamples };
}

function openPlaces(model: Model, ids: readonly string[]): { draft: ModelDraft; places: readonly Place[] } {
  const draft = openDraft(model);
  const places = listWeights(model, draft).flatMap((layer) => {
    const place = ids.includes(layer.id) ? readPlace(layer, draft.main) : 'not now';
    return typeof place === 'string' ? [] : [place];
  });
  return { draft, places };
}

function channelsOf({ output, channelAxis }: Place): { value: string; axis: number } {
  return { value: output, axis: channelAxis };
}

/** Undefined where the figures are missing or say nothing. */
function shiftOf(
  place: Place,
  floats: ChannelFigures | undefined,
  now: ChannelFigures | undefined,
  spread: boolean,
): Shift | undefined {
  const { outputs } = place;
  if (floats?.mean.length !== outputs || now?.mean.length !== outputs) return undefined;
  const factors = new Float32Array(outputs).fill(1);
  const offsets = new Float32Array(outputs);
  let largest = 0;
  for (let c = 0; c < outputs; c++) {
    if (spread && place.scalable) factors[c] = spreadFactor(floats, now, c);
    // y' = f·(ŷ − b) + b + o must have the mean of y.
    const offset = floats.mean[c] - (factors[c] * (now.mean[c] - place.bias[c]) + place.bias[c]);
    offsets[c] = Number.isFinite(offset) ? offset : 0;
    largest = Math.max(largest, Math.abs(offsets[c]));
  }
  return { factors, offsets, largest };
}

function spreadFactor(floats: ChannelFigures, now: ChannelFigures, c: number): number {
  const variance = ({ mean, meanSquare }: ChannelFigures): number => meanSquare[c] - mean[c] ** 2;
  const [wanted, found] = [variance(floats), variance(now)];
  if (!(found > LEAST_VARIANCE * now.meanSquare[c]) || !(wanted > 0)) return 1;
  const factor = Math.sqrt(wanted / found);
  return Number.isFinite(factor) ? Math.min(MAX_SPREAD, Math.max(1 / MAX_SPREAD, factor)) : 1;
}
