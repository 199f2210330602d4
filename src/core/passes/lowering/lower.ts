/**
 * The last step of every recipe: each encoded weight becomes standard ONNX in its own graph, under its own name, so that
 * no consumer changes. Raises the operator set only where a form needs it and all nodes can be carried over. It must not
 * know passes or recipes.
 */
import { openDraft } from '../../onnx/draft.ts';
import type { GraphEditor, ModelDraft } from '../../onnx/draft.ts';
import { constantNode, opsetOf, rawTensor } from '../../onnx/build.ts';
import type { Model, Tensor } from '../../onnx/ir.ts';
import { raiseOpset } from '../../onnx/opset.ts';
import { tensorBytes } from '../../onnx/tensor-data.ts';
import { editorsByPath, listWeights, replaceWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import { elementCount } from '../../tensor/dtype.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import type { SkippedLayer } from '../types.ts';
import type { Chain, SharedKey, WeightSite } from './chain.ts';
import { chooseForm, constantBytes, filled, sharedTensor } from './choose.ts';
import type { Choice, Holder } from './choose.ts';
import { isKept } from './fill.ts';
import { namePrefix, sitePrefix } from './names.ts';

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

/** Versions that are worth asking for: BitShift and CumSum; DequantizeLinear per axis; blocks and int4. */
export const RAISE_TARGETS = [11, 13, 21] as const;

/** IR version from which an initializer need not be an input. */
const FIRST_IR_WITH_FREE_INITIALIZERS = 4;
/** IR version that has int4. */
const FIRST_IR_WITH_INT4 = 10;

/** @param checkpoint called before each weight; may throw `cancelled`. */
export async function lowerModel(
  model: Model,
  checkpoint: (fraction: number, doing: string) => Promise<void> = async () => {},
): Promise<Lowered> {
  const first = openDraft(model);
  const layers = encodedLayers(model, first);
  if (layers.length === 0) return { model, reverted: [], facts: {} };
  const raised = raiseFor(model, layers, first);
  const { draft } = raised;
  const job = new LoweringJob(model, draft, raised.opset);
  const reverted: Reverted[] = [];
  for (const [i, layer] of layers.entries()) {
    await checkpoint(i / layers.length, `writing ${layer.layer.label}`);
    const choice = job.choose(layer);
    if (choice.kind === 'chain') {
      job.apply(layer, choice.chain);
      if (choice.note !== undefined) job.notes.add(choice.note);
      continue;
    }
    const tensor = choice.kind === 'original' ? layer.original : withZeros(layer.original, layer.encoding);
    job.restore(layer.layer, tensor);
    reverted.push({ layer: layer.layer.id, reason: choice.reason, tensor });
  }
  job.placeShared();
  const facts: Record<string, number | string> = { ...raised.facts };
  if (job.notes.size > 0) facts['storage'] = [...job.notes].join('; ');
  return { model: draft.finish(), reverted, facts };
}

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

interface Raised {
  readonly draft: ModelDraft;
  readonly opset: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** Raises the operator set as far as the chosen forms need and the graph allows. */
function raiseFor(model: Model, layers: readonly EncodedLayer[], draft: ModelDraft): Raised {
  const opset = opsetOf(model);
  const wish = wishedOpset(layers, model, draft);
  const facts: Record<string, string> = {};
  for (const target of [...RAISE_TARGETS].reverse()) {
    if (target <= opset || !wish.some((version) => version > opset && raiseTarget(version) === target))
      continue;
    const attempt = openDraft(model);
    const result = raiseOpset(attempt, target);
    if (result.ok)
      return { draft: attempt, opset: target, facts: { ...facts, 'operator set': `${opset} → ${target}` } };
    facts[`operator set ${target}`] = `not raised: ${result.reason}`;
  }
  return { draft, opset, facts };
}

/** The version to raise to for a form that needs `version`. */
export function raiseTarget(version: number): number {
  return RAISE_TARGETS.find((target) => target >= version) ?? version;
}

/** Versions that the best forms of all weights would need, if any version could be had. */
function wishedOpset(layers: readonly EncodedLayer[], model: Model, draft: ModelDraft): number[] {
  const newest = RAISE_TARGETS[RAISE_TARGETS.length - 1];
  const job = new LoweringJob(model, draft, Math.max(opsetOf(model), newest));
  return layers
    .filter(({ layer }) => !layer.graph.startsWith('fn:'))
    .map((layer) => job.choose(layer))
    .map((choice) => (choice.kind === 'chain' ? choice.opset : 0));
}

class LoweringJob {
  readonly notes = new Set<string>();
  readonly #model: Model;
  readonly #draft: ModelDraft;
  readonly #editors: ReadonlyMap<string, GraphEditor>;
  readonly #opset: number;
  #irVersion: number;
  readonly #prefix: string;
  readonly #shared = new Map<GraphEditor, Set<SharedKey>>();

  constructor(model: Model, draft: ModelDraft, opset: number) {
    this.#model = model;
    this.#draft = draft;
    this.#opset = opset;
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

  choose({ layer, encoding, original, index }: EncodedLayer): Choice {
    const originalBytes = constantBytes(
      { ...original, name: layer.value },
      layer.holder === 'constant' ? 'constant' : 'initializer',
    );
    return chooseForm(encoding, this.#site(layer, index), holderFor(layer.graph), originalBytes);
  }

  #site(layer: WeightLayer, index: number): WeightSite {
    return {
      value: layer.value,
      dims: layer.tensor.dims,
      dataType: layer.tensor.dataType,
      prefix: sitePrefix(this.#prefix, index),
      sharedPrefix: sitePrefix(this.#prefix, 0),
      opset: opsetAt(this.#model, layer.graph, this.#opset),
    };
  }

  restore(layer: WeightLayer, tensor: Tensor): void {
    replaceWeight(this.#editor(layer), layer, tensor);
  }

  apply({ layer, encoding }: EncodedLayer, chain: Chain): void {
    const editor = this.#editor(layer);
    const old = editor.producer(layer.value);
    if (old === undefined) {
      editor.removeInitializer(layer.value);
      editor.removeInput(layer.value);
    } else editor.removeNode(old);
    const front = editor.nodes.at(0);
    for (const tensor of chain.tensors)
      this.#constant(editor, filled(tensor, encoding), holderFor(layer.graph));
    for (const node of chain.nodes) editor.addNode(node, front);
    const top = topOf(editor);
    const shared = this.#shared.get(top) ?? new Set();
    for (const key of chain.shared) shared.add(key);
    this.#shared.set(top, shared);
    const int4 = chain.tensors.some((t) => t.dataType === 'int4' || t.dataType === 'uint4');
    this.#needIr(int4 ? FIRST_IR_WITH_INT4 : FIRST_IR_WITH_FREE_INITIALIZERS);
  }

  #needIr(version: number): void {
    if (this.#irVersion >= version) return;
    this.#irVersion = version;
    this.#draft.setIrVersion(version);
  }

  /** Shared constants stand in the outermost graph, before everything that reads them. */
  placeShared(): void {
    for (const [editor, keys] of this.#shared) {
      const holder = holderFor(editor.path);
      for (const key of keys) this.#constant(editor, sharedTensor(key, sitePrefix(this.#prefix, 0)), holder);
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

const functionPath = (f: { readonly domain: string; readonly name: string }): string =>
  `fn:${f.domain}.${f.name}`;

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
