/** Reads a node's attributes. One that refers to a function's parameter has no value here: it reads as absent. It must not know operators. */
import type { Attribute, Node } from './ir.ts';
import { decodeUtf8 } from './wire.ts';

export function attribute(node: Node, name: string): Attribute | undefined {
  return node.attributes.find((candidate) => candidate.name === name);
}

/** An int attribute as a number, exact below 2^53; the fallback when it is absent or of another kind. */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const found = attribute(node, name);
  return found?.kind === 'int' ? Number(found.value) : fallback;
}

export function floatAttribute(node: Node, name: string, fallback: number): number {
  const found = attribute(node, name);
  return found?.kind === 'float' ? found.value : fallback;
}

/** Undefined when it is absent or of another kind. */
export function intsAttribute(node: Node, name: string): number[] | undefined {
  const found = attribute(node, name);
  return found?.kind === 'ints' ? found.value.map(Number) : undefined;
}

/** A string attribute; the fallback also for bytes that are not UTF-8. */
export function textAttribute(node: Node, name: string, fallback: string): string {
  const found = attribute(node, name);
  return found?.kind === 'string' ? (decodeUtf8(found.value) ?? fallback) : fallback;
}
