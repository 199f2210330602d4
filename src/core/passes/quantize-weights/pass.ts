/**
 * Pass quantize-weights: gives each weight an encoding in fewer bits (algorithm.ts has the maths). Graphs keep their
 * operators; lowering writes the encoding as ONNX at the end. It must not know storage or targets beyond their names.
 */
import { openDraft } from '../../onnx/draft.ts';
import type { Model, Tensor } from '../../onnx/ir.ts';
import { editorsByPath, listWeights, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { decodeWeight } from '../../tensor/decode.ts';
import { precisionLabel } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { layerValues } from '../params.ts';
import { carriedMask, decibels, originalOf, originalValues, usableValues } from '../encoded.ts';
import type { LayerChange, Pass, PassContext, SkippedLayer } from '../types.ts';
import { quantizeTensor } from './algorithm.ts';
import { quantizeWeightsMeta } from './meta.ts';
import { planQuantize } from './plan.ts';
import type { QuantizePlan } from './plan.ts';

export const quantizeWeights: Pass = {
  meta: quantizeWeightsMeta,
  async run(model, params, layers, context) {
    const draft = openDraft(model);
    const editors = editorsByPath(draft);
    const changed: LayerChange[] = [];
    const skipped: SkippedLayer[] = [];
    const counts = { flushed: 0 };
    const weights = listWeights(model, draft);
    for (const [i, layer] of weights.entries()) {
      const pause = (): Promise<void> => context.checkpoint(i / weights.length, `quantizing ${layer.label}`);
      await pause();
      if (layer.frozen !== undefined) {
        skipped.push({ layer: layer.id, reason: layer.frozen });
        continue;
      }
      const values = layerValues(quantizeWeightsMeta, params, layers, layer.id);
      const plan = planQuantize(
        { ...layer, dims: layer.tensor.dims, dataType: layer.tensor.dataType },
        values,
      );
      if (plan === undefined) continue;
      const result = typeof plan === 'string' ? plan : await encode(layer, plan, context, pause);
      if (typeof result === 'string') {
        skipped.push({ layer: layer.id, reason: result });
        continue;
      }
      const editor = editors.get(layer.graph);
      if (editor === undefined) throw new Error(`no graph at ${layer.graph}`);
      replaceWeight(editor, layer, result.tensor);
      counts.flushed += result.flushed;
      changed.push(result.change);
    }
    return {
      model: finished(model, changed, draft),
      changed,
      skipped,
      facts: factsOf(changed, counts.flushed),
    };
  },
};

function finished(model: Model, changed: readonly LayerChange[], draft: { finish(): Model }): Model {
  return changed.length === 0 ? model : draft.finish();
}

function factsOf(changed: readonly LayerChange[], flushed: number): Record<string, number> {
  return {
    'weights encoded': changed.length,
    ...(flushed === 0 ? {} : { 'values too small for fp16, now 0': flushed }),
  };
}

interface Encoded {
  readonly tensor: Tensor;
  readonly change: LayerChange;
  readonly flushed: number;
}

/** The encoded tensor, or why the layer stays as it is. */
async function encode(
  layer: WeightLayer,
  plan: QuantizePlan,
  context: PassContext,
  pause: () => Promise<void>,
): Promise<Encoded | string> {
  const values = usableValues(layer.tensor);
  if (typeof values === 'string') return values;
  const { mask, kept, sparse } = carriedMask(layer.tensor, layer.elements);
  const common = {
    signed: plan.signed,
    granularity: plan.granularity,
    scaleType: plan.scaleType,
    masked: mask !== undefined,
    kept,
    storage: { form: plan.form, sparse },
    ...(mask === undefined ? {} : { mask }),
  };
  let encoding: WeightEncoding;
  let note: string | undefined;
  let flushed = 0;
  if (plan.precision === 'fp16') {
    const half = await context.kernels.toHalf(values);
    if (half.overflowed > 0) return `${half.overflowed} values are beyond ±65504, the range of fp16`;
    flushed = half.flushed;
    if (flushed > 0) note = `${flushed} values below 3e-8 became 0`;
    encoding = { ...common, precision: 'fp16', codes: half.codes, scaleExponent: 0 };
  } else {
    const quantized = await quantizeTensor(
      values,
      layer.tensor.dims,
      { ...plan, precision: plan.precision },
      context.kernels,
      pause,
    );
    await pause();
    encoding = { ...common, ...quantized, precision: plan.precision };
  }
  const decoded = decodeWeight(encoding, layer.tensor.dims, layer.tensor.dataType);
  const sums = await context.kernels.errorSums(originalValues(layer.tensor, values), decoded);
  const tensor: Tensor = {
    name: layer.tensor.name,
    dataType: layer.tensor.dataType,
    dims: layer.tensor.dims,
    docString: '',
    data: { kind: 'encoded', encoding, original: originalOf(layer.tensor) },
  };
  const change: LayerChange = {
    layer: layer.id,
    precision: precisionLabel(encoding),
    sqnrDb: decibels(sums),
    ...(note === undefined ? {} : { note }),
  };
  return { tensor, change, flushed };
}
