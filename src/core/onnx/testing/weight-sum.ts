/** A model whose output is the sum of its input and some weights, and a weight of which only the size is there. It must not check anything. */
import { hollowSpan } from '../../bytes/spans.ts';
import { graph, model, node, rawTensor, valueInfo } from '../build.ts';
import type { Model, Tensor } from '../ir.ts';

export const hollowTensor = (name: string, floats: number): Tensor => ({
  ...rawTensor(name, 'float32', [floats], new Uint8Array(0)),
  data: { kind: 'raw', bytes: hollowSpan(floats * 4) },
});

export function withWeights(...initializers: Tensor[]): Model {
  const names = initializers.map((t) => t.name);
  return model(
    graph({
      nodes: [node('Sum', ['x', ...names], ['y'])],
      initializers,
      inputs: [valueInfo('x', 'float32', ['n'])],
      outputs: [valueInfo('y', 'float32', ['n'])],
    }),
  );
}
