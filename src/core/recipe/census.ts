/** Counts of a main graph that bounds of its size are made of. It must not know recipes. */
import { constantOf } from '../onnx/build.ts';
import type { ModelDraft } from '../onnx/draft.ts';
import type { Model, Tensor, ValueInfo } from '../onnx/ir.ts';
import { utf8Length } from '../onnx/wire-write.ts';
import { messageLength } from '../onnx/write.ts';
import { byteLengthOf, elementCount } from '../tensor/dtype.ts';
import type { SkeletonCensus } from './skeleton.ts';

/** @param layers values of weight layers, which are counted by themselves */
export function censusOf(
  { graph }: Model,
  { main }: ModelDraft,
  layers: ReadonlySet<string>,
): SkeletonCensus {
  const written = graph.nodes.flatMap(({ outputs }) => outputs);
  const reads = graph.nodes.flatMap(({ inputs }) => inputs);
  const constants = [
    ...graph.initializers.map((tensor): [string, Tensor] => [tensor.name, tensor]),
    ...graph.nodes.flatMap((node): [string, Tensor][] => {
      const tensor = constantOf(node);
      return tensor === undefined ? [] : [[node.outputs[0], tensor]];
    }),
  ].filter(([name, { dataType }]) => dataType === 'float32' && !layers.has(name));
  const bytes = (of: readonly [string, Tensor][]): number =>
    of.reduce((sum, [, { dataType, dims }]) => sum + byteLengthOf(dataType, elementCount(dims)), 0);
  const names = [...written, ...reads, ...graph.initializers.map(({ name }) => name), ...layers];
  return {
    values: written.length + graph.inputs.length,
    reads: reads.length,
    longestName: names.reduce((longest, name) => Math.max(longest, utf8Length(name)), 0),
    floatBytes: bytes(constants),
    sharedFloatBytes: bytes(constants.filter(([name]) => main.uses(name).length > 1)),
    valueInfoBytes: graph.valueInfos.reduce((sum, info) => sum + infoBytes(info), 0),
  };
}

function infoBytes(info: ValueInfo): number {
  const graph = {
    name: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
    valueInfos: [info],
    docString: '',
  };
  return messageLength({ graph });
}
