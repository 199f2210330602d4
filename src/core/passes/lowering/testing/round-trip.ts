/** Runs what lowering writes and compares it with decodeWeight; weights of every layout. Tests only. */
import { expect } from 'vitest';
import { int } from '../../../onnx/build.ts';
import type { Model, Node } from '../../../onnx/ir.ts';
import { verifyModel } from '../../../onnx/verify.ts';
import { writeModel } from '../../../onnx/write.ts';
import { halvesToFloats } from '../../../tensor/float16.ts';
import { reads, reread, testContext } from '../../../testing/weight-models.ts';
import type { TargetId } from '../../../targets/types.ts';
import { applyRecipe, layerFloats } from '../../manager.ts';
import type { AppliedRecipe } from '../../manager.ts';
import type { PassStep } from '../../types.ts';

const context = testContext();

/** The weight as the runtime computes it, with nothing folded. Only what `seen` needs is run. */
async function decodedByRuntime(lowered: Model): Promise<Float32Array> {
  const needed = new Set(['seen']);
  const nodes = [...lowered.graph.nodes].reverse().filter((n) => {
    if (!n.outputs.some((name) => needed.has(name))) return false;
    for (const name of n.inputs) needed.add(name);
    return true;
  });
  const seen = lowered.graph.outputs.filter(({ name }) => name === 'seen');
  const { verbatim: _graph, ...rest } = lowered.graph;
  const { verbatim: _model, ...header } = lowered;
  const alone: Model = {
    ...header,
    graph: { ...rest, nodes: nodes.reverse(), inputs: [], outputs: seen },
  };
  const out = await context.runner?.run(writeModel(alone).model, new Map(), ['seen']);
  const found = out?.get('seen');
  if (found === undefined) throw new Error('the runtime gave no weight');
  if (found.dataType === 'float16') return halvesToFloats(new Uint16Array(found.bytes.slice().buffer));
  return new Float32Array(found.bytes.slice().buffer);
}

export async function roundTrip(
  made: Model,
  steps: readonly PassStep[],
  target?: TargetId,
): Promise<AppliedRecipe> {
  const applied = await applyRecipe(
    made,
    { seed: 1, steps, ...(target === undefined ? {} : { target }) },
    context,
  );
  const expected = layerFloats(applied.logical, 'w');
  const actual = await decodedByRuntime(applied.model);
  if (expected === undefined) throw new Error('the weight is gone');
  expect(actual.length).toBe(expected.length);
  // Numerically equal: a pruned −0 and +0 are the same weight.
  const wrong = actual.findIndex((x, i) => x !== expected[i]);
  expect(wrong === -1 ? 'equal' : `${actual[wrong]} for ${expected[wrong]} at ${wrong}`).toBe('equal');
  expect(verifyModel(reread(applied.model)).errors).toEqual([]);
  return applied;
}

export const LAYOUTS: readonly { name: string; dims: number[]; consumer: Node }[] = [
  { name: 'Conv, inputs a multiple of the block', dims: [12, 32, 1, 1], consumer: reads.conv() },
  { name: 'Conv, short last block', dims: [12, 8, 3, 3], consumer: reads.conv() },
  { name: 'Conv, odd number of elements', dims: [9, 5, 3, 3], consumer: reads.conv() },
  { name: 'Conv, depthwise', dims: [20, 1, 3, 3], consumer: reads.conv({ group: int(20) }) },
  { name: 'MatMul', dims: [64, 20], consumer: reads.matMul() },
  { name: 'MatMul, short last block', dims: [45, 21], consumer: reads.matMul() },
  {
    name: 'ConvTranspose, blocks cross the input axis',
    dims: [10, 6, 3, 3],
    consumer: reads.convTranspose(),
  },
  { name: 'LSTM, two directions', dims: [2, 32, 20], consumer: reads.lstm() },
];
