/**
 * What can be done about a layer: changes of the recipe, each with the damage that goes away and the bytes that it adds.
 * It must not know causes' words or pages.
 */
import type { Model } from '../onnx/ir.ts';
import { PASSES } from '../passes/registry.ts';
import type { ParamValues } from '../passes/types.ts';
import { makeSkeleton } from '../recipe/make-skeleton.ts';
import { predictSize } from '../recipe/predict.ts';
import type { SizeSkeleton } from '../recipe/skeleton.ts';
import type { Recipe, RecipeStep } from '../recipe/types.ts';
import { makeCandidates } from './candidates.ts';
import { passContext } from './context.ts';
import type { SearchContext } from './context.ts';
import { bitsOf, EQUALIZE, QUANTIZE_ACTIVATIONS, QUANTIZE_WEIGHTS, weightPrecision } from './options.ts';
import { openProbe } from './probe-run.ts';
import type { Fix, LayerOption, LayerSensitivity, SensitivityRequest } from './types.ts';

/** Below it a gain is no reason to spend bytes: a hundredth of the layer's damage. */
const LEAST_GAIN = 0.01;
/** Trying fixes by running costs as much as sensitivity itself: only for the layers that do most of the damage. */
const TRIED_LAYERS = 8;
const SMALL_BLOCK = 32;

export class FixFinder {
  readonly #model: Model;
  readonly #request: SensitivityRequest;
  readonly #asked: LayerOption;
  readonly #context: SearchContext;
  #skeleton: SizeSkeleton | undefined;

  constructor(model: Model, request: SensitivityRequest, asked: LayerOption, context: SearchContext) {
    this.#model = model;
    this.#request = request;
    this.#asked = asked;
    this.#context = context;
    this.#skeleton = context.skeleton;
  }

