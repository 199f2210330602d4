/**
 * The only way to change a graph: open a draft of a model, edit, finish. The base model never changes and every
 * untouched message keeps its bytes. It must not know what a pass wants.
 */
import { GraphDraft } from './draft-graph.ts';
import type { DraftShared } from './draft-graph.ts';
import { functionPath, NameRegistry, PathRegistry } from './graph-names.ts';
import type { Graph, MetadataEntry, Model, Node, OperatorSet, Tensor, ValueInfo } from './ir.ts';
import { overridableInitializers } from './overridable.ts';

/** One place that reads a value. `scope` differs from the editor's own when a nested subgraph captures it. */
export interface Use {
  readonly scope: GraphEditor;
  readonly node: Node;
  readonly input: number;
}

/** Edits one graph: the main graph, a subgraph of If/Loop/Scan, or a local function's body. */
export interface GraphEditor {
  /** '' for the main graph; 'If_3/then_branch' (node name or opType_index, then attribute), nested with '/'; 'fn:domain.name' for a function, ':overload' behind it where it has one. Unique in the model: '#2' behind the second of the same path. */
  readonly path: string;
  readonly kind: 'graph' | 'function';
  readonly parent: GraphEditor | undefined;
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly valueInfos: readonly ValueInfo[];
  /** The node of this graph that writes `value`. */
  producer(value: string): Node | undefined;
  /** Every read of `value`, nested subgraphs included, graph outputs excluded. */
  uses(value: string): readonly Use[];
  isGraphInput(value: string): boolean;
  /** Also when a nested subgraph gives the value out as its own output. */
  isGraphOutput(value: string): boolean;
  /** The constant behind `value`: an initializer or a `Constant` node's tensor, here or in an enclosing graph. Not when the initializer is an overridable graph input. */
  constant(value: string): Tensor | undefined;
  /** A name that no value of the whole model has. Deterministic: hint, hint_1, hint_2 … */
  freshName(hint: string): string;
  /** What a node has become by `replaceNode` and `replaceUses`; undefined when it was removed or never stood here. */
  current(node: Node): Node | undefined;
  /** Inserts before `before`, or at the end. */
  addNode(node: NodeInit, before?: Node): Node;
  /** @throws PareError `internal` when `old` is no longer current: `changed` would undo what happened since. */
  replaceNode(old: Node, changed: NodeInit): Node;
  removeNode(node: Node): void;
  /** Adds, or replaces the one of that name. For a function body this writes a Constant node. */
  setInitializer(tensor: Tensor): void;
  removeInitializer(name: string): void;
  removeInput(name: string): void;
  /** Redirects every read of `from` (nested subgraphs included, graph outputs excluded) to `to`. */
  replaceUses(from: string, to: string): void;
  /** Adds, or replaces the one of that name, among the intermediate value_info entries. */
  setValueInfo(info: ValueInfo): void;
  /** Drops a value_info entry. Those of values that no longer exist go by themselves. */
  removeValueInfo(name: string): void;
  /** Restores topological order, stable for what is already in order. */
  sort(): void;
}

export type NodeInit = Pick<Node, 'opType' | 'inputs' | 'outputs'> & Partial<Omit<Node, 'verbatim'>>;

export interface ModelDraft {
  readonly base: Model;
  readonly main: GraphEditor;
  /** Main graph first, then subgraphs in node order, then function bodies. */
  graphs(): readonly GraphEditor[];
  setOpset(domain: string, version: number): void;
  /** From below 4 to 4 or more also unlists initializers from the inputs: before IR 4 that made no difference, from 4 on they could be overridden. */
  setIrVersion(version: number): void;
  setMetadata(key: string, value: string): void;
  /** The changed model; the base itself when nothing was changed. */
  finish(): Model;
}

/** Opens a draft. The model itself never changes. */
export function openDraft(model: Model): ModelDraft {
  return new OpenDraft(model);
}

/** IR 4 made initializers that are not graph inputs legal, and those that are overridable. */
const FIRST_IR_WITH_OVERRIDES = 4;

class OpenDraft implements ModelDraft {
  readonly base: Model;
  readonly main: GraphDraft;
  readonly #functions: readonly GraphDraft[];
  #opsets: readonly OperatorSet[];
  #irVersion: number;
  #metadata: readonly MetadataEntry[];

  constructor(base: Model) {
    this.base = base;
    this.#opsets = base.opsets;
    this.#irVersion = base.irVersion;
    this.#metadata = base.metadata;
    const shared: DraftShared = {
      editors: new Map(),
      names: new NameRegistry(base),
      paths: new PathRegistry(),
      overridable: (graph: Graph) =>
        base.irVersion < FIRST_IR_WITH_OVERRIDES ? NOTHING : overridableInitializers(graph),
    };
    this.main = new GraphDraft(base.graph, undefined, '', shared);
    this.#functions = base.functions.map(
      (f) => new GraphDraft(f, undefined, shared.paths.claim(functionPath(f)), shared),
    );
  }

  graphs(): readonly GraphEditor[] {
    return [this.main, ...this.#functions].flatMap((graph) => graph.withNested());
  }

  setOpset(domain: string, version: number): void {
    const same = (o: OperatorSet): boolean => onnxDomain(o.domain) === onnxDomain(domain);
    const old = this.#opsets.find(same);
    if (old?.version === version) return;
    this.#opsets =
      old === undefined
        ? [...this.#opsets, { domain, version }]
        : this.#opsets.map((o) => (same(o) ? { ...o, version } : o));
  }

  setIrVersion(version: number): void {
    if (this.#irVersion < FIRST_IR_WITH_OVERRIDES && version >= FIRST_IR_WITH_OVERRIDES) {
      for (const name of this.main.initializers.keys()) this.main.removeInput(name);
    }
    this.#irVersion = version;
  }

  setMetadata(key: string, value: string): void {
    const old = this.#metadata.find((m) => m.key === key);
    if (old?.value === value) return;
    this.#metadata =
      old === undefined
        ? [...this.#metadata, { key, value }]
        : this.#metadata.map((m) => (m === old ? { ...m, value } : m));
  }

  finish(): Model {
    if (this.#irVersion < FIRST_IR_WITH_OVERRIDES) this.main.listNewInitializers();
    const graph = this.main.finishGraph();
    const functions = this.#functions.map((f) => f.finishFunction());
    const { base } = this;
    const same =
      graph === base.graph &&
      functions.every((f, i) => f === base.functions[i]) &&
      this.#opsets === base.opsets &&
      this.#irVersion === base.irVersion &&
      this.#metadata === base.metadata;
    if (same) return base;
    const { verbatim: _, ...rest } = base;
    return {
      ...rest,
      graph,
      functions,
      opsets: this.#opsets,
      irVersion: this.#irVersion,
      metadata: this.#metadata,
    };
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function onnxDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
