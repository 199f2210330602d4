/**
 * Which of the asked values can be looked at, with their element types and sizes on the samples: by shape rules, and by
 * looking where no rule knows. What cannot be had gets its reason. It must not know what is computed from them.
 */
import { PareError } from '../errors.ts';
import { constantOf } from '../onnx/build.ts';
import type { GraphRunner, HostTensor } from '../onnx/graph-runner.ts';
import type { Dimension, Model, ValueInfo } from '../onnx/ir.ts';
import { inferByRule } from '../onnx/shapes/infer.ts';
import { subgraphsOf } from '../onnx/shapes/order.ts';
import { writeModel } from '../onnx/write.ts';
import type { DataType } from '../tensor/dtype.ts';
import { Instrument } from './instrumented.ts';
import type { CalibrationBatch, Checkpoint } from './types.ts';

export interface KnownValue {
  readonly name: string;
  readonly type: DataType;
  /** On the first batch. */
  readonly dims: readonly number[];
  /** Sizes that no sample changes; null where it may. */
  readonly fixed: readonly (number | null)[];
}

export interface KnownValues {
  readonly values: ReadonlyMap<string, KnownValue>;
  readonly missing: ReadonlyMap<string, string>;
  /** The runtime refused to show some: the model itself may not run on these samples. */
  readonly refused: boolean;
}

const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'float16', 'float64']);
/** Values that are looked at in one run: each is copied out once. */
const LOOKED_AT_ONCE = 16;

/** @param names values of the main graph */
export async function knowValues(
  model: Model,
  names: readonly string[],
  first: CalibrationBatch,
  runner: GraphRunner,
  checkpoint: Checkpoint,
): Promise<KnownValues> {
  const missing = new Map<string, string>();
  const values = new Map<string, KnownValue>();
  const place = placesOf(model);
  const fed = boundTo(model, first);
  const bound = inferByRule(fed, { believeDeclared: true }).of(fed.graph);
  const free = inferByRule(model, { believeDeclared: true }).of(model.graph);
  const onlyBatchIsFree = !hasFreeSizes(model);
  const looked: string[] = [];
  let refused = false;
  for (const name of new Set(names)) {
    const reason = place(name);
    if (reason !== undefined) {
      missing.set(name, reason);
      continue;
    }
    const { type, shape } = bound.get(name) ?? {};
    if (type !== undefined && !FLOATS.has(type)) missing.set(name, `its elements are ${type}, not floats`);
    else if (type !== undefined && shape?.every((d): d is number => typeof d === 'number' && d >= 0)) {
      values.set(name, {
        name,
        type,
        dims: shape,
        fixed: fixedSizes(shape, free.get(name)?.shape, onlyBatchIsFree),
      });
    } else looked.push(name);
  }
  for (let at = 0; at < looked.length; at += LOOKED_AT_ONCE) {
    await checkpoint(0, 'finding the shapes of values');
    const some = looked.slice(at, at + LOOKED_AT_ONCE);
    for (const [name, tensor] of await look(model, some, first, runner)) {
      if (typeof tensor === 'string') {
        missing.set(name, tensor);
        refused = true;
      } else if (!FLOATS.has(tensor.dataType)) {
        missing.set(name, `its elements are ${tensor.dataType}, not floats`);
      } else {
        const { dataType: type, dims } = tensor;
        values.set(name, {
          name,
          type,
          dims,
          fixed: fixedSizes(dims, free.get(name)?.shape, onlyBatchIsFree),
        });
      }
    }
  }
  return { values, missing, refused };
}

function boundTo(model: Model, { feeds }: CalibrationBatch): Model {
  const inputs = model.graph.inputs.map((input): ValueInfo => {
    const fed = feeds.get(input.name);
    if (fed === undefined) return input;
    return {
      name: input.name,
      docString: '',
      type: { kind: 'tensor', elementType: fed.dataType, shape: fed.dims },
    };
  });
  return { ...model, graph: { ...model.graph, inputs } };
}

/** Whether an input may change in more than the number of samples. */
export function hasFreeSizes({ graph }: Model): boolean {
  const defaults = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.some(
    ({ name, type }) =>
      !defaults.has(name) &&
      (type?.shape === undefined ||
        type.shape.some((d, axis) => axis > 0 && (typeof d !== 'number' || d < 0))),
  );
}

function fixedSizes(
  dims: readonly number[],
  free: readonly Dimension[] | undefined,
  onlyBatchIsFree: boolean,
): (number | null)[] {
  return dims.map((d, axis) => {
    const declared = free?.length === dims.length ? free[axis] : null;
    if (typeof declared === 'number' && declared >= 0) return declared;
    // Where no rule knows, only the first axis is taken for the samples'.
    return declared === null && onlyBatchIsFree && axis > 0 ? d : null;
  });
}

/** Why a name cannot be looked at; undefined where it can. */
function placesOf(model: Model): (name: string) => string | undefined {
  const { graph } = model;
  const written = new Map(graph.nodes.flatMap((n) => n.outputs.map((name) => [name, n] as const)));
  const constants = new Set([
    ...graph.initializers.map(({ name }) => name),
    ...graph.sparseInitializers.map(({ values }) => values.name),
  ]);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const inside = valuesInside(model);
  return (name) => {
    if (name === '') return 'it has no name';
    const node = written.get(name);
    if (constants.has(name) || (node !== undefined && constantOf(node) !== undefined)) {
      return 'it is a constant of the model';
    }
    if (node !== undefined || inputs.has(name)) return undefined;
    return inside.has(name)
      ? 'it is inside a subgraph or a function, where values are not looked at'
      : 'the model has no value of that name';
  };
}

function valuesInside({ graph, functions }: Model): ReadonlySet<string> {
  const names = new Set(functions.flatMap((f) => f.nodes.flatMap((n) => n.outputs)));
  const pending = graph.nodes.flatMap(subgraphsOf);
  for (let inner = pending.pop(); inner !== undefined; inner = pending.pop()) {
    for (const { name } of inner.inputs) names.add(name);
    for (const n of inner.nodes) {
      for (const name of n.outputs) names.add(name);
      pending.push(...subgraphsOf(n));
    }
  }
  return names;
}

/** Values by running the first batch; a text where that fails. */
async function look(
  model: Model,
  names: readonly string[],
  first: CalibrationBatch,
  runner: GraphRunner,
): Promise<ReadonlyMap<string, HostTensor | string>> {
  const instrument = new Instrument(model);
  for (const name of names) instrument.output(name);
  try {
    const session = await runner.open(writeModel(instrument.finish(), { externalize: 'never' }).model, 'off');
    try {
      return await session.run(first.feeds, names);
    } finally {
      await session.release();
    }
  } catch (error) {
    if (!(error instanceof PareError) || !['runtime-refused', 'unsupported'].includes(error.code))
      throw error;
    if (names.length === 1) return new Map([[names[0], `it cannot be looked at: ${error.message}`]]);
    const half = Math.ceil(names.length / 2);
    return new Map([
      ...(await look(model, names.slice(0, half), first, runner)),
      ...(await look(model, names.slice(half), first, runner)),
    ]);
  }
}
