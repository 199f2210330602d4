/**
 * A model as a runtime can load it for measuring: compressed weights written as floats, and in floats also without what
 * passes corrected for them. It must not know statistics.
 */
import { openDraft } from '../onnx/draft.ts';
import type { GraphEditor } from '../onnx/draft.ts';
import { rawTensor } from '../onnx/build.ts';
import type { Model, ReplacedTensor, Tensor } from '../onnx/ir.ts';
import { editorsByPath, listWeights, readWeight, replaceWeight } from '../onnx/weights.ts';
import { floatToHalf } from '../tensor/float16.ts';
import type { StatisticsRequest } from './types.ts';

/**
 * @param of `floats`: each weight as it was before it was encoded, each bias as it was before it was corrected for that;
 * `encoded`: weights as their codes decode, biases as they are. The given model itself where that changes nothing.
 */
export function plainModel(model: Model, of: StatisticsRequest['of']): Model {
  const draft = openDraft(model);
  const layers = listWeights(model, draft).filter(({ tensor }) => tensor.data.kind === 'encoded');
  const corrected = of === 'floats' ? correctedTensors(draft.main) : [];
  if (layers.length + corrected.length === 0) return model;
  const editors = editorsByPath(draft);
  for (const layer of layers) {
    const editor = editors.get(layer.graph);
    const { data } = layer.tensor;
    if (editor === undefined || data.kind !== 'encoded') continue;
    replaceWeight(editor, layer, of === 'floats' ? data.original : decoded(layer.tensor));
  }
  for (const [name, replaced] of corrected) putBack(draft.main, name, replaced);
  return draft.finish();
}

function correctedTensors(main: GraphEditor): [string, ReplacedTensor][] {
  return [...main.initializers].flatMap(([name, { data }]): [string, ReplacedTensor][] =>
    data.kind === 'raw' && data.replaced !== undefined ? [[name, data.replaced]] : [],
  );
}

function putBack(main: GraphEditor, name: string, { input, tensor }: ReplacedTensor): void {
  if (input === name && tensor !== undefined) {
    main.setInitializer(tensor);
    return;
  }
  for (const { node, scope } of main.uses(name)) {
    const current = scope.current(node);
    if (current === undefined) continue;
    const inputs = current.inputs.map((read) => (read === name ? (input ?? '') : read));
    if (input === undefined) while (inputs.at(-1) === '') inputs.pop();
    scope.replaceNode(current, { ...current, inputs });
  }
  main.removeInitializer(name);
  main.removeInput(name);
  // A Constant node or an initializer that other operators read is still there, unless another pass took it away.
  const gone = tensor !== undefined && input !== undefined && main.constant(input) === undefined;
  if (gone) main.setInitializer({ ...tensor, name: input });
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
