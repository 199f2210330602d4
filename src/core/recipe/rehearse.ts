/**
 * Runs the plans of a recipe's passes over a model's skeleton: what each weight will be encoded as, and what cannot be
 * known without weights. It must not know bytes.
 */
import { convertHalfMeta } from '../passes/convert-half/meta.ts';
import { equalizeMeta } from '../passes/equalize/meta.ts';
import { layerValues } from '../passes/params.ts';
import { pruneMagnitudeMeta } from '../passes/prune-magnitude/meta.ts';
import { planPrune, prunedCount, prunesNothing, storageOf } from '../passes/prune-magnitude/plan.ts';
import { quantizeActivationsMeta } from '../passes/quantize-activations/meta.ts';
import { quantizeWeightsMeta } from '../passes/quantize-weights/meta.ts';
import { planLayer, quantizeRequest } from '../passes/quantize-weights/plan.ts';
import type { QuantizeRequest } from '../passes/quantize-weights/plan.ts';
import { SIMPLIFY_META } from '../passes/simplify/meta.ts';
import type { ParamValues } from '../passes/types.ts';
import type { Target } from '../targets/types.ts';
import type { EncodingShape } from '../tensor/encoding.ts';
import { BOUNDED } from './size-bounds.ts';
import type { SizeSkeleton, SkeletonLayer } from './skeleton.ts';
import type { RecipeStep } from './types.ts';

export type State = EncodingShape | undefined;

/** Rounding of a fraction such as 0.29 in steps of 0.01. */
const WHOLE_PERCENT = 1e-9;

function overridesSparsity(step: RecipeStep): boolean {
  return Object.values(step.layers ?? {}).some((values) => values['sparsity'] !== undefined);
}

/** After them weights are no longer what a later step would find in the model as it is. */
const REWRITES: ReadonlySet<string> = new Set([quantizeActivationsMeta.id, convertHalfMeta.id]);

/** Runs the passes' plans over the skeleton. */
export class Rehearsal {
  readonly states: State[];
  readonly doubts = new Set<string>();
  /** Steps whose result depends on values: see size-bounds. */
  readonly moving: RecipeStep[] = [];
  readonly #skeleton: SizeSkeleton;
  readonly #target: Target;
  #rescaled = false;

  constructor(skeleton: SizeSkeleton, target: Target) {
    this.#skeleton = skeleton;
    this.#target = target;
    this.states = skeleton.layers.map(() => undefined);
    if (skeleton.inexact !== undefined) this.doubts.add(skeleton.inexact);
  }

  step(step: RecipeStep, index: number): void {
    const encodes = step.pass === pruneMagnitudeMeta.id || step.pass === quantizeWeightsMeta.id;
    if (encodes && this.moving.some(({ pass }) => REWRITES.has(pass)))
      this.doubts.add('an earlier step rewrites the operators that read the weights');
    switch (step.pass) {
      case SIMPLIFY_META.id:
        if (!this.#skeleton.simplified || index > 0)
          this.doubts.add('what simplify removes is not known yet');
        return;
      case pruneMagnitudeMeta.id:
        this.#pruneAll(step);
        return;
      case quantizeWeightsMeta.id:
        this.#quantizeAll(step);
        return;
      default:
        if (BOUNDED.has(step.pass)) this.#move(step);
        else this.doubts.add(`the pass "${step.pass}" cannot be predicted`);
    }
  }

  /** Scores of weights, and which ones float16 can hold, are those of the weights as they are. */
  #move(step: RecipeStep): void {
    this.moving.push(step);
    if (step.pass !== equalizeMeta.id) return;
    this.#rescaled = true;
  }

  /** What a target makes of the written model beside the forms that were asked for. */
  doubtTarget(): void {
    const { opset, weights, label } = this.#target;
    const { opset: own, layers, raised } = this.#skeleton;
    const least = opset.written ?? opset.min;
    // The lengths of the raised model are known for some versions, and used where a weight is written anew.
    const known = this.states.some((state) => state !== undefined) && raised.some((r) => r.opset === least);
    if (own < least && !known)
      this.doubts.add(`the model is raised to the operator set ${least} for ${label}`);
    const encoded = layers.some(({ recurrent }, i) => recurrent === true && this.states[i] !== undefined);
    if (weights.recurrentConstants === true && encoded)
      this.doubts.add(`which weights of LSTM, GRU and RNN stay floats for ${label} depends on all steps`);
  }

