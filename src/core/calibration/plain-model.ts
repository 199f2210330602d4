/**
 * A model as a runtime can load it for measuring: compressed weights written as floats, one file. It must not know
 * statistics.
 */
import { openDraft } from '../onnx/draft.ts';
import { rawTensor } from '../onnx/build.ts';
import type { Model, Tensor } from '../onnx/ir.ts';
import { editorsByPath, listWeights, readWeight, replaceWeight } from '../onnx/weights.ts';
import { floatToHalf } from '../tensor/float16.ts';
import type { StatisticsRequest } from './types.ts';

/**
 * @param of `floats`: each weight as it was before it was encoded; `encoded`: as its codes decode. The given model
 * itself where nothing is encoded.
 */
export function plainModel(model: Model, of: StatisticsRequest['of']): Model {
  const draft = openDraft(model);
  const layers = listWeights(model, draft).filter(({ tensor }) => tensor.data.kind === 'encoded');
  if (layers.length === 0) return model;
  const editors = editorsByPath(draft);
  for (const layer of layers) {
    const editor = editors.get(layer.graph);
    const { data } = layer.tensor;
    if (editor === undefined || data.kind !== 'encoded') continue;
    replaceWeight(editor, layer, of === 'floats' ? data.original : decoded(layer.tensor));
  }
  return draft.finish();
}

/** In the element type that the graph reads. */
function decoded(tensor: Tensor): Tensor {
  const values = readWeight(tensor) ?? new Float32Array(0);
  switch (tensor.dataType) {
    case 'float16':
      return rawTensor(tensor.name, 'float16', tensor.dims, bytesOf(Uint16Array.from(values, floatToHalf)));
    case 'float64':
      return rawTensor(tensor.name, 'float64', tensor.dims, bytesOf(Float64Array.from(values)));
    default:
      return rawTensor(tensor.name, tensor.dataType, tensor.dims, bytesOf(values));
  }
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
