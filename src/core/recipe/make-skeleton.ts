/**
 * Measures a model for size prediction: reads every weight once, keeps only lengths and counts. Runs where the model is,
 * not in the page. It must not know recipes.
 */
import { opsetOf } from '../onnx/build.ts';
import { openDraft } from '../onnx/draft.ts';
import type { GraphEditor, ModelDraft } from '../onnx/draft.ts';
import type { Attribute, Graph, Model, Node, Tensor } from '../onnx/ir.ts';
import { raiseOpset } from '../onnx/opset.ts';
import { verbatimOf } from '../onnx/original.ts';
import { forEachTensor, subgraphsOf } from '../onnx/walk.ts';
import { listWeights, withConstant } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { messageLength, sizeOf } from '../onnx/write.ts';
import { usableValues } from '../passes/encoded.ts';
import { biasGrowth } from './bias-growth.ts';
import { censusOf } from './census.ts';
import { lampKeepsOf } from './lamp-keeps.ts';
import { matrixOf, opsetAt } from '../passes/lowering/lower.ts';
import {
  bytesElsewhere,
  constantBytes,
  fieldBytes,
  hollow,
  nodeBytes,
  nodeOf,
} from '../passes/lowering/measure.ts';
import { freeDomain, namePrefix } from '../passes/lowering/names.ts';
import { isRecurrent } from '../passes/lowering/constant-weights.ts';
import { RAISE_TARGETS } from '../passes/lowering/raise.ts';
import type {
  Enclosing,
  SizeSkeleton,
  SkeletonBase,
  SkeletonBias,
  SkeletonGraph,
  SkeletonLayer,
} from './skeleton.ts';

export interface SkeletonOptions {
  /** The model is the result of *simplify*. */
  readonly simplified?: boolean;
  /** Called before each weight; may throw `cancelled`. */
  readonly checkpoint?: (fraction: number, doing: string) => Promise<void>;
}

export async function makeSkeleton(model: Model, options: SkeletonOptions = {}): Promise<SizeSkeleton> {
  const draft = openDraft(model);
  const paths = draft.graphs().map((editor) => editor.path);
  const weights = listWeights(model, draft);
  const layers: SkeletonLayer[] = [];
  for (const [i, layer] of weights.entries()) {
    await options.checkpoint?.(i / weights.length / 2, `measuring ${layer.label}`);
    layers.push(measureLayer(layer, i + 1, paths.indexOf(layer.graph), model, draft));
  }
  const touched = new Set(layers.filter(({ frozen }) => frozen === undefined).map(({ graph }) => graph));
  const base = baseOf(model, touched, () => {});
  const prunable = weights.map((layer, i) => (layers[i].frozen === undefined ? layer : undefined));
  const lampKeeps = await lampKeepsOf(prunable, options.checkpoint);
  const inexact = usesExternalData(model) ? 'the model keeps weights in a second file' : undefined;
  return {
    bytes: sizeOf(model),
    layers,
    simplified: options.simplified ?? false,
    ...(lampKeeps === undefined ? {} : { lampKeeps }),
    ...(inexact === undefined ? {} : { inexact }),
    opset: opsetOf(model),
    prefix: namePrefix(model),
    domain: freeDomain(model),
    imported: model.opsets.map(({ domain }) => domain),
    graphs: graphsOf(draft, model, touched),
    census: censusOf(model, draft, new Set(weights.map(({ value }) => value))),
    base,
    ...(model.irVersion < FIRST_FREE_IR
      ? { unlisted: baseOf(model, touched, (d) => d.setIrVersion(FIRST_FREE_IR)) }
      : {}),
    raised: [...RAISE_TARGETS].reverse().flatMap((target) => raisedTo(model, touched, target)),
  };
}

/** IR version from which an initializer need not be an input. */
const FIRST_FREE_IR = 4;

