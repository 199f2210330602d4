/**
 * The only way to change a graph: open a draft of a model, edit, finish. The base model never changes and every
 * untouched message keeps its bytes. It must not know what a pass wants.
 */
import type { Model, Node, Tensor, ValueInfo } from './ir.ts';

/** One place that reads a value. `scope` differs from the editor's own when a nested subgraph captures it. */
export interface Use {
  readonly scope: GraphEditor;
  readonly node: Node;
  readonly input: number;
}

/** Edits one graph: the main graph, a subgraph of If/Loop/Scan, or a local function's body. */
export interface GraphEditor {
  /** '' for the main graph; 'If_3/then_branch' (node name or opType_index, then attribute), nested with '/'; 'fn:domain.name' for a function. */
  readonly path: string;
  readonly kind: 'graph' | 'function';
  readonly parent: GraphEditor | undefined;
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** The node of this graph that writes `value`. */
  producer(value: string): Node | undefined;
  /** Every read of `value`, nested subgraphs included, graph outputs excluded. */
  uses(value: string): readonly Use[];
  isGraphInput(value: string): boolean;
  isGraphOutput(value: string): boolean;
  /** The constant behind `value`: an initializer or a `Constant` node's tensor, here or in an enclosing graph. Not when the initializer is an overridable graph input. */
  constant(value: string): Tensor | undefined;
  /** A name that no value of the whole model has. Deterministic: hint, hint_1, hint_2 … */
  freshName(hint: string): string;
  /** Inserts before `anchor`, or at the end. */
  addNode(node: NodeInit, before?: Node): Node;
  replaceNode(old: Node, changed: NodeInit): Node;
  removeNode(node: Node): void;
  /** Adds, or replaces the one of that name. For a function body this writes a Constant node. */
  setInitializer(tensor: Tensor): void;
  removeInitializer(name: string): void;
  removeInput(name: string): void;
  /** Redirects every read of `from` (nested subgraphs included, graph outputs excluded) to `to`. */
  replaceUses(from: string, to: string): void;
  /** Drops intermediate value_info entries of values that no longer exist. */
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
  setIrVersion(version: number): void;
  setMetadata(key: string, value: string): void;
  /** The changed model; the base itself when nothing was changed. */
  finish(): Model;
}

export declare function openDraft(model: Model): ModelDraft;
