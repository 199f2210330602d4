/**
 * The exact size of a variant, from the model's skeleton alone: the passes' own plans, lowering's own choice of forms,
 * the writer's own lengths. Runs in the page at every move of a slider. It must not know weights.
 */
import { planPrune, prunedCount, prunesNothing, storageOf } from '../passes/prune-magnitude/plan.ts';
import { pruneMagnitudeMeta } from '../passes/prune-magnitude/meta.ts';
import { FormMemo, NO_FUNCTIONS } from '../passes/lowering/candidates.ts';
import type { FormRequest } from '../passes/lowering/candidates.ts';
import { decideForms } from '../passes/lowering/choose.ts';
import type { Choice, FormPlan } from '../passes/lowering/choose.ts';
import { importBytes } from '../passes/lowering/functions.ts';
import { CONTRIB_DOMAIN } from '../passes/lowering/matmul-nbits.ts';
import { sharedBytes } from '../passes/lowering/measure.ts';
import { sitePrefix } from '../passes/lowering/names.ts';
import { bestOpset, wishedOpsets } from '../passes/lowering/raise.ts';
import { quantizeWeightsMeta } from '../passes/quantize-weights/meta.ts';
import { planLayer, quantizeRequest } from '../passes/quantize-weights/plan.ts';
import type { QuantizeRequest } from '../passes/quantize-weights/plan.ts';
import { SIMPLIFY_META } from '../passes/simplify/meta.ts';
import { layerValues } from '../passes/params.ts';
import type { ParamValues } from '../passes/types.ts';
import { targetOf } from '../targets/registry.ts';
import type { Target } from '../targets/types.ts';
import type { EncodingShape } from '../tensor/encoding.ts';
import { varintLength } from '../onnx/wire-write.ts';
import type { SharedKey } from '../passes/lowering/chain.ts';
import type { SizeSkeleton, SkeletonBase, SkeletonLayer } from './skeleton.ts';
import type { Recipe, RecipeStep } from './types.ts';

export interface LayerPrediction {
  readonly id: string;
  /** Bytes that the weight takes in the file, operators that decode it included. */
  readonly bytes: number;
  /** Fraction of its elements that are pruned. */
  readonly sparsity: number;
}

export interface SizePrediction {
  /** Bytes of all files of the variant. */
  readonly bytes: number;
  /** Equal to the written file, byte for byte. */
  readonly exact: boolean;
  /** Why not. */
  readonly inexact?: string;
  /** In the order of the skeleton's layers. */
  readonly layers: readonly LayerPrediction[];
}

/** @param recipe checked (parse.ts); layers that the skeleton does not have are ignored. */
export function predictSize(skeleton: SizeSkeleton, recipe: Recipe): SizePrediction {
  const target = targetOf(recipe.target);
  const run = new Rehearsal(skeleton, target);
  recipe.steps.forEach((step, i) => run.step(step, i));
  const states = run.states;
  run.doubtUnusual();
  const encoded = skeleton.layers.filter((_, i) => states[i] !== undefined);
  const reason = run.doubts.values().next();
  const doubt = reason.done === true ? {} : { inexact: reason.value };
  if (encoded.length === 0) {
    return {
      bytes: skeleton.bytes,
      exact: reason.done === true,
      ...doubt,
      layers: skeleton.layers.map((layer) => ({ id: layer.id, bytes: layer.fieldBytes, sparsity: 0 })),
    };
  }
  const shapes = states.flatMap((state) => (state === undefined ? [] : [state]));
  const { plan, base } = written(skeleton, encoded, shapes, target.localFunctions);
  let next = 0;
  const layers = skeleton.layers.map((layer, i): LayerPrediction => {
    const state = states[i];
    if (state === undefined) return { id: layer.id, bytes: layer.fieldBytes, sparsity: 0 };
    const sparsity = 1 - state.kept / layer.elements;
    return { id: layer.id, bytes: layerBytes(layer, plan.choices[next++]), sparsity };
  });
  const bytes = total(skeleton, base, encoded, plan);
  return { bytes, exact: reason.done === true, ...doubt, layers };
}

type State = EncodingShape | undefined;

/** Rounding of a fraction such as 0.29 in steps of 0.01. */
const WHOLE_PERCENT = 1e-9;

function overridesSparsity(step: RecipeStep): boolean {
  return Object.values(step.layers ?? {}).some((values) => values['sparsity'] !== undefined);
}

/** Runs the passes' plans over the skeleton. */
class Rehearsal {
  readonly states: State[];
  readonly doubts = new Set<string>();
  readonly #skeleton: SizeSkeleton;
  readonly #target: Target;

  constructor(skeleton: SizeSkeleton, target: Target) {
    this.#skeleton = skeleton;
    this.#target = target;
    this.states = skeleton.layers.map(() => undefined);
    if (skeleton.inexact !== undefined) this.doubts.add(skeleton.inexact);
  }

