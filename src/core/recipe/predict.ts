/**
 * The exact size of a variant, from the model's skeleton alone: the passes' own plans, lowering's own choice of forms,
 * the writer's own lengths. Runs in the page at every move of a slider. It must not know weights.
 */
import { convertHalfMeta } from '../passes/convert-half/meta.ts';
import { FormMemo, NO_FUNCTIONS } from '../passes/lowering/candidates.ts';
import type { FormRequest } from '../passes/lowering/candidates.ts';
import type { SharedKey } from '../passes/lowering/chain.ts';
import { decideForms } from '../passes/lowering/choose.ts';
import type { Choice, FormPlan } from '../passes/lowering/choose.ts';
import { importBytes } from '../passes/lowering/functions.ts';
import { CONTRIB_DOMAIN } from '../passes/lowering/matmul-nbits.ts';
import { sharedBytes } from '../passes/lowering/measure.ts';
import { sitePrefix } from '../passes/lowering/names.ts';
import { bestOpset, wishedOpsets } from '../passes/lowering/raise.ts';
import { targetOf } from '../targets/registry.ts';
import type { Target } from '../targets/types.ts';
import type { EncodingShape } from '../tensor/encoding.ts';
import { varintLength } from '../onnx/wire-write.ts';
import { Rehearsal } from './rehearse.ts';
import type { State } from './rehearse.ts';
import { deviationOf } from './size-bounds.ts';
import type { PlannedModel } from './size-bounds.ts';
import type { SizeSkeleton, SkeletonBase, SkeletonLayer } from './skeleton.ts';
import type { Recipe } from './types.ts';

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
  /** What the written file lies between, where `bytes` is not exact and that much is known. */
  readonly bounds?: { readonly low: number; readonly high: number };
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
  if (recipe.steps.length > 0) run.doubtTarget();
  const encoded = skeleton.layers.filter((_, i) => states[i] !== undefined);
  const { bytes, layers, functionBytes } = sizesOf(skeleton, encoded, states, target);
  // Where nothing is encoded, writing the graph from its parts may change its length.
  const rewritten = encoded.length === 0 ? skeleton.base.bytes - bytes : 0;
  const halves = run.moving.some(({ pass }) => pass === convertHalfMeta.id);
  const planned = (): PlannedModel =>
    plannedModel(skeleton, target, states, { layers, functionBytes }, halves);
  return { bytes, ...certaintyOf(run, bytes, rewritten, planned), layers };
}

interface Sizes {
  readonly layers: readonly LayerPrediction[];
  /** Of local functions that decode weights. */
  readonly functionBytes: number;
}

function sizesOf(
  skeleton: SizeSkeleton,
  encoded: readonly SkeletonLayer[],
  states: readonly State[],
  target: Target,
): Sizes & { readonly bytes: number } {
  const shapes = states.flatMap((state) => (state === undefined ? [] : [state]));
  const lowered = encoded.length === 0 ? undefined : written(skeleton, encoded, shapes, target);
  let next = 0;
  const layers = skeleton.layers.map((layer, i): LayerPrediction => {
    const state = states[i];
    if (state === undefined || lowered === undefined)
      return { id: layer.id, bytes: layer.fieldBytes, sparsity: 0 };
    const sparsity = 1 - state.kept / layer.elements;
    return { id: layer.id, bytes: layerBytes(layer, lowered.plan.choices[next++]), sparsity };
  });
  if (lowered === undefined) return { bytes: skeleton.bytes, layers, functionBytes: 0 };
  const bytes = total(skeleton, lowered.base, encoded, lowered.plan);
  return { bytes, layers, functionBytes: lowered.plan.functionBytes };
}

/** Exact where nothing is doubted and no step can move the size; else why not, and how far it may be off. */
function certaintyOf(
  { doubts, moving }: Rehearsal,
  bytes: number,
  rewritten: number,
  planned: () => PlannedModel,
): Pick<SizePrediction, 'exact' | 'inexact' | 'bounds'> {
  const [doubt] = doubts;
  if (moving.length === 0) return doubt === undefined ? { exact: true } : { exact: false, inexact: doubt };
  const model = planned();
  const earlier = new Set<string>();
  let low = Math.min(0, rewritten);
  let high = Math.max(0, rewritten);
  let bounded = true;
  let cause: string | undefined;
  for (const step of moving) {
    const by = deviationOf(step, earlier, model);
    earlier.add(step.pass);
    // What has no bound is the better reason.
    if (by === undefined ? bounded : by.low < 0 || by.high > 0)
      cause = by === undefined ? step.pass : (cause ?? step.pass);
    bounded &&= by !== undefined;
    low += by?.low ?? 0;
    high += by?.high ?? 0;
  }
  const inexact = doubt ?? (cause && `what the step "${cause}" writes depends on values`);
  if (inexact === undefined) return { exact: true };
  const known = bounded && doubt === undefined;
  return {
    exact: false,
    inexact,
    ...(known
      ? { bounds: { low: Math.max(0, Math.floor(bytes + low)), high: Math.ceil(bytes + high) } }
      : {}),
  };
}

function plannedModel(
  skeleton: SizeSkeleton,
  target: Target,
  states: readonly State[],
  { layers, functionBytes }: Sizes,
  halves: boolean,
): PlannedModel {
  const planned = { layers, functionBytes };
  const half = halves ? halvedSizes(skeleton, states, target) : planned;
  return {
    skeleton,
    target,
    functionBytes,
    halfFunctionBytes: half.functionBytes,
    layers: skeleton.layers.map((layer, i) => ({
      layer,
      state: states[i],
      bytes: layers[i].bytes,
      halfBytes: half.layers[i].bytes,
    })),
  };
}

/** Of the same weights read as halves. The chains that are remembered are those of the model as it is. */
function halvedSizes(skeleton: SizeSkeleton, states: readonly State[], target: Target): Sizes {
  const layers = skeleton.layers.map((layer): SkeletonLayer => ({ ...layer, dataType: 'float16' }));
  const encoded = layers.filter((_, i) => states[i] !== undefined);
  return sizesOf({ ...skeleton, layers }, encoded, states, target);
}

/** Chains that do not change while a slider moves, for targets with and without functions. */
const memos = new WeakMap<SizeSkeleton, { readonly calls: FormMemo; readonly plain: FormMemo }>();

/** The forms that lowering would choose, and the lengths of the model that it would change. */
function written(
  skeleton: SizeSkeleton,
  layers: readonly SkeletonLayer[],
  shapes: readonly EncodingShape[],
  { localFunctions: functions, opset: read }: Target,
): { plan: FormPlan; base: SkeletonBase } {
  const at = (opset: number): FormRequest[] =>
    layers.map((layer, i) => requestFor(skeleton, layer, shapes[i], opset));
  const kept = memos.get(skeleton) ?? { calls: new FormMemo(), plain: new FormMemo() };
  memos.set(skeleton, kept);
  const memo = functions ? kept.calls : kept.plain;
  const { opset } = skeleton;
  const domain = functions ? skeleton.domain : NO_FUNCTIONS;
  const wishes = wishedOpsets(at(bestOpset(opset)), opset, domain, memo);
  const least = read.written ?? read.min;
  const above = wishes.filter((wish) => wish >= least);
  for (const wish of opset < least ? new Set([...above, least]) : above) {
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
