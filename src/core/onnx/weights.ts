/**
 * Finds the weights of a model, wherever the file keeps them: initializers, `Constant` nodes, subgraphs, function
 * bodies. One tensor is one layer, however many operators read it; what must stay as it is carries the reason.
 * It must not know how weights are compressed.
 */
import { byteLengthOf, elementCount } from '../tensor/dtype.ts';
import { decodeWeight } from '../tensor/decode.ts';
import { openDraft } from './draft.ts';
import type { GraphEditor, ModelDraft } from './draft.ts';
import type { Model, Node, Tensor } from './ir.ts';
import { overridableInitializers, overridableReason } from './overridable.ts';
import { denseBytes, floatValues } from './shapes/values.ts';
import { traceUses } from './weight-uses.ts';
import type { TracedUse } from './weight-uses.ts';

/** Below this no encoding pays for the operators that decode it (about 150 bytes of nodes and scales). */
export const MIN_WEIGHT_ELEMENTS = 64;

/** Before IR 4 every initializer had to be an input, and none could be overridden. */
const FIRST_IR_WITH_OVERRIDES = 4;

export interface WeightConsumer {
  /** Path of the graph the operator stands in. */
  readonly graph: string;
  readonly node: Node;
  readonly input: number;
}

export interface WeightLayer {
  /** Stable: the value's name, behind the path of its graph where that is not the main graph. */
  readonly id: string;
  /** Path of the graph that holds the tensor, as in GraphEditor. */
  readonly graph: string;
  /** Name of the value that consumers read. */
  readonly value: string;
  readonly holder: 'initializer' | 'constant' | 'sparse-initializer';
  /** The `Constant` node, where that is the holder. */
  readonly holderNode?: Node;
  readonly tensor: Tensor;
  /** Name of the operator that reads it, else of the value. */
  readonly label: string;
  readonly op: string;
  readonly consumers: readonly WeightConsumer[];
  /** Output-channel axis; undefined = no single one: scales are per tensor. */
  readonly axis: number | undefined;
  readonly elements: number;
  /** Bytes of the values in the file. */
  readonly weightBytes: number;
  /** Why every pass leaves it alone. */
  readonly frozen?: string;
}

/** All weights, in graph order and by first use. Pass an open draft of `model` to save the indexing. */
export function listWeights(model: Model, draft: ModelDraft = openDraft(model)): readonly WeightLayer[] {
  const layers: WeightLayer[] = [];
  const functions = new Map(draft.graphs().map((editor) => [editor.path, editor]));
  for (const editor of draft.graphs()) {
    const fixed =
      editor.path === '' && model.irVersion >= FIRST_IR_WITH_OVERRIDES
        ? overridableInitializers(model.graph)
        : new Set<string>();
    const found = constantsOf(editor).flatMap((constant) => {
      const layer = describe(constant, editor, functions, fixed);
      return layer === undefined ? [] : [layer];
    });
    layers.push(...inOrderOfUse(editor, found));
  }
  return layers;
}

interface Constant {
  readonly value: string;
  readonly tensor: Tensor;
  readonly holder: WeightLayer['holder'];
  readonly node?: Node;
}

function constantsOf(editor: GraphEditor): Constant[] {
  const found: Constant[] = [];
  for (const [value, tensor] of editor.initializers) found.push({ value, tensor, holder: 'initializer' });
  const seen = new Set(editor.initializers.keys());
  for (const node of editor.nodes) {
    if (node.opType !== 'Constant' || (node.domain !== '' && node.domain !== 'ai.onnx')) continue;
    const value = node.outputs[0];
    const attribute = node.attributes.find((a) => a.name === 'value');
    if (attribute?.kind === 'tensor' && !seen.has(value)) {
      found.push({ value, tensor: attribute.value, holder: 'constant', node });
    } else if (
      attribute?.kind === 'sparse-tensor' ||
      node.attributes.some((a) => a.kind === 'sparse-tensor')
    ) {
      const sparse = node.attributes.find((a) => a.kind === 'sparse-tensor');
      if (sparse?.kind === 'sparse-tensor')
        found.push({
          value,
          tensor: { ...sparse.value.values, dims: sparse.value.dims },
          holder: 'sparse-initializer',
        });
    }
  }
  return found;
}

