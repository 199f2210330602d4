/**
 * What a shape rule sees of a node: its attributes, and what is known of its inputs. It must not know graphs, so that
 * a rule is a pure function.
 */
import type { DataType } from '../../tensor/dtype.ts';
import { attribute, intsAttribute } from '../attributes.ts';
import type { Dimension, Node, Tensor } from '../ir.ts';
import { fact, type Fact } from './fact.ts';

export interface NodeView {
  readonly node: Node;
  /** Version of the node's domain. */
  readonly opset: number;
  /** Undefined for an absent optional input. */
  readonly inputs: readonly (Fact | undefined)[];
  /** The constant tensor behind an input, when there is one. */
  constant(input: number): Tensor | undefined;
}

/** One fact per output; missing entries are unknown. */
export type ShapeRule = (view: NodeView) => readonly (Fact | undefined)[];

export function hasReference(node: Node): boolean {
  return node.attributes.some((candidate) => candidate.kind === 'reference');
}

/** Input facts by position. */
export const typeOf = (view: NodeView, input: number): DataType | undefined => view.inputs[input]?.type;
export const shapeOf = (view: NodeView, input: number): readonly Dimension[] | undefined =>
  view.inputs[input]?.shape;
export const valuesOf = (view: NodeView, input: number): readonly Dimension[] | undefined =>
  view.inputs[input]?.values;

/** The answer when nothing but the type is known. */
export const unknownRank = (view: NodeView): Fact[] => [fact(typeOf(view, 0), undefined)];

export function hasInput(view: NodeView, input: number): boolean {
  return (view.node.inputs[input] ?? '') !== '';
}

/**
 * A list that is an attribute in old operator sets and an input in new ones (axes, starts, pads, split).
 * 'absent' = neither is there; undefined = there but not known.
 */
export function listOf(
  view: NodeView,
  name: string,
  input: number,
): readonly Dimension[] | 'absent' | undefined {
  const found = attribute(view.node, name);
  if (found !== undefined) return intsAttribute(view.node, name);
  return hasInput(view, input) ? valuesOf(view, input) : 'absent';
}

/** As `listOf`, but only when every entry is a literal. */
export function literalsOf(
  view: NodeView,
  name: string,
  input: number,
): readonly number[] | 'absent' | undefined {
  const list = listOf(view, name, input);
  if (list === undefined || list === 'absent') return list;
  return list.every((value) => typeof value === 'number') ? list : undefined;
}
