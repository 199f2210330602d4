/** Puts causes and fixes beside damages that are known. It must not run sensitivity itself. */
import type { Model } from '../onnx/ir.ts';
import { listWeights, readWeight } from '../onnx/weights.ts';
import type { ActivationFacts } from './activations.ts';
import { findCauses } from './causes.ts';
import type { SearchContext } from './context.ts';
import { breakEvenFanIn } from './cost-model.ts';
import { damageOf, FixFinder } from './fixes.ts';
import { boldest } from './options.ts';
import type { Cause, Fix, LayerSensitivity, SensitivityReport, SensitivityRequest } from './types.ts';
import { weightFacts } from './weight-facts.ts';

/** A layer is worth a search for reasons from this multiple of the median layer's damage on. */
const SUSPICIOUS = 3;

/** @param runs the model may be run to try fixes. */
export async function explainLayers(
  model: Model,
  report: SensitivityReport,
  activations: ActivationFacts,
  request: SensitivityRequest,
  context: SearchContext,
  runs: boolean,
): Promise<LayerSensitivity[]> {
  const asked = request.asked ?? boldest(request.options);
  const weights = new Map(listWeights(model).map((layer) => [layer.id, layer]));
  const lastLayer = [...weights.values()].at(-1)?.id;
  const usual = medianOf(report.layers.map((layer) => damageOf(layer, asked) ?? 0));
  const explained: { readonly layer: LayerSensitivity; readonly causes: readonly Cause[] }[] = [];
  for (const [i, layer] of report.layers.entries()) {
    await context.checkpoint((0.3 * i) / report.layers.length, `looking at ${layer.layer}`);
    const weight = weights.get(layer.layer);
    const values = weight === undefined ? undefined : readWeight(weight.tensor);
    if (weight === undefined || values === undefined) continue;
    const causes = findCauses(
      {
        weight: weightFacts(values, weight.tensor.dims, weight.axis),
        perTensor: request.params?.['granularity'] === 'tensor' || weight.axis === undefined,
        activationRatio: activations.channelRatio.get(layer.layer),
        clipped: activations.clipped.get(layer.layer),
        elements: weight.elements,
        fanIn: weight.axis === undefined ? undefined : weight.elements / weight.tensor.dims[weight.axis],
        breakEven: breakEvenFanIn(request.speed ?? null),
        last: layer.layer === lastLayer,
      },
      layer.damages,
      (damageOf(layer, asked) ?? 0) > SUSPICIOUS * usual,
    );
    explained.push({ layer, causes });
  }
  const finder = new FixFinder(model, request, asked, {
    ...context,
    now: () => context.now(),
    checkpoint: (fraction, doing) => context.checkpoint(0.3 + 0.7 * fraction, doing),
  });
  const uneven = explained.filter(({ causes }) =>
    causes.some(({ id }) => id === 'channel-ranges' || id === 'activation-range'),
  );
  const tried = runs
    ? await finder.tried(report.layers, new Set(uneven.map(({ layer }) => layer.layer)))
    : new Map<string, Fix[]>();
  const layers: LayerSensitivity[] = [];
  for (const { layer, causes } of explained) {
    const fixes = [...(tried.get(layer.layer) ?? []), ...(await finder.known(layer))];
    layers.push({ ...layer, causes, fixes: inOrder(fixes) });
  }
  return layers;
}

/** Nearly as good as the best is good enough: of such fixes the one with the fewest bytes comes first. */
const NEARLY = 0.9;

function inOrder(fixes: readonly Fix[]): Fix[] {
  const best = Math.max(0, ...fixes.map(({ predictedGain }) => predictedGain));
  const good = ({ predictedGain }: Fix): number => (predictedGain >= NEARLY * best ? 0 : 1);
  return fixes.toSorted(
    (a, b) =>
      good(a) - good(b) ||
      (good(a) === 0 ? a.extraBytes - b.extraBytes : 0) ||
      b.predictedGain - a.predictedGain,
  );
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