  /** From the damages that are known already. */
  async known(layer: LayerSensitivity): Promise<Fix[]> {
    const damage = damageOf(layer, this.#asked);
    if (damage === undefined || damage <= 0) return [];
    const fixes: Fix[] = [];
    const weightsOnly = damageOf(layer, 'int8');
    if (this.#asked === 'int8-activations' && weightsOnly !== undefined) {
      fixes.push({
        label: 'Compute this layer in floats',
        changes: [{ pass: QUANTIZE_ACTIVATIONS, layer: layer.layer, params: { mode: 'float' } }],
        predictedGain: damage - weightsOnly,
        extraBytes: 0,
      });
    }
    for (const option of ['int8', 'fp16', 'fp32'] as const) {
      if (bitsOf(option) <= bitsOf(this.#asked)) continue;
      const left = option === 'fp32' ? 0 : damageOf(layer, option);
      if (left === undefined) continue;
      const params = { precision: option };
      fixes.push({
        label: `Keep this layer in ${option}`,
        changes: [{ pass: QUANTIZE_WEIGHTS, layer: layer.layer, params }],
        predictedGain: damage - left,
        extraBytes: await this.#extraBytes(layer.layer, params),
      });
    }
    return fixes.filter(({ predictedGain }) => predictedGain > LEAST_GAIN * damage);
  }

  /**
   * By running: scales of their own for channels or smaller blocks, and equalizing with the neighbours.
   * @param equalizable layers whose channels differ.
   */
  async tried(
    layers: readonly LayerSensitivity[],
    equalizable: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, Fix[]>> {
    const found = new Map<string, Fix[]>();
    const worst = layers
      .filter((layer) => (damageOf(layer, this.#asked) ?? 0) > 0)
      .toSorted((a, b) => (damageOf(b, this.#asked) ?? 0) - (damageOf(a, this.#asked) ?? 0))
      .slice(0, TRIED_LAYERS);
    const add = (layer: string, fix: Fix): void => {
      found.set(layer, [...(found.get(layer) ?? []), fix]);
    };
    const finer = finerScales(this.#asked, this.#request.params ?? {});
    if (finer !== undefined) await this.#tryFiner(worst, finer, add);
    const uneven = worst.filter(({ layer }) => equalizable.has(layer));
    if (uneven.length > 0) await this.#tryEqualized(uneven, add);
    return found;
  }

  /** What the weights alone do: a fix of weights takes nothing off what rounding the values between layers does. */
  #ofWeights(layer: LayerSensitivity): number | undefined {
    return damageOf(layer, this.#asked === 'int8-activations' ? 'int8' : this.#asked);
  }

  /** Against all that the layer does as it is asked for, values between layers included. */
  #isWorth(gain: number, layer: LayerSensitivity): boolean {
    return gain > LEAST_GAIN * (damageOf(layer, this.#asked) ?? 0);
  }

  async #tryFiner(
    worst: readonly LayerSensitivity[],
    { label, params }: Finer,
    add: (layer: string, fix: Fix) => void,
  ): Promise<void> {
    const gains = await this.#damages(this.#model, worst, { ...this.#request.params, ...params });
    for (const layer of worst) {
      const damage = this.#ofWeights(layer);
      const left = gains.get(layer.layer);
      if (damage === undefined || left === undefined || !this.#isWorth(damage - left, layer)) continue;
      add(layer.layer, {
        label,
        changes: [{ pass: QUANTIZE_WEIGHTS, layer: layer.layer, params }],
        predictedGain: damage - left,
        extraBytes: await this.#extraBytes(layer.layer, params),
      });
    }
  }

  async #tryEqualized(
    uneven: readonly LayerSensitivity[],
    add: (layer: string, fix: Fix) => void,
  ): Promise<void> {
    const pass = PASSES.find(({ meta }) => meta.id === EQUALIZE);
    if (pass === undefined) return;
    const context = passContext(this.#context, this.#request.target, 0);
    const { model, changed } = await pass.run(this.#model, {}, {}, context);
    if (changed.length === 0) return;
    const left = await this.#damages(model, uneven, this.#request.params ?? {});
    for (const layer of uneven) {
      const damage = this.#ofWeights(layer);
      const after = left.get(layer.layer);
      if (damage === undefined || after === undefined || !this.#isWorth(damage - after, layer)) continue;
      add(layer.layer, {
        label: 'Equalize with its neighbours',
        changes: [{ pass: EQUALIZE, params: {} }],
        predictedGain: damage - after,
        extraBytes: 0,
      });
    }
  }

  /** Damage of each layer's weights alone, of a model with the same outputs. */
  async #damages(
    model: Model,
    layers: readonly LayerSensitivity[],
    params: ParamValues,
  ): Promise<ReadonlyMap<string, number>> {
    const { metric, samples, target } = this.#request;
    const names = layers.map(({ layer }) => layer);
    const candidates = await makeCandidates(
      model,
      this.#asked,
      { params, target, layers: names },
      this.#context,
      0,
    );
    const probe = await openProbe(model, { metric, samples }, this.#context);
    const found = new Map<string, number>();
    try {
      for (const [i, name] of names.entries()) {
        const floats = candidates.floats(name);
        if (floats === undefined || !probe.graph.weights.has(name)) continue;
        const { damage } = await probe.try({ weights: new Map([[name, floats]]) }, () =>
          this.#context.checkpoint(i / names.length, `trying fixes of ${name}`),
        );
        found.set(name, damage);
      }
    } finally {
      await probe.release();
    }
    return found;
  }

  async #extraBytes(layer: string, params: ParamValues): Promise<number> {
    this.#skeleton ??= await makeSkeleton(this.#model, {
      simplified: true,
      checkpoint: (_, doing) => this.#context.checkpoint(0, doing),
    });
    const step: RecipeStep = {
      pass: QUANTIZE_WEIGHTS,
      params: { ...this.#request.params, precision: weightPrecision(this.#asked) },
    };
    const recipe = (steps: readonly RecipeStep[]): Recipe => ({
      format: 'pare-recipe',
      version: 1,
      seed: 1,
      steps: [{ pass: 'simplify' }, ...steps],
    });
    const before = predictSize(this.#skeleton, recipe([step])).bytes;
    const after = predictSize(this.#skeleton, recipe([{ ...step, layers: { [layer]: params } }])).bytes;
    return after - before;
  }
}

interface Finer {
  readonly label: string;
  readonly params: ParamValues;
}

/** Scales that more of the layer's weights have for themselves; undefined where there are none. */
function finerScales(asked: LayerOption, params: ParamValues): Finer | undefined {
  if (asked === 'fp16' || asked === 'fp32') return undefined;
  if (params['granularity'] === 'tensor')
    return { label: 'One scale per channel', params: { granularity: 'channel' } };
  if (bitsOf(asked) > 4) return undefined;
  if (params['granularity'] === 'channel' || Number(params['blockSize'] ?? SMALL_BLOCK) > SMALL_BLOCK)
    return {
      label: `One scale for each ${SMALL_BLOCK} weights`,
      params: { granularity: 'block', blockSize: SMALL_BLOCK },
    };
  return undefined;
}

export function damageOf({ damages }: LayerSensitivity, option: LayerOption): number | undefined {
  return damages.find((damage) => damage.option === option)?.damage;
}
