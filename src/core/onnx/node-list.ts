/** An ordered list of nodes in which insert, replace and remove cost the same anywhere. It must not know values. */
import type { Node } from './ir.ts';

interface Link {
  node: Node;
  before: Link | undefined;
  after: Link | undefined;
}

export class NodeList {
  #links = new Map<Node, Link>();
  #first: Link | undefined;
  #last: Link | undefined;
  #array: readonly Node[] | undefined;

  constructor(nodes: readonly Node[]) {
    this.reorder(nodes);
  }

  get size(): number {
    return this.#links.size;
  }

  get first(): Node | undefined {
    return this.#first?.node;
  }

  has(node: Node): boolean {
    return this.#links.has(node);
  }

  /** A snapshot in order; the same array until the next change. */
  array(): readonly Node[] {
    if (this.#array !== undefined) return this.#array;
    const nodes: Node[] = [];
    for (let link = this.#first; link !== undefined; link = link.after) nodes.push(link.node);
    return (this.#array = nodes);
  }

  insert(node: Node, before: Node | undefined): void {
    const after = before === undefined ? undefined : this.#links.get(before);
    const link: Link = { node, before: after === undefined ? this.#last : after.before, after };
    if (link.before === undefined) this.#first = link;
    else link.before.after = link;
    if (after === undefined) this.#last = link;
    else after.before = link;
    this.#links.set(node, link);
    this.#array = undefined;
  }

  replace(old: Node, node: Node): void {
    const link = this.#links.get(old);
    if (link === undefined) return;
    link.node = node;
    this.#links.delete(old);
    this.#links.set(node, link);
    this.#array = undefined;
  }

  remove(node: Node): void {
    const link = this.#links.get(node);
    if (link === undefined) return;
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    this.#links.delete(node);
    this.#array = undefined;
  }

  /** The same or other nodes in a new order. */
  reorder(nodes: readonly Node[]): void {
    this.#links = new Map();
    this.#first = undefined;
    this.#last = undefined;
    for (const node of nodes) this.insert(node, undefined);
    this.#array = nodes;
  }
}
