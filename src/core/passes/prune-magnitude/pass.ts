/**
 * Pass prune-magnitude: the smallest weights become zero. It marks them in an encoding's mask; lowering decides how the
 * zeros are stored. Every weight that is not frozen takes part, depthwise filters too; `layers` overrides any of them.
 * It must not know storage beyond its name.
 */
import { openDraft } from '../../onnx/draft.ts';
import type { Tensor } from '../../onnx/ir.ts';
import { editorsByPath, listWeights, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { layoutOf, precisionLabel } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { carriedMask, decibels, originalOf, originalValues, usableValues } from '../encoded.ts';
import { layerValues } from '../params.ts';
import type { LayerChange, ParamValues, Pass, PassContext, SkippedLayer } from '../types.ts';
import { keptCounts, lampScores } from './lamp.ts';
import { pruneMagnitudeMeta } from './meta.ts';
import { planPrune, prunedCount, prunesNothing, rowsOf, storageOf } from './plan.ts';
import type { PrunePlan } from './plan.ts';

interface Task {
  readonly layer: WeightLayer;
  readonly plan: PrunePlan;
  readonly values: ParamValues;
}

export const pruneMagnitude: Pass = {
  meta: pruneMagnitudeMeta,
  async run(model, params, layers, context) {
    const draft = openDraft(model);
    const editors = editorsByPath(draft);
    const skipped: SkippedLayer[] = [];
    const tasks: Task[] = [];
    for (const layer of listWeights(model, draft)) {
      const values = layerValues(pruneMagnitudeMeta, params, layers, layer.id);
      const overridden = Object.hasOwn(layers, layer.id) && layers[layer.id]['sparsity'] !== undefined;
      const plan = planPrune({ ...layer, dims: layer.tensor.dims }, values, overridden);
      if (layer.frozen !== undefined) skipped.push({ layer: layer.id, reason: layer.frozen });
      else if (plan !== undefined) tasks.push({ layer, plan, values });
    }
    const keeps = await globalKeeps(tasks, context, skipped);
    const changed: LayerChange[] = [];
    for (const [i, task] of tasks.entries()) {
      await context.checkpoint(0.5 + i / tasks.length / 2, `pruning ${task.layer.label}`);
      const result = await prune(task, keeps.get(task.layer.id), context);
      if (result === undefined) continue;
      if (typeof result === 'string') {
        if (!skipped.some((s) => s.layer === task.layer.id))
          skipped.push({ layer: task.layer.id, reason: result });
        continue;
      }
      const editor = editors.get(task.layer.graph);
      if (editor === undefined) throw new Error(`no graph at ${task.layer.graph}`);
      replaceWeight(editor, task.layer, result.tensor);
      changed.push(result.change);
    }
    return {
      model: changed.length === 0 ? model : draft.finish(),
      changed,
      skipped,
      facts: {
        'weights pruned': changed.length,
        ...(changed.length > 0 && Object.hasOwn(context.target.refusals, 'sparse')
          ? { storage: context.target.refusals['sparse'].text }
          : {}),
      },
    };
  },
};

/** Kept weights of each layer whose share is decided over the whole model. */
async function globalKeeps(
  tasks: readonly Task[],
  context: PassContext,
  skipped: SkippedLayer[],
): Promise<ReadonlyMap<string, number>> {
  const pool: { id: string; scores: Float32Array }[] = [];
  let sparsity = 0;
  let total = 0;
  for (const [i, { layer, plan, values }] of tasks.entries()) {
    if (plan.kind !== 'global') continue;
    await context.checkpoint(i / tasks.length / 2, `scoring ${layer.label}`);
    const weights = usableValues(layer.tensor);
    if (typeof weights === 'string') {
      skipped.push({ layer: layer.id, reason: weights });
      continue;
    }
    sparsity = Number(values['sparsity']);
    total += layer.elements;
    pool.push({ id: layer.id, scores: lampScores(weights) });
  }
  const count = prunedCount(total, sparsity);
  if (count === 0) return new Map();
  const scores = pool.map((entry) => entry.scores);
  const threshold = await context.kernels.kthMagnitude(scores, count);
  const keeps = keptCounts(scores, count, threshold);
  return new Map(pool.map((entry, i) => [entry.id, keeps[i]]));
}

/** The pruned tensor; a string when it must stay as it is; undefined when nothing of it is pruned. */
async function prune(
  { layer, plan, values }: Task,
  globalKeep: number | undefined,
  context: PassContext,
): Promise<{ tensor: Tensor; change: LayerChange } | string | undefined> {
  const weights = usableValues(layer.tensor);
  if (typeof weights === 'string') return weights;
  const keep = plan.kind === 'global' ? globalKeep : plan.keep;
  const { kept } = carriedMask(layer.tensor, layer.elements);
  if (keep === undefined || prunesNothing(plan.kind, keep, layer.elements, kept)) return undefined;
  const mask =
    plan.kind === 'nm'
      ? await patternMask(layer, weights, plan.n, plan.m, context)
      : await context.kernels.topMask(weights, keep);
  const encoding = withMask(layer.tensor, weights, mask, keep, storageOf(values, context.target));
  const pruned = await context.kernels.applyMask(weights, mask);
  const sums = await context.kernels.errorSums(originalValues(layer.tensor, weights), pruned);
  const tensor: Tensor = {
    name: layer.tensor.name,
    dataType: layer.tensor.dataType,
    dims: layer.tensor.dims,
    docString: '',
    data: { kind: 'encoded', encoding, original: originalOf(layer.tensor) },
  };
  const change: LayerChange = {
    layer: layer.id,
    sparsity: 1 - keep / layer.elements,
    sqnrDb: decibels(sums),
    ...(encoding.precision === 'fp32' ? {} : { precision: precisionLabel(encoding) }),
  };
  return { tensor, change };
}

/**
 * Codes of an earlier step stay as they are: a pruned position decodes to 0 whatever its code is. Floats do not: a place
 * that was pruned before, and that the new mask keeps, must not get its old value back.
 */
function withMask(
  tensor: Tensor,
  weights: Float32Array,
  mask: Uint8Array,
  keep: number,
  sparse: WeightEncoding['storage']['sparse'],
): WeightEncoding {
  const shape = { mask, masked: true, kept: keep };
  if (tensor.data.kind === 'encoded') {
    const { encoding } = tensor.data;
    const codes = encoding.precision === 'fp32' ? weights : encoding.codes;
    return { ...encoding, ...shape, codes, storage: { ...encoding.storage, sparse } };
  }
  return {
    ...shape,
    precision: 'fp32',
    signed: true,
    granularity: { kind: 'tensor' },
    scaleType: 'float32',
    scaleExponent: 0,
    codes: weights,
    storage: { form: 'decode-at-load', sparse },
  };
}

/** N:M along the inputs of each output channel, as a mask over the tensor's own order. */
async function patternMask(
  layer: WeightLayer,
  weights: Float32Array,
  n: number,
  m: number,
  context: PassContext,
): Promise<Uint8Array> {
  const { rows, columns } = rowsOf({ ...layer, dims: layer.tensor.dims });
  if (layer.axis === undefined) return context.kernels.nmMask(weights, rows, columns, n, m);
  const { outer, channels, inner } = layoutOf(layer.tensor.dims, layer.axis);
  if (outer === 1) return context.kernels.nmMask(weights, rows, columns, n, m);
  const order = new Uint32Array(weights.length);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < inner; i++) order[at++] = c * columns + o * inner + i;
    }
  }
  const matrix = new Float32Array(weights.length);
  for (let i = 0; i < order.length; i++) matrix[order[i]] = weights[i];
  const major = await context.kernels.nmMask(matrix, rows, columns, n, m);
  const mask = new Uint8Array(major.length);
  for (let i = 0; i < order.length; i++) {
    const bit = (major[order[i] >>> 3] >>> (order[i] & 7)) & 1;
    mask[i >>> 3] |= bit << (i & 7);
  }
  return mask;
}
