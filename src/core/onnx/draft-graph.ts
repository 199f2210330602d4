/**
 * One graph or function body under edit: node order, who writes and who reads each value, nested editors. Every edit
 * costs what it touches, not what the graph has. It must not know the model around it.
 */
import { PareError } from '../errors.ts';
import { constantNode, constantOf } from './build.ts';
import type { GraphEditor, NodeInit, Use } from './draft.ts';
import type { NameRegistry, PathRegistry } from './graph-names.ts';
import type { Attribute, Graph, LocalFunction, Node, Tensor, ValueInfo } from './ir.ts';
import { NodeList } from './node-list.ts';
import { stableOrder } from './node-order.ts';
import { subgraphsOf } from './walk.ts';

/** What all editors of one draft share. */
export interface DraftShared {
  /** A graph object inside an attribute → its editor: survives a change of the node around it. */
  readonly editors: Map<Graph, GraphDraft>;
  readonly names: NameRegistry;
  readonly paths: PathRegistry;
  readonly overridable: (graph: Graph) => ReadonlySet<string>;
}

export class GraphDraft implements GraphEditor {
  readonly path: string;
  readonly kind: 'graph' | 'function';
  readonly parent: GraphDraft | undefined;
  readonly #base: Graph | LocalFunction;
  readonly #shared: DraftShared;
  readonly #list: NodeList;
  readonly #producers = new Map<string, Node>();
  readonly #readers = new Map<string, Set<Node>>();
  readonly #children = new Map<Node, readonly GraphDraft[]>();
  readonly #replacedBy = new Map<Node, Node>();
  readonly #initializers: Map<string, Tensor>;
  /** Names of sparse initializers, which no edit touches. */
  readonly #sparse: ReadonlySet<string>;
  readonly #newInitializers = new Set<string>();
  readonly #overridable: ReadonlySet<string>;
  readonly #gone = new Set<string>();
  #inputs: readonly ValueInfo[];
  readonly #outputs: readonly ValueInfo[];
  #valueInfos: readonly ValueInfo[];
  #changed = false;
  #inputNames: Set<string> | undefined;
  readonly #outputNames: ReadonlySet<string>;

