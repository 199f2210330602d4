/** Runs a model before and after the simplify pass on seeded inputs and compares. Tests only. */
import { expect } from 'vitest';
import { createNodeRunner } from '../../../../runtime/node-runner.ts';
import { concatParts, spanOf } from '../../../bytes/spans.ts';
import { floatTensor, graph, model, valueInfo, type ModelInit } from '../../../onnx/build.ts';
import type { HostTensor } from '../../../onnx/graph-runner.ts';
import type { Dimension, Graph, Model, Node, Tensor } from '../../../onnx/ir.ts';
import { readModel } from '../../../onnx/read.ts';
import { executeForShapes, type FreeDims } from '../../../onnx/shapes.ts';
import { sizeOf, writeModel } from '../../../onnx/write.ts';
import type { DataType } from '../../../tensor/dtype.ts';
import { halfToFloat } from '../../../tensor/float16.ts';
import type { PassOutcome } from '../../types.ts';
import { simplify } from '../pass.ts';

export const runner = createNodeRunner();
const context = { runner, checkpoint: () => Promise.resolve() };

/** Linear congruential generator (Numerical Recipes): the same inputs in every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A weight of values in [−1, 1). */
export function weight(name: string, dims: readonly number[], seed = 1): Tensor {
  const next = random(seed);
  const size = dims.reduce((total, dim) => total * dim, 1);
  return floatTensor(
    name,
    dims,
    Float32Array.from({ length: size }, () => 2 * next() - 1),
  );
}

/** A weight of values in [low, low + 1): variances must be positive. */
export function positive(name: string, dims: readonly number[], low = 0.5): Tensor {
  const next = random(7);
  const size = dims.reduce((total, dim) => total * dim, 1);
  return floatTensor(
    name,
    dims,
    Float32Array.from({ length: size }, () => low + next()),
  );
}

export interface Sketch {
  readonly nodes: readonly Node[];
  readonly initializers?: readonly Tensor[];
  /** Name → shape of float inputs. */
  readonly inputs: Readonly<Record<string, readonly Dimension[]>>;
  readonly outputs: readonly string[];
  readonly init?: ModelInit;
  readonly outputType?: DataType;
}

export function sketch({ nodes, initializers, inputs, outputs, init, outputType }: Sketch): Model {
  const main = graph({
    nodes,
    initializers: initializers ?? [],
    inputs: Object.entries(inputs).map(([name, shape]) => valueInfo(name, 'float32', shape)),
    outputs: outputs.map((name) => valueInfo(name, outputType ?? 'float32')),
  });
  return model(main, init);
}

function fill(seed: number) {
  return (_name: string, type: DataType, dims: readonly number[]): Uint8Array => {
    const next = random(seed);
    const size = dims.reduce((total, dim) => total * dim, 1);
    if (type === 'bool') return Uint8Array.from({ length: size }, () => Number(next() < 0.5));
    return new Uint8Array(Float32Array.from({ length: size }, () => 4 * next() - 2).buffer);
  };
}

function numbers(value: HostTensor): Float64Array {
  const bytes = value.bytes.slice().buffer;
  if (value.dataType === 'float32') return Float64Array.from(new Float32Array(bytes));
  if (value.dataType === 'float64') return new Float64Array(bytes);
  if (value.dataType === 'float16') return Float64Array.from(new Uint16Array(bytes), halfToFloat);
  if (value.dataType === 'int64') return Float64Array.from(new BigInt64Array(bytes), Number);
  return Float64Array.from(new Uint8Array(bytes));
}

export interface Checked {
  readonly outcome: PassOutcome;
  readonly model: Model;
  /** Operators of the main graph, in order. */
  readonly ops: readonly string[];
  /** Reasons by layer. */
  readonly skipped: Readonly<Record<string, string>>;
}

export interface CheckOptions {
  /**
   * Largest |difference| relative to the largest |y|. The default is for one fold: a re-associated sum of at most 64
   * products (√64 · 2⁻²⁴) after weights that were rounded once (2⁻²⁴), with room for a factor 8: 2⁻¹⁸. 0 = same bits.
   */
  readonly tolerance?: number;
  readonly freeDims?: FreeDims;
  readonly otherDims?: number;
}

export const FOLD_TOLERANCE = 2 ** -18;

/** Simplifies, writes, reads and runs again: outputs agree, the file did not grow, the signature stayed. */
export async function check(before: Model, options: CheckOptions = {}): Promise<Checked> {
  const outcome = await simplify(before, context);
  const bytes = concatParts(writeModel(outcome.model).model);
  const after = readModel(spanOf(bytes).source);
  expect(bytes.length).toBeLessThanOrEqual(sizeOf(before));
  expect(after.graph.outputs.map((output) => output.name)).toEqual(
    before.graph.outputs.map((output) => output.name),
  );
  const names = before.graph.outputs.map((output) => output.name);
  const run = (m: Model) => executeForShapes(m, runner, { ...options, fill: fill(3) }, names);
  const [truth, ours] = [await run(before), await run(after)];
  for (const name of names)
    compare(name, truth.get(name), ours.get(name), options.tolerance ?? FOLD_TOLERANCE);
  return {
    outcome,
    model: after,
    ops: opsOf(after.graph),
    skipped: Object.fromEntries(outcome.skipped.map(({ layer, reason }) => [layer, reason])),
  };
}

function compare(
  name: string,
  truth: HostTensor | undefined,
  ours: HostTensor | undefined,
  tolerance: number,
): void {
  if (truth === undefined || ours === undefined) throw new Error(`Output ${name} is missing.`);
  expect([ours.dataType, ...ours.dims]).toEqual([truth.dataType, ...truth.dims]);
  const [x, y] = [numbers(truth), numbers(ours)];
  let [largest, most] = [0, 0];
  x.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    most = Math.max(most, Math.abs(value - (y[i] ?? NaN)));
  });
  // A test on zeros would prove nothing.
  expect(largest).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(tolerance * largest);
}

export const opsOf = (main: Graph): string[] => main.nodes.map((node) => node.opType);
