/**
 * Walks a model's graphs and asks the rule of every operator: the engine of shape inference. It must not know passes,
 * runtimes or what the result is used for.
 */
import type { Dimension, Graph, LocalFunction, Model, Node, Tensor, TypeInfo, ValueInfo } from '../ir.ts';
import { constantOf } from '../build.ts';
import { overridableInitializers } from '../overridable.ts';
import { fact, join, MAX_TRACKED_VALUES, type Fact } from './fact.ts';
import { attribute } from '../attributes.ts';
import { hasReference, type NodeView, type ShapeRule } from './node-view.ts';
import { topologicalOrder } from './order.ts';
import { COMPUTE_RULES } from './rules-compute.ts';
import { ELEMENTWISE_RULES } from './rules-elementwise.ts';
import { STRUCTURE_RULES } from './rules-structure.ts';
import { integerValues } from './values.ts';

const RULES: Readonly<Record<string, ShapeRule>> = {
  ...ELEMENTWISE_RULES,
  ...STRUCTURE_RULES,
  ...COMPUTE_RULES,
};

/** Calls of local functions that are followed, and how deep: functions that call each other could multiply without end. */
const MAX_CALLS = 10_000;
const MAX_CALL_DEPTH = 16;

export interface InferOptions {
  /** Sizes for named free dimensions. */
  readonly freeDims?: Readonly<Record<string, number>>;
  /**
   * True: two inputs that share a symbol are not assumed to agree, because runtimes do not check it. Exact rewrites
   * need this; a report reads better without.
   */
  readonly distinctSymbols?: boolean;
  /** True: where no rule knows, believe the types that the file declares for values inside the graph. */
  readonly believeDeclared?: boolean;
}

/** Facts of every graph of a model. */
export interface ShapeTable {
  /** Facts of the values of one graph: the main graph, or a subgraph of the same model object. */
  of(graph: Graph): ReadonlyMap<string, Fact>;
}

interface Scope {
  readonly parent: Scope | undefined;
  readonly facts: Map<string, Fact>;
  readonly constants: Map<string, Tensor>;
}

const NO_FACTS: ReadonlyMap<string, Fact> = new Map();

/** Infers by rule alone. Never throws on what it does not know: the fact is then empty. */
export function inferByRule(model: Model, options: InferOptions = {}): ShapeTable {
  const inference = new Inference(model, options);
  inference.main();
  return { of: (graph) => inference.tables.get(graph) ?? NO_FACTS };
}

class Inference {
  readonly tables = new Map<Graph, Map<string, Fact>>();
  readonly #model: Model;
  readonly #options: InferOptions;
  readonly #opsets: ReadonlyMap<string, number>;
  readonly #functions: ReadonlyMap<string, LocalFunction>;
  #calls = 0;
  #depth = 0;

  constructor(model: Model, options: InferOptions) {
    this.#model = model;
    this.#options = options;
    this.#opsets = new Map(model.opsets.map((set) => [normalDomain(set.domain), set.version]));
    this.#functions = new Map(model.functions.map((fn) => [calledAs(fn.domain, fn.name, fn.overload), fn]));
  }

  main(): void {
    const { graph } = this.#model;
    const overridable = overridableInitializers(graph);
    this.#graph(graph, undefined, (input) => this.#declaredInput(input), overridable);
  }

  #declaredInput(input: ValueInfo): Fact {
    const { type } = input;
    if (type?.kind !== 'tensor') return {};
    const shape = type.shape?.map((dim, axis): Dimension => {
      if (typeof dim === 'number') return dim > 0 ? dim : null;
      if (dim === null || dim === '')
        return this.#options.distinctSymbols === true ? `${input.name}#${axis}` : null;
      return (
        this.#options.freeDims?.[dim] ??
        (this.#options.distinctSymbols === true ? `${input.name}#${axis}` : dim)
      );
    });
    return fact(known(type), shape);
  }