  step(step: RecipeStep, index: number): void {
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
        this.doubts.add(`the pass "${step.pass}" cannot be predicted`);
    }
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
    const disturbed = this.states.some((state) => state !== undefined) || overridesSparsity(step);
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

/** Chains that do not change while a slider moves, for targets with and without functions. */
const memos = new WeakMap<SizeSkeleton, { readonly calls: FormMemo; readonly plain: FormMemo }>();

/** The forms that lowering would choose, and the lengths of the model that it would change. */
function written(
  skeleton: SizeSkeleton,
  layers: readonly SkeletonLayer[],
  shapes: readonly EncodingShape[],
  functions: boolean,
): { plan: FormPlan; base: SkeletonBase } {
  const at = (opset: number): FormRequest[] =>
    layers.map((layer, i) => requestFor(skeleton, layer, shapes[i], opset));
  const kept = memos.get(skeleton) ?? { calls: new FormMemo(), plain: new FormMemo() };
  memos.set(skeleton, kept);
  const memo = functions ? kept.calls : kept.plain;
  const { opset } = skeleton;
  const domain = functions ? skeleton.domain : NO_FUNCTIONS;
  const wishes = wishedOpsets(at(bestOpset(opset)), opset, domain, memo);
  for (const wish of wishes) {
    const base = skeleton.raised.find((raised) => raised.opset === wish)?.base;
    if (base !== undefined) return { plan: decideForms(at(wish), domain, memo), base };
  }
  const plan = decideForms(at(opset), domain, memo);
  const chains = plan.choices.some(({ kind }) => kind === 'chain');
  return { plan, base: chains ? (skeleton.unlisted ?? skeleton.base) : skeleton.base };
}

function requestFor(
  skeleton: SizeSkeleton,
  layer: SkeletonLayer,
  shape: EncodingShape,
  opset: number,
): FormRequest {
  const own = skeleton.graphs[layer.graph].functionOpset;
  return {
    shape,
    site: {
      value: layer.value,
      dims: layer.dims,
      dataType: layer.dataType,
      prefix: sitePrefix(skeleton.prefix, layer.index),
      sharedPrefix: sitePrefix(skeleton.prefix, 0),
      opset: own ?? opset,
    },
    holder: own === undefined ? 'initializer' : 'constant',
    originalBytes: layer.originalBytes,
    ...(layer.matrix === undefined ? {} : { matrix: layer.matrix }),
  };
}

function layerBytes(layer: SkeletonLayer, choice: Choice): number {
  switch (choice.kind) {
    case 'chain':
      return choice.bytes + choice.outerBytes;
    case 'zeros':
      return layer.zerosBytes;
    case 'original':
      return layer.restoredBytes;
    default:
      return choice satisfies never;
  }
}

function total(
  skeleton: SizeSkeleton,
  base: SkeletonBase,
  layers: readonly SkeletonLayer[],
  plan: FormPlan,
): number {
  const growth = skeleton.graphs.map(() => 0);
  const shared = new Map<number, Set<SharedKey>>();
  layers.forEach((layer, i) => {
    const choice = plan.choices[i];
    const top = topOf(skeleton, layer.graph);
    growth[layer.graph] -= layer.fieldBytes;
    if (choice.kind !== 'chain') {
      growth[layer.graph] += layerBytes(layer, choice);
      return;
    }
    growth[layer.graph] += choice.bytes;
    growth[top] += choice.outerBytes;
    if (base.listsWeights) growth[layer.graph] -= layer.inputBytes;
    if (choice.call !== undefined) return;
    const keys = shared.get(top) ?? new Set();
    for (const key of choice.chain.shared) keys.add(key);
    shared.set(top, keys);
  });
  for (const [top, keys] of shared) {
    const holder = skeleton.graphs[top].functionOpset === undefined ? 'initializer' : 'constant';
    growth[top] += sharedBytes(keys, sitePrefix(skeleton.prefix, 0), holder);
  }
  const contrib =
    plan.choices.some((choice) => choice.kind === 'chain' && choice.replacesReader) &&
    !skeleton.imported.includes(CONTRIB_DOMAIN);
  const imported = contrib ? importBytes(CONTRIB_DOMAIN) : 0;
  return base.bytes + fileGrowth(skeleton, base, growth) + plan.functionBytes + imported;
}

/** Growth of the file: that of each graph, through the length prefixes of the messages around it, innermost first. */
function fileGrowth(skeleton: SizeSkeleton, base: SkeletonBase, growth: number[]): number {
  const { graphs } = skeleton;
  const nodeGrowth = base.nodes.map(() => 0);
  let file = 0;
  for (let g = graphs.length - 1; g >= 0; g--) {
    // Every graph in a node of this one stands behind it in the list, so that those nodes have grown to their end.
    growth[g] += grownNodes(skeleton, base, nodeGrowth, g);
    let grown = growth[g];
    if (grown === 0) continue;
    for (const length of base.enclosing[g]) grown += prefixGrowth(length, grown);
    const { node } = graphs[g];
    if (node === undefined) file += grown;
    else nodeGrowth[node] += grown;
  }
  return file;
}

function grownNodes(
  skeleton: SizeSkeleton,
  base: SkeletonBase,
  nodeGrowth: readonly number[],
  parent: number,
): number {
  const nodes = new Set(
    skeleton.graphs.flatMap((g) => (g.parent === parent && g.node !== undefined ? [g.node] : [])),
  );
  let grown = 0;
  for (const node of nodes) grown += nodeGrowth[node] + prefixGrowth(base.nodes[node], nodeGrowth[node]);
  return grown;
}

function prefixGrowth(length: number, grown: number): number {
  return varintLength(length + grown) - varintLength(length);
}

function topOf(skeleton: SizeSkeleton, graph: number): number {
  let top = graph;
  for (let p = skeleton.graphs[top].parent; p !== undefined; p = skeleton.graphs[top].parent) top = p;
  return top;
}
