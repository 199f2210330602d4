/**
 * The names of one open draft: every value, so that a fresh one is free, and the path of every graph, so that a layer is
 * found again. It must not know edits.
 */
import type { Graph, LocalFunction, Model, Node } from './ir.ts';
import { subgraphsOf } from './walk.ts';

/** Path of a local function's body. */
export function functionPath({
  domain,
  name,
  overload,
}: Pick<LocalFunction, 'domain' | 'name' | 'overload'>): string {
  return `fn:${domain}.${name}${overload === '' ? '' : `:${overload}`}`;
}

/** Paths in use. Names of nodes may repeat, so that two graphs could ask for the same one. */
export class PathRegistry {
  readonly #taken = new Set<string>();

  /** `wanted`, or `wanted#2`, `wanted#3` … for the graphs that ask later: the same model always gives the same paths. */
  claim(wanted: string): string {
    let path = wanted;
    for (let i = 2; this.#taken.has(path); i++) path = `${wanted}#${i}`;
    this.#taken.add(path);
    return path;
  }
}

/** Every value name of a model; names are never given free again. */
export class NameRegistry {
  readonly #model: Model;
  readonly #added: string[] = [];
  #taken: Set<string> | undefined;
  readonly #next = new Map<string, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  add(name: string): void {
    if (this.#taken === undefined) this.#added.push(name);
    else this.#taken.add(name);
  }

  fresh(hint: string): string {
    this.#taken ??= namesOf(this.#model, this.#added);
    let name = hint;
    for (let i = this.#next.get(hint) ?? 0; name === '' || this.#taken.has(name); i++) {
      name = i === 0 && hint !== '' ? hint : `${hint}_${Math.max(i, 1)}`;
      this.#next.set(hint, i + 1);
    }
    this.#taken.add(name);
    return name;
  }
}

function namesOf(model: Model, added: readonly string[]): Set<string> {
  const names = new Set(added);
  const pending: Graph[] = [model.graph];
  const addNodes = (nodes: readonly Node[]): void => {
    for (const n of nodes) {
      for (const name of n.inputs) names.add(name);
      for (const name of n.outputs) names.add(name);
      for (const { graph } of subgraphsOf(n)) pending.push(graph);
    }
  };
  for (const f of model.functions) {
    for (const name of [...f.inputs, ...f.outputs]) names.add(name);
    addNodes(f.nodes);
  }
  for (let g = pending.pop(); g !== undefined; g = pending.pop()) {
    for (const v of [...g.inputs, ...g.outputs, ...g.valueInfos, ...g.initializers]) names.add(v.name);
    for (const s of g.sparseInitializers) names.add(s.values.name);
    addNodes(g.nodes);
  }
  return names;
}
