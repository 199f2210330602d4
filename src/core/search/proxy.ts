/**
 * Sensitivity without running the model: how much of each layer's own output is noise, from second moments of its
 * inputs. Predicted, never measured: what later layers do to the noise is not in it. It must not know runtimes.
 *
 * Of each output channel w: e H eᵀ / w H wᵀ, e = w − ŵ, H = Σ xᵀx. An 8-bit grid of step s adds s²/12 to each input,
 * independent of the others: rows · s²/12 · Σ w² / w H wᵀ. The mean over channels: what one large channel says of the sum
 * hides that the others are lost.
 */
import type { LayerGram } from '../calibration/types.ts';
import type { Model } from '../onnx/ir.ts';
import { listWeights, readWeight } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { layoutOf } from '../tensor/encoding.ts';
import { readActivations } from './activations.ts';
import type { ActivationFacts } from './activations.ts';
import { isOffered, makeCandidates } from './candidates.ts';
import type { Candidates } from './candidates.ts';
import { within } from './context.ts';
import type { SearchContext } from './context.ts';
import { explainLayers } from './explain.ts';
import { boldest } from './options.ts';
import type {
  LayerOption,
  LayerSensitivity,
  OptionDamage,
  SensitivityReport,
  SensitivityRequest,
} from './types.ts';

const TEXT =
  'noise-to-signal ratio at the output of the layer itself, predicted from second moments of its inputs';

/** Beyond so many products a sample of the output channels stands for all: even ones, so that none is chosen for its values. */
const MAX_PRODUCTS = 2 ** 28;
/** A breath at least so often. */
const PRODUCTS_BETWEEN_BREATHS = 2 ** 24;

export async function proxyReport(
  model: Model,
  request: SensitivityRequest,
  context: SearchContext,
): Promise<SensitivityReport> {
  const started = context.now();
  const options = request.options.filter((option) => option !== 'fp32' && isOffered(option));
  const activations = await readActivations(model, request, within(context, 0, 0.3));
  const made = new Map<LayerOption, Candidates>();
  for (const option of options) {
    const how = { params: request.params ?? {}, target: request.target };
    made.set(option, await makeCandidates(model, option, how, context, 0.3));
  }
  const layers = new Map(listWeights(model).map((layer) => [layer.id, layer]));
  const reasons = new Map<string, string>();
  const found: LayerSensitivity[] = [];
  const wanted = [...layers.values()].filter(({ frozen }) => frozen === undefined).map(({ id }) => id);
  for (const { id, frozen } of layers.values()) if (frozen !== undefined) reasons.set(id, frozen);
  await context.calibration.grams(model, wanted, 'floats', progress(context, 0.3, 0.9), async (id, gram) => {
    const layer = layers.get(id);
    const values = layer === undefined ? undefined : readWeight(layer.tensor);
    if (typeof gram === 'string' || layer === undefined || values === undefined) {
      reasons.set(id, typeof gram === 'string' ? gram : 'its values cannot be read');
      return;
    }
    const damages: OptionDamage[] = [];
    for (const option of options) {
      const floats = made.get(option)?.floats(id);
      if (floats === undefined) continue;
      const breathe = (): Promise<void> => context.checkpoint(0.5, `weighing ${layer.label}`);
      const damage = await noiseShare(layer, values, floats, gram, stepOf(option, id, activations), breathe);
      damages.push({ option, damage, source: 'predicted' });
    }
    found.push({ layer: id, damages, causes: [], fixes: [] });
  });
  const order = new Map(wanted.map((id, i) => [id, i]));
  const base: SensitivityReport = {
    metric: 'nsr',
    metricText: TEXT,
    samples: 0,
    origin: context.calibration.samples.origin,
    layers: found.toSorted((a, b) => (order.get(a.layer) ?? 0) - (order.get(b.layer) ?? 0)),
    notMeasured: [...reasons].map(([layer, reason]) => ({ layer, reason })),
    asked: request.asked ?? boldest(request.options),
    millis: context.now() - started,
  };
  const explained = await explainLayers(model, base, activations, request, within(context, 0.9, 1), false);
  return { ...base, layers: explained, millis: context.now() - started };
}

function progress(context: SearchContext, from: number, to: number) {
  return (fraction: number, doing: string): Promise<void> =>
    context.checkpoint(from + (to - from) * fraction, doing);
}

/** Step of the input's grid where an option rounds it. */
function stepOf(option: LayerOption, layer: string, { grids }: ActivationFacts): number {
  return option === 'int8-activations' ? (grids.get(layer)?.input?.scale ?? 0) : 0;
}

/** Rows of the weight as a matrix, one an output channel, in the order of the Gram matrix; undefined where they do not fit. */
function rowsOf(
  layer: WeightLayer,
  columns: number,
): ((values: Float32Array, row: number) => Float32Array) | undefined {
  if (layer.axis === undefined) return undefined;
  const { outer, channels, inner, reduction } = layoutOf(layer.tensor.dims, layer.axis);
  if (reduction !== columns) return undefined;
  return (values, row) => {
    if (outer === 1) return values.subarray(row * inner, (row + 1) * inner);
    const out = new Float32Array(reduction);
    for (let o = 0; o < outer; o++) {
      out.set(values.subarray((o * channels + row) * inner, (o * channels + row + 1) * inner), o * inner);
    }
    return out;
  };
}

/** Mean over the output channels that give anything but zeros; 0 where none does. */
async function noiseShare(
  layer: WeightLayer,
  values: Float32Array,
  changed: Float32Array,
  gram: LayerGram,
  step: number,
  breathe: () => Promise<void>,
): Promise<number> {
  const rowOf = rowsOf(layer, gram.columns);
  if (rowOf === undefined || layer.axis === undefined) return 0;
  const channels = layer.tensor.dims[layer.axis];
  const n = gram.columns;
  const every = Math.max(1, Math.ceil((channels * n * n * 2) / MAX_PRODUCTS));
  let ratios = 0;
  let live = 0;
  let products = 0;
  for (let c = 0; c < channels; c += every) {
    const group = Math.floor((c * gram.groups) / channels);
    const h = gram.values.subarray(group * n * n, (group + 1) * n * n);
    const w = rowOf(values, c);
    const q = rowOf(changed, c);
    const e = w.map((value, i) => value - q[i]);
    const signal = quadratic(w, h, n);
    const rounded = ((gram.rows * step * step) / 12) * w.reduce((sum, value) => sum + value * value, 0);
    if (signal > 0) {
      live++;
      ratios += Math.max(0, quadratic(e, h, n) + rounded) / signal;
    }
    products += 2 * n * n;
    if (products >= PRODUCTS_BETWEEN_BREATHS) {
      products = 0;
      await breathe();
    }
  }
  return live === 0 ? 0 : ratios / live;
}

/** vᵀHv. */
function quadratic(v: Float32Array, h: Float32Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (v[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < n; j++) row += h[i * n + j] * v[j];
    sum += v[i] * row;
  }
  return sum;
}
