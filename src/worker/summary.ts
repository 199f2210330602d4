/**
 * What a model is, in numbers that a page or a terminal can show. Reads no weights. It must not know where the model
 * came from.
 */
import type { Model, ValueInfo } from '../core/onnx/ir.ts';
import { overridableInitializers } from '../core/onnx/overridable.ts';
import { verifyModel } from '../core/onnx/verify.ts';
import { forEachTensor } from '../core/onnx/walk.ts';
import type { WeightLayer } from '../core/onnx/weights.ts';
import { countParameters } from '../core/profile/parameters.ts';
import type { InputSummary, LayerSummary, ModelSummary } from './api.ts';

export type ModelFacts = Omit<ModelSummary, 'modelId' | 'fileName' | 'bytes' | 'skeleton'>;

/** @param weights the model's own, from listWeights */
export function summarizeModel(model: Model, weights: readonly WeightLayer[]): ModelFacts {
  const { graph } = model;
  const overridable = overridableInitializers(graph);
  const initializers = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter(({ name }) => !initializers.has(name) || overridable.has(name));
  let externalData = false;
  forEachTensor(model, ({ data }) => (externalData ||= data.kind === 'external'));
  return {
    parameters: countParameters(model, weights),
    weightBytes: weights.reduce((total, { weightBytes }) => total + weightBytes, 0),
    nodes: graph.nodes.length,
    irVersion: model.irVersion,
    opset: model.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
    inputs: inputs.map(describeValue),
    outputs: graph.outputs.map(describeValue),
    layers: weights.map(describeLayer),
    remarks: verifyModel(model).remarks,
    externalData,
  };
}

function describeValue({ name, type }: ValueInfo): InputSummary {
  return { name, dataType: type?.elementType ?? 'undefined', shape: type?.shape ?? null };
}

function describeLayer({ id, label, op, tensor, elements, weightBytes, frozen }: WeightLayer): LayerSummary {
  const { dims, dataType } = tensor;
  return {
    id,
    label,
    op,
    dims,
    dataType,
    elements,
    weightBytes,
    ...(frozen === undefined ? {} : { frozen }),
  };
}
