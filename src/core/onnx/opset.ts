/**
 * Raises the version of the ONNX operator set that a model imports, rewriting the nodes whose definition changed on
 * the way. All or nothing: when one node cannot be carried over, nothing is changed. It must not know why a caller
 * wants the newer version.
 */
import type { GraphEditor, ModelDraft, NodeInit } from './draft.ts';
import type { Model, Node, Tensor } from './ir.ts';
import { CONVERTERS, type ConvertContext } from './opset/converters.ts';
import { NEWEST_OPSET, OPERATOR_HISTORY } from './opset/history.ts';
import type { Fact } from './shapes/fact.ts';
import { inferByRule, normalDomain } from './shapes/infer.ts';
import { subgraphsOf } from './shapes/order.ts';
import { denseBytes } from './shapes/values.ts';

export type RaiseResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Smallest IR version that may import an operator set. Source: onnx/docs/Versioning.md. */
const IR_FOR_OPSET: readonly (readonly [opset: number, ir: number])[] = [
  [9, 4],
  [10, 5],
  [11, 6],
  [12, 7],
  [15, 8],
  [19, 9],
  [21, 10],
  [23, 11],
  [24, 12],
  [25, 13],
];

/** Version of the ONNX domain that a model imports; undefined when it imports none. */
export function onnxOpset(model: Model): number | undefined {
  return model.opsets.find((set) => normalDomain(set.domain) === '')?.version;
}

/**
 * Makes the model import at least `version` of the ONNX domain. A model that already does stays as it is.
 * Subgraphs are carried over; local functions only when nothing in them changes meaning.
 */
export function raiseOpset(draft: ModelDraft, version: number): RaiseResult {
  const from = onnxOpset(draft.base);
  if (from === undefined) return { ok: false, reason: 'the model imports no version of the ONNX operators' };
  if (from >= version) return { ok: true };
  if (version > NEWEST_OPSET)
    return { ok: false, reason: `operator set ${version} is newer than ${NEWEST_OPSET}` };
  const plans = draft.graphs().flatMap((graph) => graph.nodes.map((node) => ({ graph, node })));
  for (const { graph, node } of plans) {
    const reason = whyNot(graph, node, from, version);
    if (reason !== undefined) return { ok: false, reason };
  }
  const facts = factsByName(draft.base);
  const rehearsal = plans.filter(({ node }) => steps(node, from, version).length > 0);
  for (const { graph, node } of rehearsal) {
    const result = convert(node, from, version, contextOf(graph, facts, false));
    if (typeof result === 'string') return { ok: false, reason: `${label(node)}: ${result}` };
  }
  for (const { graph, node } of rehearsal) {
    const result = convert(node, from, version, contextOf(graph, facts, true));
    if (typeof result !== 'string') place(graph, node, result);
  }
  const domain = draft.base.opsets.find((set) => normalDomain(set.domain) === '')?.domain ?? '';
  draft.setOpset(domain, version);
  const ir = IR_FOR_OPSET.filter(([opset]) => opset <= version).at(-1)?.[1] ?? 3;
  if (draft.base.irVersion < ir) draft.setIrVersion(ir);
  return { ok: true };
}

const label = (node: Node): string =>
  `${node.opType} \`${node.name === '' ? (node.outputs[0] ?? '') : node.name}\``;

/** Versions after `from`, up to `to`, at which this operator was redefined and something must be done. */
function steps(node: Node, from: number, to: number): number[] {
  if (normalDomain(node.domain) !== '') return [];
  const history = OPERATOR_HISTORY[node.opType] ?? [];
  return history.filter(
    (since) => since > from && since <= to && CONVERTERS[`${node.opType}@${since}`] !== undefined,
  );
}