  /** The base counts every graph with weights as rewritten; one that is left alone keeps its unusual length. */
  doubtUnusual(): void {
    const { graphs, layers } = this.#skeleton;
    const touched = new Set<number>();
    layers.forEach((layer, i) => {
      for (let g: number | undefined = layer.graph; g !== undefined; g = graphs[g].parent) {
        if (this.states[i] !== undefined) touched.add(g);
      }
    });
    if (touched.size === 0) return;
    if (graphs.some((graph, g) => graph.unusual === true && !touched.has(g))) {
      this.doubts.add('a nested graph is written in an unusual way');
    }
  }

  #each(change: (layer: SkeletonLayer, state: State, index: number) => State): void {
    this.#skeleton.layers.forEach((layer, i) => {
      if (layer.frozen === undefined) this.states[i] = change(layer, this.states[i], i);
    });
  }

  #pruneAll(step: RecipeStep): void {
    // Scores are those of the model's own weights, all of them in one pool.
    const disturbed =
      this.#rescaled || this.states.some((state) => state !== undefined) || overridesSparsity(step);
    this.#each((layer, state, i) => this.#prune(layer, state, i, step, disturbed));
  }

  #prune(layer: SkeletonLayer, state: State, index: number, step: RecipeStep, disturbed: boolean): State {
    const layers = step.layers ?? {};
    const values = layerValues(pruneMagnitudeMeta, step.params ?? {}, layers, layer.id);
    const overridden = Object.hasOwn(layers, layer.id) && layers[layer.id]['sparsity'] !== undefined;
    const plan = planPrune({ ...layer, axis: layer.axis }, values, overridden);
    if (plan === undefined) return state;
    const keep = plan.kind === 'global' ? this.#globalKeep(layer, index, values, disturbed) : plan.keep;
    const kept = state?.kept ?? layer.elements;
    if (prunesNothing(plan.kind, keep, layer.elements, kept)) return state;
    const sparse = storageOf(values, this.#target);
    if (state !== undefined) {
      return { ...state, masked: true, kept: keep, storage: { ...state.storage, sparse } };
    }
    return {
      precision: 'fp32',
      signed: true,
      granularity: { kind: 'tensor' },
      scaleType: 'float32',
      masked: true,
      kept: keep,
      storage: { form: 'decode-at-load', sparse },
    };
  }

  #globalKeep(layer: SkeletonLayer, index: number, values: ParamValues, disturbed: boolean): number {
    const percent = Number(values['sparsity']) * 100;
    const nearest = Math.round(percent);
    const keeps = this.#skeleton.lampKeeps?.[nearest];
    if (disturbed || keeps === undefined || Math.abs(percent - nearest) > WHOLE_PERCENT)
      this.doubts.add('how sparsity is shared among layers depends on the weights');
    return keeps?.[index] ?? layer.elements - prunedCount(layer.elements, percent / 100);
  }

  #quantizeAll(step: RecipeStep): void {
    const { layers } = this.#skeleton;
    const request = quantizeRequest(step.params ?? {}, step.layers ?? {}, this.#target, layers);
    this.#each((layer, state) => this.#quantize(layer, state, request));
  }

  #quantize(layer: SkeletonLayer, state: State, request: QuantizeRequest): State {
    const plan = planLayer({ ...layer, masked: state?.masked }, request);
    if (plan === undefined || typeof plan === 'string') return state;
    if (plan.precision === 'fp16' && this.#rescaled)
      this.doubts.add('which weights float16 can hold depends on how layers are equalized');
    if (plan.precision === 'fp16' && layer.beyondHalf > 0) return state;
    const { precision, signed, granularity, scaleType, zeroType, form, accuracyLevel } = plan;
    return {
      precision,
      signed,
      granularity,
      scaleType,
      ...(zeroType === undefined ? {} : { zeroType }),
      masked: state?.masked ?? false,
      kept: state?.kept ?? layer.elements,
      storage: {
        form,
        sparse: state?.storage.sparse ?? 'dense',
        ...(accuracyLevel === undefined ? {} : { accuracyLevel }),
      },
    };
  }
}