function raisedTo(
  model: Model,
  graphs: ReadonlySet<number>,
  target: number,
): { opset: number; base?: SkeletonBase }[] {
  if (target <= opsetOf(model)) return [];
  let ok = false;
  const base = baseOf(model, graphs, (draft) => {
    ok = raiseOpset(draft, target).ok;
  });
  return [ok ? { opset: target, base } : { opset: target }];
}

function graphsOf(draft: ModelDraft, model: Model, touched: ReadonlySet<number>): SkeletonGraph[] {
  const editors = draft.graphs();
  const usual = new Map<number, boolean>();
  editors.forEach((_, i) => usual.set(i, true));
  const found = nestedGraphs(model);
  found.graphs.forEach(({ same }, i) => usual.set(i, same));
  return editors.map((editor, i) => ({
    ...(editor.parent === undefined
      ? {}
      : { parent: editors.indexOf(editor.parent), node: found.graphs[i].node }),
    ...(editor.path.startsWith('fn:') ? { functionOpset: opsetAt(model, editor.path, opsetOf(model)) } : {}),
    ...(touched.has(i) && usual.get(i) === false ? { unusual: true as const } : {}),
  }));
}

/** Beyond this a value rounds to infinity in float16. Source: IEEE 754-2019, ties to even. */
const HALF_LIMIT = 65520;

function measureLayer(
  layer: WeightLayer,
  index: number,
  graph: number,
  model: Model,
  draft: ModelDraft,
): SkeletonLayer {
  const { tensor, value, elements, axis, id } = layer;
  const values = layer.frozen ?? usableValues(tensor);
  const frozen = typeof values === 'string' ? values : undefined;
  const holder = layer.holder === 'constant' ? 'constant' : 'initializer';
  const info = model.graph.inputs.find((input) => input.name === value);
  const listed = layer.graph === '' && info !== undefined;
  return {
    id,
    elements,
    value,
    dims: tensor.dims,
    ...(axis === undefined ? {} : { axis }),
    dataType: tensor.dataType,
    graph,
    index,
    ...(frozen === undefined ? {} : { frozen }),
    beyondHalf: typeof values === 'string' ? 0 : countBeyondHalf(values),
    originalBytes: constantBytes({ ...tensor, name: value }, holder) + bytesElsewhere(tensor),
    ...heldBytes(layer),
    ...matrixOf(layer, draft),
    inputBytes: listed ? inputFieldBytes(model, value) : 0,
    readers: layer.consumers.length,
    ...(layer.consumers.some(({ node }) => isRecurrent(node)) ? { recurrent: true as const } : {}),
    ...biasOf(layer, draft),
  };
}

/** What *equalize* puts behind the name of a bias, in the tensor and where it is read, and what prefixes grow by. */
const EQUALIZED_NAME = 2 * '_equalized_99'.length + 4;

function biasOf(layer: WeightLayer, draft: ModelDraft): { bias?: SkeletonBias } {
  const growth = layer.graph === '' ? biasGrowth(layer, draft.main) : undefined;
  if (growth === undefined) return {};
  const { corrected, replaced } = growth;
  return { bias: { corrected, equalized: replaced + EQUALIZED_NAME } };
}

function countBeyondHalf(values: Float32Array): number {
  let count = 0;
  for (const value of values) if (Math.abs(value) >= HALF_LIMIT) count++;
  return count;
}

function heldBytes(layer: WeightLayer): Pick<SkeletonLayer, 'fieldBytes' | 'restoredBytes' | 'zerosBytes'> {
  const { tensor, value, weightBytes } = layer;
  const empty = hollow({ name: value, dataType: tensor.dataType, dims: tensor.dims });
  const elsewhere = tensor.data.kind === 'external' ? weightBytes : 0;
  const node = layer.holderNode;
  if (node === undefined) {
    return {
      fieldBytes: fieldBytes(verbatimOf(tensor)?.length ?? messageLength({ tensor })) + elsewhere,
      restoredBytes: constantBytes({ ...tensor, name: value }, 'initializer') + elsewhere,
      zerosBytes: constantBytes(empty, 'initializer'),
    };
  }
  const holding = (held: Tensor): Node => withConstant(node, held);
  const zeros = { ...empty, name: tensor.name };
  return {
    fieldBytes: fieldBytes(verbatimOf(node)?.length ?? messageLength({ node })) + elsewhere,
    restoredBytes: nodeBytes(holding(tensor)) + elsewhere,
    zerosBytes: nodeBytes(holding(zeros)),
  };
}