  constructor(
    base: Graph | LocalFunction,
    parent: GraphDraft | undefined,
    path: string,
    shared: DraftShared,
  ) {
    this.#base = base;
    this.parent = parent;
    this.path = path;
    this.#shared = shared;
    if ('initializers' in base) {
      this.kind = 'graph';
      this.#initializers = new Map(base.initializers.map((t) => [t.name, t]));
      this.#sparse = new Set(base.sparseInitializers.map((s) => s.values.name));
      this.#inputs = base.inputs;
      this.#outputs = base.outputs;
      this.#valueInfos = base.valueInfos;
      this.#overridable = shared.overridable(base);
    } else {
      this.kind = 'function';
      this.#initializers = new Map();
      this.#sparse = new Set();
      this.#inputs = base.inputs.map((name) => ({ name, docString: '' }));
      this.#outputs = base.outputs.map((name) => ({ name, docString: '' }));
      this.#valueInfos = [];
      this.#overridable = new Set();
    }
    this.#outputNames = new Set(this.#outputs.map((o) => o.name));
    this.#list = new NodeList(base.nodes);
    base.nodes.forEach((node, index) => this.#attach(node, index));
  }

  get nodes(): readonly Node[] {
    return this.#list.array();
  }

  get inputs(): readonly ValueInfo[] {
    return this.#inputs;
  }

  get outputs(): readonly ValueInfo[] {
    return this.#outputs;
  }

  get valueInfos(): readonly ValueInfo[] {
    return this.#valueInfos;
  }

  get initializers(): ReadonlyMap<string, Tensor> {
    return this.#initializers;
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  uses(value: string): readonly Use[] {
    const found: Use[] = [];
    if (value === '') return found;
    for (const node of this.#readers.get(value) ?? []) {
      node.inputs.forEach((name, input) => {
        if (name === value) found.push({ scope: this, node, input });
      });
    }
    for (const nested of this.#capturing(value)) found.push(...nested.uses(value));
    return found;
  }

  isGraphInput(value: string): boolean {
    this.#inputNames ??= new Set(this.#inputs.map((i) => i.name));
    return this.#inputNames.has(value);
  }

  isGraphOutput(value: string): boolean {
    if (this.#outputNames.has(value)) return true;
    for (const nested of this.#capturing(value)) if (nested.isGraphOutput(value)) return true;
    return false;
  }

  constant(value: string): Tensor | undefined {
    const own = this.#initializers.get(value);
    if (own !== undefined) return this.#overridable.has(value) && this.isGraphInput(value) ? undefined : own;
    const producer = this.#producers.get(value);
    if (producer !== undefined) return constantOf(producer);
    return this.#defines(value) ? undefined : this.parent?.constant(value);
  }

  freshName(hint: string): string {
    return this.#shared.names.fresh(hint);
  }

  current(node: Node): Node | undefined {
    let latest = node;
    for (let next = this.#replacedBy.get(latest); next !== undefined; next = this.#replacedBy.get(latest)) {
      latest = next;
    }
    return this.#list.has(latest) ? latest : undefined;
  }

  addNode(init: NodeInit, before?: Node): Node {
    const node = nodeFrom(init);
    this.#list.insert(node, before === undefined ? undefined : this.#here(before));
    this.#attach(node, this.#list.size - 1);
    this.#changed = true;
    return node;
  }

  replaceNode(old: Node, changed: NodeInit): Node {
    if (!this.#list.has(old)) {
      throw fault(
        `Node "${old.name}" (${old.opType}) of graph "${this.path}" is not current; ask current(node) first.`,
      );
    }
    const node = nodeFrom(changed);
    this.#list.replace(old, node);
    this.#detach(old);
    this.#attach(node, this.#list.size - 1);
    this.#replacedBy.set(old, node);
    this.#changed = true;
    return node;
  }

  removeNode(node: Node): void {
    const here = this.#here(node);
    this.#list.remove(here);
    this.#detach(here);
    this.#changed = true;
  }

  setInitializer(tensor: Tensor): void {
    this.#changed = true;
    this.#shared.names.add(tensor.name);
    if (this.kind === 'function') {
      const old = this.#producers.get(tensor.name);
      if (old === undefined) this.addNode(constantNode(tensor), this.#list.first);
      else this.replaceNode(old, { ...constantNode(tensor), name: old.name });
      return;
    }
    if (!this.#initializers.has(tensor.name)) this.#newInitializers.add(tensor.name);
    this.#initializers.set(tensor.name, tensor);
  }

  removeInitializer(name: string): void {
    if (this.kind === 'function') {
      const old = this.#producers.get(name);
      if (old !== undefined && constantOf(old) !== undefined) this.removeNode(old);
    } else if (this.#initializers.delete(name)) {
      this.#newInitializers.delete(name);
      this.#gone.add(name);
      this.#changed = true;
    }
  }

  removeInput(name: string): void {
    if (!this.isGraphInput(name)) return;
    this.#inputs = this.#inputs.filter((i) => i.name !== name);
    this.#inputNames = undefined;
    this.#changed = true;
  }

  replaceUses(from: string, to: string): void {
    const readers = new Map<Node, GraphDraft>();
    this.#collectReaders(from, readers);
    for (const [node, scope] of readers) {
      scope.replaceNode(node, { ...node, inputs: node.inputs.map((name) => (name === from ? to : name)) });
    }
  }

  setValueInfo(info: ValueInfo): void {
    const known = this.#valueInfos.some((v) => v.name === info.name);
    this.#valueInfos = known
      ? this.#valueInfos.map((v) => (v.name === info.name ? info : v))
      : [...this.#valueInfos, info];
    this.#changed = true;
  }

  removeValueInfo(name: string): void {
    if (!this.#valueInfos.some((v) => v.name === name)) return;
    this.#valueInfos = this.#valueInfos.filter((v) => v.name !== name);
    this.#changed = true;
  }

  sort(): void {
    const before = this.nodes;
    const after = stableOrder(before, this.path);
    if (after.every((node, i) => node === before[i])) return;
    this.#list.reorder(after);
    this.#changed = true;
  }

  /** This editor and all nested ones, in node order. */
  withNested(): readonly GraphDraft[] {
    const all: GraphDraft[] = [this];
    if (this.#children.size === 0) return all;
    for (const node of this.nodes) {
      for (const child of this.#children.get(node) ?? []) all.push(...child.withNested());
    }
    return all;
  }

  /** Before IR 4 every initializer must also be an input. */
  listNewInitializers(): void {
    const listed: ValueInfo[] = [];
    for (const name of this.#newInitializers) {
      const tensor = this.#initializers.get(name);
      if (tensor === undefined || this.isGraphInput(name)) continue;
      listed.push({
        name,
        docString: '',
        type: { kind: 'tensor', elementType: tensor.dataType, shape: tensor.dims },
      });
    }
    if (listed.length === 0) return;
    this.#inputs = [...this.#inputs, ...listed];
    this.#inputNames = undefined;
  }

  finishGraph(): Graph {
    const base = this.#base;
    if (!('initializers' in base)) throw fault('A function body was finished as a graph.');
    const nodes = this.#finishNodes();
    if (nodes === undefined) return base;
    const { verbatim: _, ...rest } = base;
    const kept = (v: ValueInfo): boolean => !this.#gone.has(v.name) || this.#defines(v.name);
    return {
      ...rest,
      nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      valueInfos: this.#gone.size === 0 ? this.#valueInfos : this.#valueInfos.filter(kept),
    };
  }

  finishFunction(): LocalFunction {
    const base = this.#base;
    if ('initializers' in base) throw fault('A graph was finished as a function body.');
    const nodes = this.#finishNodes();
    if (nodes === undefined) return base;
    const { verbatim: _, ...rest } = base;
    return { ...rest, nodes, inputs: this.#inputs.map((i) => i.name) };
  }

  /** Nodes with the finished graphs in their attributes; undefined when nothing was changed, here or below. */
  #finishNodes(): readonly Node[] | undefined {
    const renewed = new Map<Node, Node>();
    for (const [node, children] of this.#children) {
      const graphs = new Map<Graph, Graph>();
      for (const child of children) {
        const base = child.#base as Graph;
        const finished = child.finishGraph();
        if (finished !== base) graphs.set(base, finished);
      }
      if (graphs.size > 0) renewed.set(node, withGraphs(node, graphs));
    }
    if (!this.#changed && renewed.size === 0) return undefined;
    return renewed.size === 0 ? this.nodes : this.nodes.map((n) => renewed.get(n) ?? n);
  }

  #here(node: Node): Node {
    const latest = this.current(node);
    if (latest !== undefined) return latest;
    throw fault(`Node "${node.name}" (${node.opType}) does not stand in graph "${this.path}".`);
  }

  #defines(value: string): boolean {
    const dense = this.#producers.has(value) || this.#initializers.has(value) || this.isGraphInput(value);
    return dense || this.#sparse.has(value);
  }

  /** Nested editors in which `value` means this graph's. */
  *#capturing(value: string): Generator<GraphDraft, void, undefined> {
    for (const children of this.#children.values()) {
      for (const child of children) if (!child.#defines(value)) yield child;
    }
  }

  #collectReaders(value: string, into: Map<Node, GraphDraft>): void {
    for (const node of this.#readers.get(value) ?? []) into.set(node, this);
    for (const nested of this.#capturing(value)) nested.#collectReaders(value, into);
  }

  #attach(node: Node, index: number): void {
    for (const name of node.inputs) {
      if (name === '') continue;
      const readers = this.#readers.get(name);
      if (readers === undefined) this.#readers.set(name, new Set([node]));
      else readers.add(node);
    }
    for (const name of node.outputs) {
      if (name === '') continue;
      this.#producers.set(name, node);
      this.#shared.names.add(name);
    }
    const nested = subgraphsOf(node);
    if (nested.length === 0) return;
    const label = node.name === '' ? `${node.opType}_${index}` : node.name;
    const prefix = this.path === '' ? label : `${this.path}/${label}`;
    this.#children.set(
      node,
      nested.map(({ attribute, graph }) => {
        const known = this.#shared.editors.get(graph);
        if (known?.parent === this) return known;
        const path = this.#shared.paths.claim(`${prefix}/${attribute}`);
        const editor = new GraphDraft(graph, this, path, this.#shared);
        this.#shared.editors.set(graph, editor);
        return editor;
      }),
    );
  }

  #detach(node: Node): void {
    for (const name of node.inputs) {
      const readers = this.#readers.get(name);
      if (readers?.delete(node) === true && readers.size === 0) this.#readers.delete(name);
    }
    for (const name of node.outputs) {
      if (this.#producers.get(name) !== node) continue;
      this.#producers.delete(name);
      this.#gone.add(name);
    }
    this.#children.delete(node);
  }
}

function nodeFrom(init: NodeInit): Node {
  const { verbatim: _, ...fields } = init as NodeInit & Pick<Node, 'verbatim'>;
  return { name: '', domain: '', overload: '', attributes: [], docString: '', ...fields };
}

function withGraphs(node: Node, graphs: ReadonlyMap<Graph, Graph>): Node {
  const attributes = node.attributes.map((a): Attribute => {
    if (a.kind === 'graph') {
      const changed = graphs.get(a.value);
      return changed === undefined ? a : withoutVerbatim({ ...a, value: changed });
    }
    if (a.kind === 'graphs' && a.value.some((g) => graphs.has(g))) {
      return withoutVerbatim({ ...a, value: a.value.map((g) => graphs.get(g) ?? g) });
    }
    return a;
  });
  return nodeFrom({ ...node, attributes });
}

function withoutVerbatim(a: Attribute): Attribute {
  const { verbatim: _, ...rest } = a;
  return rest;
}

function fault(message: string): PareError {
  return new PareError('internal', message);
}