  #graph(
    graph: Graph,
    parent: Scope | undefined,
    inputFact: (input: ValueInfo, index: number) => Fact,
    overridable: ReadonlySet<string> = new Set(),
  ): Scope {
    const scope: Scope = { parent, facts: new Map(), constants: new Map() };
    this.tables.set(graph, scope.facts);
    graph.inputs.forEach((input, i) => scope.facts.set(input.name, inputFact(input, i)));
    for (const tensor of graph.initializers) {
      if (overridable.has(tensor.name)) continue;
      scope.constants.set(tensor.name, tensor);
      scope.facts.set(tensor.name, factOfTensor(tensor));
    }
    for (const sparse of graph.sparseInitializers) {
      scope.facts.set(sparse.values.name, fact(sparse.values.dataType, sparse.dims));
    }
    this.#nodes(graph.nodes, scope, this.#declaredTypes(graph));
    return scope;
  }

  #declaredTypes(graph: Graph): ReadonlyMap<string, TypeInfo> {
    if (this.#options.believeDeclared !== true) return new Map();
    return new Map(
      [...graph.valueInfos, ...graph.outputs].flatMap((v) =>
        v.type === undefined ? [] : [[v.name, v.type]],
      ),
    );
  }

  #nodes(nodes: readonly Node[], scope: Scope, declared: ReadonlyMap<string, TypeInfo>): void {
    for (const node of topologicalOrder(nodes)) {
      const facts = this.#node(node, scope);
      node.outputs.forEach((output, i) => {
        if (output !== '') scope.facts.set(output, complete(facts[i], declared.get(output)));
      });
    }
  }

  #node(node: Node, scope: Scope): readonly (Fact | undefined)[] {
    const fn = this.#functions.get(calledAs(node.domain, node.opType, node.overload));
    if (fn !== undefined) return this.#call(node, fn, scope);
    if (normalDomain(node.domain) !== '') return [];
    if (node.opType === 'If') return this.#branches(node, scope);
    if (node.opType === 'Loop' || node.opType === 'Scan') return this.#body(node, scope);
    if (hasReference(node)) return [];
    if (node.opType === 'Constant') return [this.#constant(node, scope)];
    const rule = RULES[node.opType];
    return rule === undefined ? [] : rule(this.#view(node, scope));
  }

  #view(node: Node, scope: Scope): NodeView {
    return {
      node,
      opset: this.#opsets.get('') ?? 1,
      inputs: node.inputs.map((name) => (name === '' ? undefined : (find(scope, 'facts', name) ?? {}))),
      constant: (input) => find(scope, 'constants', node.inputs[input] ?? ''),
    };
  }

  #constant(node: Node, scope: Scope): Fact {
    const tensor = constantTensor(node);
    if (tensor === undefined) return {};
    scope.constants.set(node.outputs[0] ?? '', tensor);
    return factOfTensor(tensor);
  }

  #branches(node: Node, scope: Scope): readonly Fact[] {
    const results = ['then_branch', 'else_branch'].map((name) => {
      const branch = attribute(node, name);
      if (branch?.kind !== 'graph') return undefined;
      const inner = this.#graph(branch.value, scope, () => ({}));
      return branch.value.outputs.map((output) => find(inner, 'facts', output.name));
    });
    return node.outputs.map((_, i) => join(results[0]?.[i], results[1]?.[i]));
  }

  /** Loop and Scan: sizes may change from turn to turn, so only element types are kept. */
  #body(node: Node, scope: Scope): readonly Fact[] {
    const body = attribute(node, 'body');
    if (body?.kind !== 'graph') return [];
    const inner = this.#graph(body.value, scope, (input, i) => {
      // A scalar by the specification; runtimes also accept one element in a list, so that the rank is left open.
      if (node.opType === 'Loop' && i < 2) return fact(i === 0 ? 'int64' : 'bool', undefined);
      return input.type?.kind === 'tensor' ? fact(known(input.type), undefined) : {};
    });
    const skip = node.opType === 'Loop' ? 1 : 0;
    return node.outputs.map((_, i) =>
      fact(find(inner, 'facts', body.value.outputs[i + skip]?.name ?? '')?.type, undefined),
    );
  }

  #call(node: Node, fn: LocalFunction, scope: Scope): readonly Fact[] {
    if (this.#calls >= MAX_CALLS || this.#depth >= MAX_CALL_DEPTH) return [];
    this.#calls++;
    this.#depth++;
    const inner: Scope = { parent: undefined, facts: new Map(), constants: new Map() };
    fn.inputs.forEach((name, i) => {
      const given = find(scope, 'facts', node.inputs[i] ?? '');
      if (given !== undefined) inner.facts.set(name, given);
    });
    this.#nodes(fn.nodes, inner, new Map());
    this.#depth--;
    return fn.outputs.map((name) => inner.facts.get(name) ?? {});
  }
}

/** What a call and the function that it means have in common. */
const calledAs = (domain: string, name: string, overload: string): string =>
  `${normalDomain(domain)}:${name}:${overload}`;

export const normalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function find<K extends 'facts' | 'constants'>(
  scope: Scope,
  what: K,
  name: string,
): (K extends 'facts' ? Fact : Tensor) | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    // A value that is known here hides one of the same name outside, constant or not.
    if (at.facts.has(name)) return at[what].get(name) as (K extends 'facts' ? Fact : Tensor) | undefined;
  }
  return undefined;
}

const known = (type: TypeInfo): TypeInfo['elementType'] =>
  type.elementType === 'undefined' ? undefined : type.elementType;

function complete(found: Fact | undefined, declared: TypeInfo | undefined): Fact {
  const base = found ?? {};
  if (declared?.kind !== 'tensor') return base;
  const type = base.type ?? known(declared);
  const claimed = declared.shape?.map((dim) => (typeof dim === 'number' && dim < 0 ? null : dim));
  const shape =
    base.shape === undefined
      ? claimed
      : base.shape.map(
          (dim, i) => dim ?? (claimed?.length === base.shape?.length ? (claimed?.[i] ?? null) : null),
        );
  return { ...base, ...(type === undefined ? {} : { type }), ...(shape === undefined ? {} : { shape }) };
}

/** Type, sizes and (when small and integer) contents of a constant. */
export function factOfTensor(tensor: Tensor): Fact {
  const tracked = tensor.dataType === 'int64' || tensor.dataType === 'int32' || tensor.dataType === 'bool';
  const values = tracked ? integerValues(tensor, MAX_TRACKED_VALUES)?.map(Number) : undefined;
  return fact(tensor.dataType, tensor.dims, values);
}

/** The tensor of a `Constant` node under the name of its output; undefined for strings and sparse tensors. */
export function constantTensor(node: Node): Tensor | undefined {
  const tensor = constantOf(node);
  if (tensor === undefined) return undefined;
  const { verbatim: _, ...rest } = tensor;
  return { ...rest, name: node.outputs[0] ?? '' };
}
