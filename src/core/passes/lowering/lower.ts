/**
 * The last step of every recipe: each encoded weight becomes standard ONNX in its own graph, under its own name, so that
 * no consumer changes. Raises the operator set only where a form needs it and all nodes can be carried over. It must not
 * know passes or recipes.
 */
import { openDraft } from '../../onnx/draft.ts';
import type { GraphEditor, ModelDraft } from '../../onnx/draft.ts';
import { constantNode, opsetOf, rawTensor } from '../../onnx/build.ts';
import { functionPath } from '../../onnx/graph-names.ts';
import { matrixUse } from '../../onnx/matrix-use.ts';
import type { LocalFunction, Model, Tensor } from '../../onnx/ir.ts';
import { raiseOpset } from '../../onnx/opset.ts';
import { tensorBytes } from '../../onnx/tensor-data.ts';
import { editorsByPath, listWeights, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { targetOf } from '../../targets/registry.ts';
import type { Target } from '../../targets/types.ts';
import { elementCount } from '../../tensor/dtype.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import type { SkippedLayer } from '../types.ts';
import type { Chain, SharedKey } from './chain.ts';
import { decideForms, standsOutside } from './choose.ts';
import type { Choice } from './choose.ts';
import { NO_FUNCTIONS } from './candidates.ts';
import type { FormRequest } from './candidates.ts';
import { callOf, FUNCTION_IR } from './functions.ts';
import { CONTRIB_DOMAIN } from './matmul-nbits.ts';
import type { MatrixSite } from './matmul-nbits.ts';
import { bytesElsewhere, constantBytes, filled, sharedTensor, writtenNodeBytes } from './measure.ts';
import type { Holder } from './measure.ts';
import { bestOpset, wishedOpsets } from './raise.ts';
import { quantizesActivations, whyConstant } from './constant-weights.ts';
import { isKept } from './fill.ts';
import { freeDomain, namePrefix, sitePrefix } from './names.ts';

/** A weight that stays floats, with what is written in its place. */
export interface Reverted extends SkippedLayer {
  readonly tensor: Tensor;
}

export interface Lowered {
  /** Nothing in it is encoded. The given model itself when nothing was. */
  readonly model: Model;
  /** Weights that stayed floats, and why. */
  readonly reverted: readonly Reverted[];
  readonly facts: Readonly<Record<string, number | string>>;
}

/** IR version from which an initializer need not be an input. */
const FIRST_IR_WITH_FREE_INITIALIZERS = 4;
/** IR version that has int4. */
const FIRST_IR_WITH_INT4 = 10;

/**
 * @param checkpoint called before each weight; may throw `cancelled`.
 * @param target what reads the file. A model of an older operator set than it reads is raised, where that can be done.
 */
export async function lowerModel(
  model: Model,
  checkpoint: (fraction: number, doing: string) => Promise<void> = async () => {},
  target: Reader = EVERYTHING,
): Promise<Lowered> {
  const least = target.opset.written ?? target.opset.min;
  const first = openDraft(model);
  const { layers, constants } = splitLayers(model, first, target);
  if (layers.length + constants.length === 0) {
    const { draft, opset, facts } = raiseToLeast(model, least, first);
    return { model: opset === opsetOf(model) ? model : draft.finish(), reverted: [], facts };
  }
  const domain = target.localFunctions ? freeDomain(model) : NO_FUNCTIONS;
  const raised = raiseFor(model, layers, first, domain, least);
  const job = new LoweringJob(model, raised.draft, raised.opset);
  const plan = decideForms(requestsFor(model, layers, raised.opset, first), domain);
  const reverted: Reverted[] = [];
  const notes = new Set<string>();
  for (const { layer, reason } of constants) {
    const { encoding, original } = layer;
    const tensor = encoding.mask === undefined ? original : withZeros(original, encoding);
    job.restore(layer.layer, tensor);
    reverted.push({ layer: layer.layer.id, reason, tensor });
  }
  for (const [i, layer] of layers.entries()) {
    await checkpoint(i / layers.length, `writing ${layer.layer.label}`);
    const choice = plan.choices[i];
    if (choice.kind === 'chain') {
      job.apply(layer, choice, domain);
      if (choice.note !== undefined) notes.add(choice.note);
      continue;
    }
    const tensor = choice.kind === 'original' ? layer.original : withZeros(layer.original, layer.encoding);
    job.restore(layer.layer, tensor);
    reverted.push({ layer: layer.layer.id, reason: choice.reason, tensor });
  }
  const facts: Record<string, number | string> = { ...raised.facts };
  if (notes.size > 0) facts['storage'] = [...notes].join('; ');
  return { model: job.finish(plan.functions), reverted, facts };
}

type Reader = Pick<Target, 'label' | 'weights' | 'localFunctions' | 'opset'>;

/** Where nobody has said what reads the file. */
const EVERYTHING: Reader = targetOf();

interface EncodedLayer {
  readonly layer: WeightLayer;
  readonly encoding: WeightEncoding;
  readonly original: Tensor;
  /** Position among all weights of the model, from 1: part of the names of its chain. */
  readonly index: number;
}

function encodedLayers(model: Model, draft: ModelDraft): EncodedLayer[] {
  return listWeights(model, draft).flatMap((layer, i) => {
    const { data } = layer.tensor;
    if (data.kind !== 'encoded') return [];
    return [{ layer, encoding: data.encoding, original: data.original, index: i + 1 }];
  });
}

/** Weights that are written in a form, and those that the target reads only as floats. */
function splitLayers(
  model: Model,
  draft: ModelDraft,
  target: Reader,
): { layers: EncodedLayer[]; constants: { layer: EncodedLayer; reason: string }[] } {
  const quantized = quantizesActivations(model);
  const layers: EncodedLayer[] = [];
  const constants: { layer: EncodedLayer; reason: string }[] = [];
  for (const layer of encodedLayers(model, draft)) {
    const readers = layer.layer.consumers.map(({ node }) => node);
    const reason = whyConstant(readers, layer.encoding, target, quantized);
    if (reason === undefined) layers.push(layer);
    else constants.push({ layer, reason });
  }
  return { layers, constants };
}

interface Raised {
  readonly draft: ModelDraft;
  readonly opset: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** Raises the operator set as far as the chosen forms need and the graph allows. */
function raiseFor(
  model: Model,
  layers: readonly EncodedLayer[],
  draft: ModelDraft,
  domain: string,
  least: number,
): Raised {
  const opset = opsetOf(model);
  const facts: Record<string, string> = {};
  for (const target of wishedOpsets(requestsFor(model, layers, bestOpset(opset), draft), opset, domain)) {
    if (target < least) break;
    const attempt = openDraft(model);
    const result = raiseOpset(attempt, target);
    if (result.ok)
      return { draft: attempt, opset: target, facts: { ...facts, 'operator set': `${opset} → ${target}` } };
    facts[`operator set ${target}`] = `not raised: ${result.reason}`;
  }
  const { facts: more, ...raised } = raiseToLeast(model, least, draft);
  return { ...raised, facts: { ...facts, ...more } };
}

/** @param draft of `model`, unchanged: given back where nothing is raised */
function raiseToLeast(model: Model, least: number, draft: ModelDraft): Raised {
  const opset = opsetOf(model);
  if (opset >= least) return { draft, opset, facts: {} };
  const attempt = openDraft(model);
  const result = raiseOpset(attempt, least);
  return result.ok
    ? { draft: attempt, opset: least, facts: { 'operator set': `${opset} → ${least}` } }
    : { draft, opset, facts: { [`operator set ${least}`]: `not raised: ${result.reason}` } };
}

/** @param draft of `model`, unchanged */
function requestsFor(
  model: Model,
  layers: readonly EncodedLayer[],
  opset: number,
  draft: ModelDraft,
): FormRequest[] {
  const prefix = namePrefix(model);
  return layers.map(({ layer, encoding, original, index }) => ({
    shape: encoding,
    site: {
      value: layer.value,
      dims: layer.tensor.dims,
      dataType: layer.tensor.dataType,
      prefix: sitePrefix(prefix, index),
      sharedPrefix: sitePrefix(prefix, 0),
      opset: opsetAt(model, layer.graph, opset),
    },
    holder: holderFor(layer.graph),
    ...matrixOf(layer, draft),
    originalBytes:
      constantBytes(
        { ...original, name: layer.value },
        layer.holder === 'constant' ? 'constant' : 'initializer',
      ) + bytesElsewhere(original),
  }));
}

/** The operator that MatMulNBits can stand for. @param draft of the model that the layer was found in */
export function matrixOf(layer: WeightLayer, draft: ModelDraft): { readonly matrix?: MatrixSite } {
  const use = matrixUse(layer, draft.main);
  if (typeof use === 'string') return {};
  const { node, ...values } = use;
  return { matrix: { ...values, name: node.name, bytes: writtenNodeBytes(node) } };
}

type ChainChoice = Extract<Choice, { readonly kind: 'chain' }>;

class LoweringJob {
  readonly #draft: ModelDraft;
  readonly #editors: ReadonlyMap<string, GraphEditor>;
  #irVersion: number;
  readonly #prefix: string;
  readonly #shared = new Map<GraphEditor, Set<SharedKey>>();

  constructor(model: Model, draft: ModelDraft, opset: number) {
    this.#draft = draft;
    // Raising the operator set has raised the IR version with it.
    const raisedIr =
      opset <= opsetOf(model) ? 0 : opset >= 21 ? FIRST_IR_WITH_INT4 : FIRST_IR_WITH_FREE_INITIALIZERS;
    this.#irVersion = Math.max(model.irVersion, raisedIr);
    this.#editors = editorsByPath(draft);
    this.#prefix = namePrefix(model);
  }

  #editor(layer: WeightLayer): GraphEditor {
    const editor = this.#editors.get(layer.graph);
    if (editor === undefined) throw new Error(`no graph at ${layer.graph}`);
    return editor;
  }

  restore(layer: WeightLayer, tensor: Tensor): void {
    replaceWeight(this.#editor(layer), layer, tensor);
  }

  apply(
    { layer, encoding }: EncodedLayer,
    { chain, call, replacesReader }: ChainChoice,
    domain: string,
  ): void {
    const editor = this.#editor(layer);
    const old = editor.producer(layer.value);
    if (old === undefined) {
      editor.removeInitializer(layer.value);
      editor.removeInput(layer.value);
    } else editor.removeNode(old);
    const front = editor.nodes.at(0);
    const holder = holderFor(layer.graph);
    for (const tensor of chain.tensors) {
      const place = standsOutside(tensor, holder) ? topOf(editor) : editor;
      this.#constant(place, filled(tensor, encoding), holder);
    }
    const int4 = chain.tensors.some((t) => t.dataType === 'int4' || t.dataType === 'uint4');
    this.#needIr(int4 ? FIRST_IR_WITH_INT4 : FIRST_IR_WITH_FREE_INITIALIZERS);
    if (replacesReader) {
      this.#replaceReader(editor, layer, chain);
      return;
    }
    if (call !== undefined) {
      editor.addNode(callOf(chain, call, domain), front);
      return;
    }
    for (const node of chain.nodes) editor.addNode(node, front);
    const top = topOf(editor);
    const shared = this.#shared.get(top) ?? new Set();
    for (const key of chain.shared) shared.add(key);
    this.#shared.set(top, shared);
  }

  #replaceReader(editor: GraphEditor, layer: WeightLayer, chain: Chain): void {
    const reader = editor.current(layer.consumers[0].node);
    if (reader === undefined) throw new Error(`nothing reads ${layer.value}`);
    for (const node of chain.nodes) editor.addNode(node, reader);
    editor.removeNode(reader);
    const imported = this.#draft.base.opsets.some(({ domain }) => domain === CONTRIB_DOMAIN);
    if (!imported) this.#draft.setOpset(CONTRIB_DOMAIN, 1);
  }

  #needIr(version: number): void {
    if (this.#irVersion >= version) return;
    this.#irVersion = version;
    this.#draft.setIrVersion(version);
  }

  finish(functions: readonly LocalFunction[]): Model {
    this.#placeShared();
    if (functions.length === 0) return this.#draft.finish();
    this.#needIr(FUNCTION_IR);
    this.#draft.setOpset(functions[0].domain, 1);
    const model = this.#draft.finish();
    return { ...model, functions: [...model.functions, ...functions] };
  }

  /** Shared constants stand in the outermost graph, before everything that reads them. */
  #placeShared(): void {
    for (const [editor, keys] of this.#shared) {
      for (const key of keys) {
        this.#constant(editor, sharedTensor(key, sitePrefix(this.#prefix, 0)), holderFor(editor.path));
      }
    }
  }

  #constant(editor: GraphEditor, tensor: Tensor, holder: Holder): void {
    if (holder === 'initializer') editor.setInitializer(tensor);
    else editor.addNode(constantNode(tensor), editor.nodes.at(0));
  }
}

/** A function body has no initializers. */
export function holderFor(path: string): Holder {
  return path.startsWith('fn:') ? 'constant' : 'initializer';
}

/** A function body imports its own operators; graphs use the model's. */
export function opsetAt(model: Model, path: string, graphOpset: number): number {
  if (!path.startsWith('fn:')) return graphOpset;
  const owner = model.functions.find(
    (f) => path === functionPath(f) || path.startsWith(`${functionPath(f)}/`),
  );
  const own = owner === undefined ? 0 : opsetOf(owner);
  return own === 0 ? opsetOf(model) : own;
}

function topOf(editor: GraphEditor): GraphEditor {
  let top = editor;
  while (top.parent !== undefined) top = top.parent;
  return top;
}

/** The original values with pruned ones 0, in the original's type, bit for bit. */
function withZeros(original: Tensor, encoding: WeightEncoding): Tensor {
  const bytes = tensorBytes(original).slice();
  const width = bytes.length / elementCount(original.dims);
  for (let i = 0; i * width < bytes.length; i++) {
    if (!isKept(encoding.mask, i)) bytes.fill(0, i * width, (i + 1) * width);
  }
  return rawTensor(original.name, original.dataType, original.dims, bytes);
}
