/**
 * Made-up samples for a model without data: seeded waves and noise of the declared shapes. They exercise a model without
 * knowing what it is for; whoever uses them says so. It must not know statistics.
 */
import { PareError } from '../errors.ts';
import type { GraphRunner, HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import { makeFeeds, type ValueRange } from './made-up.ts';
import { dimensionTrials, isState, type DimensionSizes, type ModelInput } from './model-inputs.ts';
import { portsOf } from './ports.ts';
import type { CalibrationBatch, CalibrationSamples } from './types.ts';
import { CLEARLY_MORE, NEARLY_CONSTANT, variationOf } from './variation.ts';

export interface SyntheticOptions {
  readonly seed: number;
  readonly count: number;
  /** Finds sizes that the model accepts, and the span of its inputs. Absent: the likeliest of both. */
  readonly runner?: GraphRunner | undefined;
}

/** More made-up samples add nothing: they all look alike. */
export const MOST_SYNTHETIC_SAMPLES = 64;

/** Sets of sizes that are tried. */
const TRIALS = 12;
/** Samples whose outputs are compared to choose the span. */
const COMPARED = 4;

interface Manner {
  readonly sizes: DimensionSizes;
  readonly range: ValueRange;
}

/** @throws PareError `unsupported`, from `batch`, where inputs cannot be made up or no sizes are accepted */
export function syntheticSamples(
  model: Model,
  { seed, count, runner }: SyntheticOptions,
): CalibrationSamples {
  const inputs = inputsOf(model);
  // A fixed batch holds several samples.
  const fixed = inputs.find((input) => !isState(input))?.shape[0];
  const rows = typeof fixed === 'number' && fixed > 0 ? fixed : 1;
  const batches = Math.ceil(Math.min(count, MOST_SYNTHETIC_SAMPLES) / rows);
  let manner: Promise<Manner> | undefined;
  return {
    key: `synthetic ${seed} ${batches * rows}`,
    origin: 'synthetic',
    description: `${batches * rows} made-up inputs`,
    count: batches * rows,
    batches,
    async batch(index): Promise<CalibrationBatch> {
      manner ??= findManner(model, inputs, seed, runner);
      const { sizes, range } = await manner;
      return { feeds: makeFeeds(inputs, sizes, seed, index, range), rows };
    },
  };
}

function inputsOf(model: Model): ModelInput[] {
  return portsOf(model).map(({ name, dataType, shape }) => {
    if (dataType !== 'undefined' && dataType !== 'string' && shape !== null) return { name, dataType, shape };
    throw new PareError(
      'unsupported',
      `Input \`${name}\` cannot be made up: ${shape === null ? 'its shape is not declared' : `it takes ${dataType}`}.`,
      { at: name, hint: 'Calibrate on your own data.' },
    );
  });
}

/** The first sizes with which the model runs, and the span of values that its outputs answer to. */
async function findManner(
  model: Model,
  inputs: readonly ModelInput[],
  seed: number,
  runner: GraphRunner | undefined,
): Promise<Manner> {
  const trials = dimensionTrials(inputs, {}).slice(0, TRIALS);
  if (runner === undefined) return { sizes: trials[0], range: 'signed-unit' };
  const outputs = model.graph.outputs.map(({ name }) => name).slice(0, 1);
  const session = await runner.open(writeModel(model, { externalize: 'never' }).model, 'basic');
  const run = async (sizes: DimensionSizes, sample: number, range: ValueRange): Promise<HostTensor> => {
    const values = await session.run(makeFeeds(inputs, sizes, seed, sample, range), outputs);
    return values.get(outputs[0]) ?? { dataType: 'undefined', dims: [], bytes: new Uint8Array() };
  };
  try {
    const sizes = await firstSizes(trials, (each) => run(each, 0, 'signed-unit'));
    const variation = async (range: ValueRange): Promise<number> => {
      const seen: Float32Array[] = [];
      for (let sample = 0; sample < COMPARED; sample++) {
        const { dataType, bytes } = await run(sizes, sample, range);
        if (dataType !== 'float32') return 1;
        seen.push(new Float32Array(bytes.slice().buffer));
      }
      return variationOf(seen);
    };
    const unit = await variation('signed-unit');
    const bytes = unit < NEARLY_CONSTANT && (await variation('bytes')) > unit * CLEARLY_MORE;
    return { sizes, range: bytes ? 'bytes' : 'signed-unit' };
  } finally {
    await session.release();
  }
}

async function firstSizes(
  trials: readonly DimensionSizes[],
  run: (sizes: DimensionSizes) => Promise<unknown>,
): Promise<DimensionSizes> {
  let refusal = '';
  for (const sizes of trials) {
    try {
      await run(sizes);
      return sizes;
    } catch (error) {
      if (!(error instanceof PareError) || error.code !== 'runtime-refused') throw error;
      refusal ||= error.message;
    }
  }
  throw new PareError('unsupported', `The model did not run on made-up inputs: ${refusal}`, {
    hint: 'Calibrate on your own data.',
  });
}
