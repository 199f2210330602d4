/**
 * Which layer is guilty: for each layer and option, what it does to the outputs of the model when it alone is changed,
 * on calibration samples. One session serves all tries. It must not know pages; labels are never looked at.
 */
import type { Model } from '../onnx/ir.ts';
import { listWeights } from '../onnx/weights.ts';
import { readActivations } from './activations.ts';
import type { ActivationFacts } from './activations.ts';
import { isOffered, makeCandidates } from './candidates.ts';
import { refuseEmpty, within } from './context.ts';
import type { SearchContext } from './context.ts';
import { METRIC_TEXT } from './damage.ts';
import { explainLayers } from './explain.ts';
import { boldest } from './options.ts';
import { openProbe } from './probe-run.ts';
import type { ProbeRun, TrialResult } from './probe-run.ts';
import { proxyReport } from './proxy.ts';
import type {
  LayerOption,
  LayerSensitivity,
  OptionDamage,
  SensitivityReport,
  SensitivityRequest,
} from './types.ts';

/** What tuning keeps beside the report. */
export interface Sensitivity {
  readonly report: SensitivityReport;
  /** Damage against the accuracy that is expected to be lost, of every try; empty without classes. */
  readonly anchors: readonly Anchor[];
}

export interface Anchor {
  readonly damage: number;
  readonly expectedLoss: number;
}

/** Shares of the progress bar. */
const STATISTICS_SHARE = 0.15;
const TRIALS_SHARE = 0.9;

/**
 * @param model simplified: layers are those that recipes with *simplify* change.
 * @throws PareError `not-measurable`, `runtime-refused`, `cancelled`.
 */
export async function measureSensitivity(
  model: Model,
  request: SensitivityRequest,
  context: SearchContext,
): Promise<Sensitivity> {
  refuseEmpty(context);
  if (request.proxyOnly === true) return { report: await proxyReport(model, request, context), anchors: [] };
  const started = context.now();
  const options = request.options.filter((option) => option !== 'fp32' && isOffered(option));
  const rounding = options.includes('int8-activations');
  const activations = await readActivations(model, request, within(context, 0, STATISTICS_SHARE));
  const trials = new Trials(model, request, within(context, STATISTICS_SHARE, TRIALS_SHARE));
  await trials.run(
    options.filter((option) => option !== 'int8-activations'),
    undefined,
  );
  if (rounding) await trials.run(['int8-activations'], activations);
  const base: SensitivityReport = {
    metric: trials.metric,
    metricText: METRIC_TEXT[trials.metric],
    samples: trials.samples,
    origin: context.calibration.samples.origin,
    layers: trials.layers(),
    notMeasured: trials.notMeasured(),
    asked: request.asked ?? boldest(request.options),
    millis: context.now() - started,
  };
  const layers = await explainLayers(
    model,
    base,
    activations,
    request,
    within(context, TRIALS_SHARE, 1),
    true,
  );
  return {
    report: { ...base, layers, millis: context.now() - started },
    anchors: trials.anchors,
  };
}

class Trials {
  readonly anchors: Anchor[] = [];
  metric: 'kl' | 'nsr' = 'nsr';
  samples = 0;
  readonly #model: Model;
  readonly #request: SensitivityRequest;
  readonly #context: SearchContext;
  readonly #damages = new Map<string, OptionDamage[]>();
  readonly #reasons = new Map<string, string>();
  /** What people know a layer by. */
  readonly #labels: ReadonlyMap<string, string>;

  constructor(model: Model, request: SensitivityRequest, context: SearchContext) {
    this.#model = model;
    this.#labels = new Map(listWeights(model).map(({ id, label }) => [id, label]));
    this.#request = request;
    this.#context = context;
  }

  async run(options: readonly LayerOption[], activations: ActivationFacts | undefined): Promise<void> {
    if (options.length === 0) return;
    const { metric, samples } = this.#request;
    const probe = await openProbe(
      this.#model,
      { metric, samples, ...(activations === undefined ? {} : { activations: activations.grids }) },
      this.#context,
    );
    try {
      this.metric = probe.metric;
      this.samples = probe.samples;
      for (const { layer, reason } of probe.graph.leftOut) this.#reasons.set(layer, reason);
      for (const option of options) await this.#option(option, probe, activations);
    } finally {
      await probe.release();
    }
  }

  async #option(
    option: LayerOption,
    probe: ProbeRun,
    activations: ActivationFacts | undefined,
  ): Promise<void> {
    const { target, params } = this.#request;
    const at = this.#fraction(option);
    const how = { params: params ?? {}, target };
    const candidates = await makeCandidates(this.#model, option, how, this.#context, at);
    const layers = [...probe.graph.weights.keys()];
    for (const [i, layer] of layers.entries()) {
      const floats = candidates.floats(layer);
      if (floats === undefined) {
        this.#reasons.set(layer, candidates.skipped.get(layer) ?? `nothing changes at ${option}`);
        continue;
      }
      if (activations !== undefined && !probe.graph.switches.has(layer)) {
        // Its weights are known by the other options; only this one is missing.
        continue;
      }
      const done = at + (this.#fraction(option, 1) - at) * (i / layers.length);
      const breathe = (): Promise<void> =>
        this.#context.checkpoint(done, `trying ${this.#labels.get(layer) ?? layer} in ${option}`);
      const trial = {
        weights: new Map([[layer, floats]]),
        ...(activations === undefined ? {} : { rounded: layer }),
      };
      this.#keep(layer, option, await probe.try(trial, breathe));
    }
  }

  #keep(layer: string, option: LayerOption, { damage, expectedLoss }: TrialResult): void {
    const known = this.#damages.get(layer) ?? [];
    known.push({ option, damage, source: 'measured' });
    this.#damages.set(layer, known);
    if (expectedLoss !== undefined) this.anchors.push({ damage, expectedLoss });
  }

  #fraction(option: LayerOption, more = 0): number {
    const all: readonly LayerOption[] = this.#request.options.filter((one) => one !== 'fp32');
    return Math.max(0, (all.indexOf(option) + more) / all.length);
  }

  layers(): LayerSensitivity[] {
    const order = new Map(this.#request.options.map((option, i) => [option, i]));
    return listWeights(this.#model).flatMap(({ id }) => {
      const damages = this.#damages.get(id);
      if (damages === undefined) return [];
      const sorted = damages.toSorted((a, b) => (order.get(a.option) ?? 0) - (order.get(b.option) ?? 0));
      return [{ layer: id, damages: sorted, causes: [], fixes: [] }];
    });
  }

  notMeasured(): { layer: string; reason: string }[] {
    return [...this.#reasons]
      .filter(([layer]) => !this.#damages.has(layer))
      .map(([layer, reason]) => ({ layer, reason }));
  }
}