function describe(
  constant: Constant,
  editor: GraphEditor,
  graphs: ReadonlyMap<string, GraphEditor>,
  overridable: ReadonlySet<string>,
): WeightLayer | undefined {
  const { tensor, value } = constant;
  const elements = elementCount(tensor.dims);
  if (tensor.dims.length < 2 || elements < 2) return undefined;
  const uses = traceUses(editor, value, tensor.dims, graphs);
  if (uses.length === 0) return undefined;
  const first = uses[0];
  const axes = new Set(uses.map((use) => use.axis));
  const frozen = frozenReason(constant, editor, uses, overridable);
  return {
    id: editor.path === '' ? value : `${editor.path}/${value}`,
    graph: editor.path,
    value,
    holder: constant.holder,
    ...(constant.node === undefined ? {} : { holderNode: constant.node }),
    tensor,
    label: first.node.name === '' ? value : first.node.name,
    op: first.op,
    consumers: uses.map(({ graph, node, input }) => ({ graph, node, input })),
    axis: axes.size === 1 ? first.axis : undefined,
    elements,
    weightBytes: byteLengthOf(tensor.dataType, elements),
    ...(frozen === undefined ? {} : { frozen }),
  };
}

const COMPRESSIBLE: ReadonlySet<string> = new Set(['float32', 'float16', 'float64']);

function frozenReason(
  constant: Constant,
  editor: GraphEditor,
  uses: readonly TracedUse[],
  overridable: ReadonlySet<string>,
): string | undefined {
  const { tensor, value, holder } = constant;
  const elements = elementCount(tensor.dims);
  if (holder === 'sparse-initializer') return `weight \`${value}\` is stored as a sparse tensor`;
  if (overridable.has(value)) return overridableReason(value);
  if (editor.isGraphOutput(value)) return `weight \`${value}\` is also a graph output`;
  if (uses.some((use) => use.quantized) || !COMPRESSIBLE.has(tensor.dataType)) {
    return uses.some((use) => use.quantized)
      ? `already quantized (${tensor.dataType})`
      : `${tensor.dataType} weights are not compressed`;
  }
  if (elements < MIN_WEIGHT_ELEMENTS) return `too small: ${elements} elements`;
  if (new Set(uses.map((use) => use.axis)).size > 1) {
    const ops = [...new Set(uses.map((use) => use.op))].join(', ');
    return `shared by operators that read it along different axes (${ops})`;
  }
  if (tensor.data.kind === 'external' && tensor.data.bytes === undefined) {
    return `its values are in \`${tensor.data.location}\`, which was not opened with the model`;
  }
  return undefined;
}

function inOrderOfUse(editor: GraphEditor, layers: readonly WeightLayer[]): WeightLayer[] {
  const position = new Map<string, number>();
  editor.nodes.forEach((node, i) => {
    for (const input of node.inputs) if (!position.has(input)) position.set(input, i);
  });
  const at = (layer: WeightLayer): number => position.get(layer.value) ?? editor.nodes.length;
  return [...layers].sort((a, b) => at(a) - at(b));
}

/**
 * The values of a weight as float32, row-major; never write to it, it may be a view on the file.
 * float64 is rounded. Undefined when the bytes do not fit the dims, or are not there.
 */
export function readWeight(tensor: Tensor): Float32Array | undefined {
  if (tensor.data.kind === 'encoded') {
    return decodeWeight(tensor.data.encoding, tensor.dims, tensor.dataType);
  }
  if (tensor.dataType !== 'float32') {
    const values = floatValues(tensor);
    return values === undefined ? undefined : Float32Array.from(values);
  }
  const bytes = denseBytes(tensor);
  if (bytes === undefined) return undefined;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Puts `tensor` in the place of the layer's tensor, in whatever form the graph holds it. The value keeps its name. */
export function replaceWeight(editor: GraphEditor, layer: WeightLayer, tensor: Tensor): void {
  if (layer.holder === 'initializer') {
    editor.setInitializer({ ...tensor, name: layer.value });
    return;
  }
  const node = editor.producer(layer.value);
  if (node === undefined) throw new Error(`no Constant node writes ${layer.value}`);
  editor.replaceNode(node, withConstant(node, tensor));
}

/** A `Constant` node with another tensor. */
export function withConstant(node: Node, tensor: Tensor): Node {
  return {
    ...node,
    attributes: node.attributes.map((a) =>
      a.name === 'value' ? { name: 'value', kind: 'tensor' as const, value: tensor } : a,
    ),
  };
}

/** Graphs by path, as layers name them. */
export function editorsByPath(draft: ModelDraft): ReadonlyMap<string, GraphEditor> {
  return new Map(draft.graphs().map((editor) => [editor.path, editor]));
}
