/**
 * Types and sizes of every value of a model: by rule, and by running the model once where no rule knows. The run is
 * also the oracle that the rules are tested against. It must not know passes or a particular runtime.
 */
import type { BytePart } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { byteLengthOf, elementCount, type DataType } from '../tensor/dtype.ts';
import type { GraphRunner, HostTensor } from './graph-runner.ts';
import type { Dimension, Graph, Model, ValueInfo } from './ir.ts';
import type { Fact } from './shapes/fact.ts';
import { inferByRule, type InferOptions, type ShapeTable } from './shapes/infer.ts';
import { writeModel } from './write.ts';

export { inferByRule } from './shapes/infer.ts';

/** Sizes for free dimensions: by symbol, or by `input#axis` for dimensions without one. */
export type FreeDims = Readonly<Record<string, number>>;

export interface ExecuteOptions {
  readonly freeDims?: FreeDims;
  /** For free dimensions that `freeDims` does not name. Default 1. */
  readonly otherDims?: number;
  /** Values of an input; zeros when absent. */
  readonly fill?: (name: string, dataType: DataType, dims: readonly number[]) => Uint8Array;
}

/** Values that one run may fail on because they cannot be carried (strings, sequences) before it is given up. */
const MAX_RETRIES = 32;

/**
 * Shape of every value of the main graph and of its subgraphs. Symbolic where a free dimension is involved.
 * Values that no rule and no declaration knows are found by running the model, when a runner is given: a size that
 * two runs with different free dimensions agree on is taken for fixed, the others stay unknown.
 */
export async function inferShapes(
  model: Model,
  runner: GraphRunner | undefined,
  options: InferOptions & ExecuteOptions = {},
): Promise<ShapeTable> {
  const table = inferByRule(model, { believeDeclared: true, ...options });
  const main = table.of(model.graph);
  const unknown = nodeOutputs(model.graph).filter((name) => main.get(name)?.shape === undefined);
  if (runner === undefined || unknown.length === 0) return table;
  const runs = await twoRuns(model, runner, options, unknown);
  const merged = new Map(main);
  for (const name of unknown) {
    const found = agreed(runs[0]?.get(name), runs[1]?.get(name));
    if (found !== undefined) merged.set(name, found);
  }
  return { of: (graph) => (graph === model.graph ? merged : table.of(graph)) };
}

/** Shapes that differ between the runs are free; a model without free dimensions needs one run. */
async function twoRuns(
  model: Model,
  runner: GraphRunner,
  options: ExecuteOptions,
  names: readonly string[],
): Promise<readonly (ReadonlyMap<string, HostTensor> | undefined)[]> {
  const attempt = async (otherDims: number): Promise<ReadonlyMap<string, HostTensor> | undefined> => {
    try {
      return await executeForShapes(model, runner, { ...options, otherDims }, names);
    } catch (error) {
      // A refusal means that these shapes stay unknown; a crashed runtime or a cancelled job must be heard.
      if (error instanceof PareError && ['runtime-refused', 'unsupported'].includes(error.code))
        return undefined;
      throw error;
    }
  };
  const first = await attempt(options.otherDims ?? 1);
  const free = feedInputs(model.graph).some((input) =>
    shapeOf(input).some((dim) => typeof dim !== 'number' || dim < 1),
  );
  return free ? [first, await attempt((options.otherDims ?? 1) + 1)] : [first, first];
}

function agreed(a: HostTensor | undefined, b: HostTensor | undefined): Fact | undefined {
  if (a === undefined || b === undefined || a.dims.length !== b.dims.length) return undefined;
  return { type: a.dataType, shape: a.dims.map((dim, i): Dimension => (dim === b.dims[i] ? dim : null)) };
}

/**
 * Runs the model once with every value of the main graph as an output (or those in `names`).
 * @returns values by name; those that cannot be carried (strings, sequences, absent optionals) are missing.
 * @throws PareError `runtime-refused` when the model does not run.
 */
export async function executeForShapes(
  model: Model,
  runner: GraphRunner,
  options: ExecuteOptions = {},
  names: readonly string[] = nodeOutputs(model.graph),
): Promise<ReadonlyMap<string, HostTensor>> {
  const feeds = new Map(feedInputs(model.graph).map((input) => [input.name, feedOf(input, options)]));
  let wanted = [...new Set(names)];
  for (let retry = 0; ; retry++) {
    try {
      return await runner.run(withOutputs(model, wanted), feeds, wanted);
    } catch (error) {
      if (!(error instanceof PareError) || error.code !== 'unsupported' || error.at === undefined)
        throw error;
      const { at } = error;
      if (retry >= MAX_RETRIES || !wanted.includes(at)) throw error;
      wanted = wanted.filter((name) => name !== at);
    }
  }
}

/** Inputs without a default value. */
function feedInputs(graph: Graph): ValueInfo[] {
  const defaults = new Set([
    ...graph.initializers.map((tensor) => tensor.name),
    ...graph.sparseInitializers.map((sparse) => sparse.values.name),
  ]);
  return graph.inputs.filter((input) => !defaults.has(input.name));
}

const shapeOf = (input: ValueInfo): readonly Dimension[] => input.type?.shape ?? [];

function feedOf(input: ValueInfo, options: ExecuteOptions): HostTensor {
  const dataType = input.type?.elementType ?? 'undefined';
  if (input.type?.kind !== 'tensor' || byteLengthOf(dataType, 1) === 0) {
    throw new PareError(
      'runtime-refused',
      `Input \`${input.name}\` is no tensor of numbers, so that it cannot be fed.`,
      {
        at: input.name,
      },
    );
  }
  const dims = shapeOf(input).map((dim, axis) => {
    if (typeof dim === 'number' && dim > 0) return dim;
    const named = typeof dim === 'string' ? options.freeDims?.[dim] : undefined;
    return named ?? options.freeDims?.[`${input.name}#${axis}`] ?? options.otherDims ?? 1;
  });
  const bytes =
    options.fill?.(input.name, dataType, dims) ?? new Uint8Array(byteLengthOf(dataType, elementCount(dims)));
  return { dataType, dims, bytes };
}

/** Every value that a node of the main graph writes. */
function nodeOutputs(graph: Graph): string[] {
  return graph.nodes.flatMap((node) => node.outputs.filter((output) => output !== ''));
}

/** Extra outputs are written without a type: the runtime infers it. */
function withOutputs(model: Model, names: readonly string[]): readonly BytePart[] {
  const present = new Set(model.graph.outputs.map((output) => output.name));
  const extra = names
    .filter((name) => !present.has(name))
    .map((name): ValueInfo => ({ name, docString: '' }));
  const graph = { ...model.graph, outputs: [...model.graph.outputs, ...extra] };
  return writeModel({ ...model, graph }, { externalize: 'never' }).model;
}
