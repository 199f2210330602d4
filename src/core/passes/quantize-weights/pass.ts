/**
 * Pass quantize-weights: gives each weight an encoding in fewer bits (algorithm.ts and its neighbours have the maths).
 * Graphs keep their operators; lowering writes the encoding as ONNX at the end. It must not know storage beyond its name.
 */
import type { LayerGram } from '../../calibration/types.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Model, Tensor } from '../../onnx/ir.ts';
import { matrixUse } from '../../onnx/matrix-use.ts';
import { editorsByPath, listWeights, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { decodeWeight } from '../../tensor/decode.ts';
import { hasCodes, precisionLabel } from '../../tensor/encoding.ts';
import type { CodePrecision, WeightEncoding } from '../../tensor/encoding.ts';
import { carriedMask, decibels, originalOf, originalValues, usableValues } from '../encoded.ts';
import type { LayerChange, Pass, PassContext, SkippedLayer } from '../types.ts';
import { encodeCodes, momentsProblem } from './encode.ts';
import type { DoneMethod } from './encode.ts';
import { factsOf } from './facts.ts';
import { quantizeWeightsMeta } from './meta.ts';
import { planLayer, quantizeRequest } from './plan.ts';
import type { LayerShape, QuantizePlan } from './plan.ts';

export const quantizeWeights: Pass = {
  meta: quantizeWeightsMeta,
  async run(model, params, layers, context) {
    const draft = openDraft(model);
    const weights = listWeights(model, draft);
    const shapes = weights.map((layer) => shapeOf(layer, draft.main));
    const request = quantizeRequest(params, layers, context.target, shapes);
    const run = new Run(context, editorsByPath(draft), weights.length);
    const tasks: Task[] = [];
    for (const [i, layer] of weights.entries()) {
      if (layer.frozen !== undefined) {
        run.skip(layer, layer.frozen);
        continue;
      }
      const plan = planLayer(shapes[i], request);
      if (typeof plan === 'string') run.skip(layer, plan);
      else if (plan !== undefined) tasks.push({ layer, plan });
    }
    await run.all(model, tasks);
    return run.outcome(model, weights, () => draft.finish());
  },
};

function shapeOf(layer: WeightLayer, main: GraphEditor): LayerShape {
  const { masked } = maskOf(layer);
  const matrix = matrixUse(layer, main);
  return {
    id: layer.id,
    dims: layer.tensor.dims,
    axis: layer.axis,
    dataType: layer.tensor.dataType,
    frozen: layer.frozen,
    masked,
    ...(typeof matrix === 'string' ? {} : { matrix }),
  };
}

function maskOf(layer: WeightLayer): ReturnType<typeof carriedMask> & { readonly masked: boolean } {
  const found = carriedMask(layer.tensor, layer.elements);
  return { ...found, masked: found.mask !== undefined };
}

interface Task {
  readonly layer: WeightLayer;
  readonly plan: QuantizePlan;
}

/** What was done to one layer, for the facts. */
export interface Done {
  readonly change: LayerChange;
  readonly method: DoneMethod | 'fp16';
  readonly flushed: number;
  readonly noMoments?: string;
}

class Run {
  readonly #context: PassContext;
  readonly #editors: ReadonlyMap<string, GraphEditor>;
  readonly #total: number;
  readonly #done = new Map<string, Done>();
  readonly #skipped = new Map<string, string>();

  constructor(context: PassContext, editors: ReadonlyMap<string, GraphEditor>, total: number) {
    this.#context = context;
    this.#editors = editors;
    this.#total = Math.max(1, total);
  }

  skip(layer: WeightLayer, reason: string): void {
    this.#skipped.set(layer.id, reason);
  }

  /** Layers whose inputs are asked for are worked on as their moments arrive. */
  async all(model: Model, tasks: readonly Task[]): Promise<void> {
    const asking = new Map(
      tasks.filter((task) => this.#wantsMoments(task)).map((task) => [task.layer.id, task]),
    );
    for (const task of tasks) if (!asking.has(task.layer.id)) await this.#encode(task, undefined);
    const { calibration } = this.#context;
    if (asking.size === 0 || calibration === undefined) return;
    await calibration.grams(
      model,
      [...asking.keys()],
      'floats',
      (_fraction, doing) => this.#context.checkpoint(this.#fraction(), doing),
      async (id, gram) => {
        const task = asking.get(id);
        if (task !== undefined) await this.#encode(task, gram);
      },
    );
  }

  #wantsMoments({ layer, plan }: Task): boolean {
    const { calibration } = this.#context;
    if (calibration === undefined || layer.axis === undefined || maskOf(layer).masked) return false;
    if (!hasCodes(plan.precision)) return false;
    if (plan.method !== 'auto') return plan.method !== 'nearest' && plan.method !== 'hqq';
    return calibration.samples.origin === 'samples';
  }

  #fraction(): number {
    return (this.#done.size + this.#skipped.size) / this.#total;
  }

  async #encode(task: Task, moments: LayerGram | string | undefined): Promise<void> {
    const { layer, plan } = task;
    const pause = (): Promise<void> =>
      this.#context.checkpoint(this.#fraction(), `quantizing ${layer.label}`);
    await pause();
    const values = usableValues(layer.tensor);
    if (typeof values === 'string') {
      this.skip(layer, values);
      return;
    }
    const result = await (plan.precision === 'fp16'
      ? encodeHalf(layer, plan, values, this.#context)
      : encodeLayer(layer, { ...plan, precision: plan.precision }, values, moments, this.#context, pause));
    if (typeof result === 'string') {
      this.skip(layer, result);
      return;
    }
    const editor = this.#editors.get(layer.graph);
    if (editor === undefined) throw new Error(`no graph at ${layer.graph}`);
    replaceWeight(editor, layer, result.tensor);
    this.#done.set(layer.id, result);
  }

  outcome(
    model: Model,
    weights: readonly WeightLayer[],
    finish: () => Model,
  ): Awaited<ReturnType<Pass['run']>> {
    const done = weights.flatMap(({ id }) => this.#done.get(id) ?? []);
    const skipped = weights.flatMap(({ id }): SkippedLayer[] => {
      const reason = this.#skipped.get(id);
      return reason === undefined ? [] : [{ layer: id, reason }];
    });
    return {
      model: done.length === 0 ? model : finish(),
      changed: done.map(({ change }) => change),
      skipped,
      facts: factsOf(done, this.#context.calibration?.samples),
    };
  }
}

type Result = Done & { readonly tensor: Tensor };

/** The encoded tensor, or why the layer stays as it is. */
async function encodeHalf(
  layer: WeightLayer,
  plan: QuantizePlan,
  values: Float32Array,
  context: PassContext,
): Promise<Result | string> {
  const half = await context.kernels.toHalf(values);
  if (half.overflowed > 0) return `${half.overflowed} values are beyond ±65504, the range of fp16`;
  const { flushed, codes } = half;
  const encoding = { ...commonOf(layer, plan), precision: 'fp16' as const, codes, scaleExponent: 0 };
  const notes = flushed > 0 ? [`${flushed} values below 3e-8 became 0`] : [];
  return { ...(await resultOf(layer, values, encoding, notes, context)), method: 'fp16', flushed };
}

async function encodeLayer(
  layer: WeightLayer,
  plan: QuantizePlan & { readonly precision: CodePrecision },
  values: Float32Array,
  moments: LayerGram | string | undefined,
  context: PassContext,
  pause: () => Promise<void>,
): Promise<Result> {
  const { dims, dataType } = layer.tensor;
  const usable =
    typeof moments === 'object' && layer.axis !== undefined
      ? (momentsProblem(moments, dims, layer.axis) ?? moments)
      : moments;
  const gram = typeof usable === 'object' ? usable : undefined;
  const { masked } = maskOf(layer);
  const found = await encodeCodes(
    { values, dims, dataType, axis: layer.axis, plan, masked, gram, kernel: kernelOf(layer) },
    context.kernels,
    pause,
  );
  const encoding = { ...commonOf(layer, plan), ...found.part };
  const notes = [plan.note, found.note].filter((note) => note !== undefined);
  const result = await resultOf(layer, values, encoding, notes, context);
  const { outputError } = found;
  return {
    ...result,
    change: { ...result.change, ...(outputError === undefined ? {} : { outputError }) },
    method: found.method,
    flushed: 0,
    ...(typeof usable === 'string' ? { noMoments: usable } : {}),
  };
}

/** Columns of one kernel, where convolutions read the weight: neighbouring inputs are alike. */
function kernelOf({ consumers, tensor, axis }: WeightLayer): number | undefined {
  if (axis !== 0 || consumers.some(({ node }) => node.opType !== 'Conv')) return undefined;
  return Math.max(
    1,
    tensor.dims.slice(2).reduce((product, size) => product * size, 1),
  );
}

function commonOf(
  layer: WeightLayer,
  plan: QuantizePlan,
): Omit<WeightEncoding, 'codes' | 'scaleExponent' | 'scales' | 'zeroPoints'> {
  const { mask, masked, kept, sparse } = maskOf(layer);
  const { precision, signed, granularity, scaleType, zeroType, form, accuracyLevel } = plan;
  return {
    precision,
    signed,
    granularity,
    scaleType,
    ...(zeroType === undefined ? {} : { zeroType }),
    masked,
    kept,
    storage: { form, sparse, ...(accuracyLevel === undefined ? {} : { accuracyLevel }) },
    ...(mask === undefined ? {} : { mask }),
  };
}

async function resultOf(
  layer: WeightLayer,
  values: Float32Array,
  encoding: WeightEncoding,
  notes: readonly string[],
  context: PassContext,
): Promise<Pick<Result, 'tensor' | 'change'>> {
  const { name, dataType, dims } = layer.tensor;
  const decoded = decodeWeight(encoding, dims, dataType);
  const sums = await context.kernels.errorSums(originalValues(layer.tensor, values), decoded);
  return {
    tensor: {
      name,
      dataType,
      dims,
      docString: '',
      data: { kind: 'encoded', encoding, original: originalOf(layer.tensor) },
    },
    change: {
      layer: layer.id,
      precision: precisionLabel(encoding),
      sqnrDb: decibels(sums),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    },
  };
}