function inputFieldBytes(model: Model, name: string): number {
  const graph: Graph = {
    name: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: model.graph.inputs.filter((input) => input.name === name),
    outputs: [],
    valueInfos: [],
    docString: '',
  };
  return messageLength({ graph });
}

/** The model after `change`, with the graphs that hold weights rewritten from their parts, as passes leave them. */
function baseOf(
  model: Model,
  touched: ReadonlySet<number>,
  change: (draft: ModelDraft) => void,
): SkeletonBase {
  const draft = openDraft(model);
  change(draft);
  draft.graphs().forEach((editor, i) => {
    if (i === 0 || touched.has(i)) touch(editor);
  });
  const result = draft.finish();
  const found = nestedGraphs(result);
  const listed = new Set(result.graph.inputs.map((input) => input.name));
  return {
    bytes: sizeOf(result),
    enclosing: found.graphs.map(({ enclosing }) => enclosing),
    nodes: found.nodes,
    listsWeights: result.graph.initializers.some((tensor) => listed.has(tensor.name)),
  };
}

/** An edit and its undoing: the graph counts as changed and is the same. */
function touch(editor: GraphEditor): void {
  editor.removeNode(editor.addNode({ opType: 'Identity', inputs: [''], outputs: [''] }));
}

interface Found {
  /** In the order of ModelDraft.graphs(): a graph, then those in its nodes. */
  readonly graphs: {
    readonly enclosing: Enclosing;
    readonly node: number;
    /** Rewriting it from its parts keeps its length. */
    readonly same: boolean;
  }[];
  readonly nodes: number[];
}

function nestedGraphs(model: Model): Found {
  const found: Found = { graphs: [], nodes: [] };
  const root = { node: -1, same: true };
  found.graphs.push({ ...root, enclosing: [messageLength({ graph: model.graph })] });
  visitNodes(model.graph.nodes, found);
  for (const f of model.functions) {
    const length = messageLength({ function: f });
    found.graphs.push({ ...root, enclosing: [length], same: isLength(f, length) });
    visitNodes(f.nodes, found);
  }
  return found;
}

function visitNodes(nodes: readonly Node[], found: Found): void {
  for (const node of nodes) {
    const nested = subgraphsOf(node);
    if (nested.length === 0) continue;
    const nodeLength = messageLength({ node });
    const number = found.nodes.push(nodeLength) - 1;
    for (const { graph } of nested) {
      const graphLength = messageLength({ graph });
      const attribute = node.attributes.find((a) => a.kind === 'graph' && a.value === graph);
      const attributeLength = attribute === undefined ? 0 : attributeBytes(attribute);
      const same =
        attribute !== undefined &&
        isLength(graph, graphLength) &&
        isLength(attribute, attributeLength) &&
        isLength(node, nodeLength);
      found.graphs.push({ enclosing: [graphLength, attributeLength], node: number, same });
      visitNodes(graph.nodes, found);
    }
  }
}

function isLength(message: Pick<Node, 'verbatim'>, length: number): boolean {
  const own = verbatimOf(message);
  return own === undefined || own.length === length;
}

/** Length of the attribute encoded from its fields. */
function attributeBytes(attribute: Attribute): number {
  // A copy does not count as the reader's own message, so it is encoded anew.
  const field = messageLength({
    node: nodeOf({ opType: '', inputs: [], outputs: [], attributes: [{ ...attribute }] }),
  });
  let length = field - 2;
  while (fieldBytes(length) > field) length--;
  return length;
}

function usesExternalData(model: Model): boolean {
  let external = false;
  forEachTensor(model, ({ data }) => (external ||= data.kind === 'external'));
  return external;
}