function whyNot(graph: GraphEditor, node: Node, from: number, to: number): string | undefined {
  if (normalDomain(node.domain) !== '') return undefined;
  const first = OPERATOR_HISTORY[node.opType]?.[0];
  if (first === undefined) return `${label(node)} is not an operator of the ONNX domain that is known here`;
  // Some runtimes lent operators of their own to the ONNX domain before it had them, with other rules.
  if (first > from) return `${label(node)} is not in operator set ${from}, only from ${first} on`;
  const inFunction = ownerKind(graph) === 'function';
  if (inFunction && steps(node, from, to).length > 0) {
    return `${label(node)} stands in a local function and changes between the operator sets ${from} and ${to}`;
  }
  return undefined;
}

function ownerKind(graph: GraphEditor): GraphEditor['kind'] {
  let top = graph;
  while (top.parent !== undefined) top = top.parent;
  return top.kind;
}

/** The nodes that stand for `node` in operator set `to`, or the reason why not. */
function convert(
  node: Node,
  from: number,
  to: number,
  context: ConvertContext,
): readonly NodeInit[] | string {
  let nodes: readonly NodeInit[] = [node];
  for (let version = from + 1; version <= to; version++) {
    const next: NodeInit[] = [];
    for (const current of nodes) {
      const result = CONVERTERS[`${current.opType}@${version}`]?.(asNode(current), context) ?? [current];
      if ('refused' in result) return result.refused;
      next.push(...result);
    }
    nodes = next;
  }
  return nodes;
}

const asNode = (init: NodeInit): Node => ({
  name: '',
  domain: '',
  overload: '',
  docString: '',
  attributes: [],
  ...init,
});

function place(graph: GraphEditor, node: Node, result: readonly NodeInit[]): void {
  const main = result.at(-1);
  if (main === undefined) return;
  for (const init of result.slice(0, -1)) graph.addNode(init, node);
  graph.replaceNode(node, main);
}

function contextOf(graph: GraphEditor, facts: ReadonlyMap<string, Fact>, commit: boolean): ConvertContext {
  // In a rehearsal nothing is stored, but a later step may look at what an earlier one would have stored.
  const rehearsed = new Map<string, Tensor>();
  const rehearse = (hint: string, make: (name: string) => Tensor): string => {
    const name = `${hint} (rehearsed ${rehearsed.size})`;
    rehearsed.set(name, make(name));
    return name;
  };
  return {
    fact: (value) => facts.get(value),
    constant: (value) => rehearsed.get(value) ?? graph.constant(value),
    isRead: (value) => graph.uses(value).length > 0 || graph.isGraphOutput(value),
    keep: (hint, make) => (commit ? keepInitializer(graph, hint, make) : rehearse(hint, make)),
    fresh: (hint) => (commit ? graph.freshName(hint) : hint),
  };
}

/** Reuses an initializer with the same content: converted axes lists repeat a lot. */
function keepInitializer(graph: GraphEditor, hint: string, make: (name: string) => Tensor): string {
  const wanted = make('');
  for (const [name, tensor] of graph.initializers) {
    if (!graph.isGraphInput(name) && sameContent(tensor, wanted)) return name;
  }
  const name = graph.freshName(hint);
  graph.setInitializer(make(name));
  return name;
}

function sameContent(a: Tensor, b: Tensor): boolean {
  if (
    a.dataType !== b.dataType ||
    a.dims.length !== b.dims.length ||
    a.dims.some((dim, i) => dim !== b.dims[i])
  ) {
    return false;
  }
  const [left, right] = [denseBytes(a), denseBytes(b)];
  return left !== undefined && right !== undefined && left.every((byte, i) => byte === right[i]);
}

/** Facts of every value of the model. Sibling branches may reuse a name: those stay unknown. */
function factsByName(model: Model): ReadonlyMap<string, Fact> {
  const table = inferByRule(model, { believeDeclared: true });
  const facts = new Map<string, Fact>();
  const pending = [model.graph];
  for (let graph = pending.pop(); graph !== undefined; graph = pending.pop()) {
    for (const [name, fact] of table.of(graph)) facts.set(name, facts.has(name) ? {} : fact);
    for (const node of graph.nodes) pending.push(...subgraphsOf(node));
  }
  return facts;
}
