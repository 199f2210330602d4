/** Pare's own variants for the quantization table: recipes over the calibration samples of the set. It must not evaluate. */
import { createCalibration } from '../../src/core/calibration/create.ts';
import { portsOf } from '../../src/core/calibration/ports.ts';
import type { GraphRunner } from '../../src/core/onnx/graph-runner.ts';
import { listWeights, type WeightLayer } from '../../src/core/onnx/weights.ts';
import type { DataConfig } from '../../src/core/dataset/types.ts';
import type { StepReport } from '../../src/core/passes/manager.ts';
import type { ParamValues, PassStep } from '../../src/core/passes/types.ts';
import type { Recipe } from '../../src/core/recipe/types.ts';
import { codeBits, hasCodes } from '../../src/core/tensor/encoding.ts';
import { createCalibrationSamples } from '../../src/data/calibrate/samples.ts';
import type { Dataset } from '../../src/data/types.ts';
import { createKernels } from '../../src/kernels/dispatch.ts';
import type { VariantHost } from '../../src/worker/make-variant.ts';
import { benchContext, variantOf, weightShare, type OpenedModel } from './variants.ts';

export interface PareVariant {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly note: string;
  readonly bits: WeightBits;
}

/** Bits a weight on average, over all weights that passes may touch. */
export interface WeightBits {
  /** Codes, scales, zero points and palettes; floats where a layer kept them. */
  readonly scales: number;
  /** All that the file has grown or shrunk by: the operators that decode, too. */
  readonly file: number;
}

const weights = (params: ParamValues): PassStep => ({ pass: 'quantize-weights', params });
const correctBias: PassStep = { pass: 'correct-bias' };
const activations = (mode: string): PassStep => ({ pass: 'quantize-activations', params: { mode } });
const PURE = { granularity: 'channel', protect: 'none' } as const;

const RECIPES: Readonly<Record<string, readonly PassStep[]>> = {
  'pare int8 weights': [weights({ precision: 'int8' })],
  'pare int8 static': [weights({ precision: 'int8' }), correctBias, activations('static')],
  'pare int8 auto': [weights({ precision: 'int8' }), correctBias, activations('auto')],
  'pare int4': [weights({ precision: 'int4' }), correctBias],
  'pare int4 pure b32': [weights({ precision: 'int4', protect: 'none' }), correctBias],
  'pare int4 pure channel': [weights({ precision: 'int4', ...PURE }), correctBias],
  'pare int4 pure nearest': [weights({ precision: 'int4', ...PURE, method: 'nearest', clip: 'none' })],
  'pare int3': [weights({ precision: 'int3' }), correctBias],
  'pare int2': [weights({ precision: 'int2' }), correctBias],
  'pare palette16': [weights({ precision: 'palette16' }), correctBias],
};

function noteOf(millis: number, steps: readonly StepReport[]): string {
  const facts = steps.flatMap((step) =>
    step.pass === 'simplify' ? [] : Object.entries(step.facts).map(([what, value]) => `${what}: ${value}`),
  );
  return `${(millis / 1000).toFixed(1)} s; ${facts.join('; ')}`;
}

/** Bits that a weight takes as it is encoded. No mask: these recipes do not prune. */
function encodedBits({ tensor, elements, weightBytes }: WeightLayer): number {
  const { data } = tensor;
  if (data.kind !== 'encoded') return 8 * weightBytes;
  const { precision, scales, scaleType, zeroPoints, codebook } = data.encoding;
  if (!hasCodes(precision)) return elements * (precision === 'fp16' ? 16 : 32);
  return (
    elements * codeBits(precision) +
    (scales?.length ?? 0) * (scaleType === 'float16' ? 16 : 32) +
    8 * (zeroPoints?.length ?? 0) +
    16 * (codebook?.length ?? 0)
  );
}

export function calibratedHost(
  opened: OpenedModel,
  { dataset, config, runner }: { dataset: Dataset; config: DataConfig; runner: GraphRunner },
): VariantHost {
  const samples = createCalibrationSamples(dataset, config, portsOf(opened.model), {
    count: config.split.calibration,
    seed: 1,
  });
  return {
    ...benchContext(),
    runner,
    calibration: createCalibration({ runner, samples, kernels: createKernels() }),
  };
}

/** Whose latency is worth the time: the forms that are recommended, and what they stand against. */
export const TIMED_VARIANTS: ReadonlySet<string> = new Set([
  'pare int8 weights',
  'pare int8 static',
  'pare int8 auto',
  'pare int4',
  'pare int4 pure channel',
  'pare int4 pure nearest',
]);

/** @param only parts of names; none = all */
export async function* pareVariants(
  opened: OpenedModel,
  from: { readonly dataset: Dataset; readonly config: DataConfig; readonly runner: GraphRunner },
  only: readonly string[] = [],
): AsyncGenerator<PareVariant> {
  const host = calibratedHost(opened, from);
  const { fp32Bytes, restBytes } = (await weightShare(opened, benchContext()))();
  const weightCount = fp32Bytes / 4;
  for (const [name, steps] of Object.entries(RECIPES)) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    const recipe: Recipe = {
      format: 'pare-recipe',
      version: 1,
      seed: 1,
      steps: [{ pass: 'simplify' }, ...steps],
    };
    const { bytes, millis, steps: reports, logical } = await variantOf(opened, recipe, host);
    const bits = listWeights(logical).reduce((sum, layer) => sum + encodedBits(layer), 0);
    yield {
      name,
      bytes,
      note: noteOf(millis, reports),
      bits: { scales: bits / weightCount, file: (8 * (bytes.length - restBytes)) / weightCount },
    };
  }
}
