// The rule that tells deliberately overridable initializers from an exporter's habit.
import { describe, expect, it } from 'vitest';
import type { Graph, Node, Tensor, ValueInfo } from './ir.ts';
import { overridableInitializers, overridableReason } from './overridable.ts';

const node = (opType: string, inputs: string[], outputs: string[]): Node => ({
  name: '',
  opType,
  domain: '',
  overload: '',
  inputs,
  outputs,
  attributes: [],
  docString: '',
});
const info = (name: string): ValueInfo => ({ name, docString: '' });
const tensor = (name: string): Tensor => ({
  name,
  dataType: 'float32',
  dims: [0],
  data: { kind: 'typed', field: 'float_data', fields: [] },
  docString: '',
});
function graph(nodes: Node[], initializers: string[], inputs: string[]): Graph {
  return {
    name: 'g',
    nodes,
    initializers: initializers.map(tensor),
    sparseInitializers: [],
    inputs: inputs.map(info),
    outputs: [info('y')],
    valueInfos: [],
    docString: '',
  };
}
const conv = node('Conv', ['x', 'w', 'b'], ['y']);

describe('overridableInitializers', () => {
  it('finds none when none is listed', () => {
    expect(overridableInitializers(graph([conv], ['w', 'b'], ['x']))).toEqual(new Set());
  });
  it('takes a full listing for a habit, unused initializers aside', () => {
    expect(overridableInitializers(graph([conv], ['w', 'b', 'unused'], ['x', 'w', 'b']))).toEqual(new Set());
  });
  it('takes a partial listing for an intention', () => {
    expect(overridableInitializers(graph([conv], ['w', 'b'], ['x', 'b']))).toEqual(new Set(['b']));
  });
  it('takes a lone default without any weight for an intention', () => {
    const add = node('Add', ['x', 'offset'], ['y']);
    expect(overridableInitializers(graph([add], ['offset'], ['x', 'offset']))).toEqual(new Set(['offset']));
  });
  it('never leaves a graph without inputs', () => {
    expect(overridableInitializers(graph([conv], ['x', 'w', 'b'], ['x', 'w', 'b'])).size).toBe(3);
  });
  it('sees reads inside subgraphs', () => {
    const branch = graph([conv], [], []);
    const choose: Node = {
      ...node('If', ['c'], ['y']),
      attributes: [{ name: 'then_branch', kind: 'graph', value: branch }],
    };
    expect(overridableInitializers(graph([choose], ['w', 'b'], ['c', 'w']))).toEqual(new Set(['w']));
    expect(overridableInitializers(graph([choose], ['w', 'b'], ['c', 'w', 'b']))).toEqual(new Set());
  });
  it('names the weight in the reason', () => {
    expect(overridableReason('fc.w')).toBe('weight `fc.w` is also a graph input');
  });
});
