/** Runs the pass on small models over given samples, in onnxruntime-web, and reads the profile. Tests only. */
import { profileInNode } from '../../../../runtime/node-profile.ts';
import { createNodeRunner } from '../../../../runtime/node-runner.ts';
import { createReferenceKernels } from '../../../../kernels/reference-backend.ts';
import { concatParts } from '../../../bytes/spans.ts';
import type { HostTensor } from '../../../onnx/graph-runner.ts';
import type { Model } from '../../../onnx/ir.ts';
import { writeModel } from '../../../onnx/write.ts';
import { verifyModel } from '../../../onnx/verify.ts';
import { executedLayers } from '../../../profile/executed.ts';
import type { ExecutedLayer } from '../../../profile/executed.ts';
import { layerNodes } from '../../../profile/layer-nodes.ts';
import type { TargetId } from '../../../targets/types.ts';
import { calibrationOn, floatFeed, givenSamples } from '../../../testing/node-calibration.ts';
import { noise } from '../../../testing/weight-models.ts';
import { applyRecipe } from '../../manager.ts';
import type { AppliedRecipe } from '../../manager.ts';
import type { ParamValues, PassStep } from '../../types.ts';

export const runner = createNodeRunner();
const calm = (): Promise<void> => Promise.resolve();

/** Values of about ±1.5 for every float input. */
export function inputsOf(model: Model, seed: number): ReadonlyMap<string, HostTensor> {
  const names = new Set(model.graph.initializers.map(({ name }) => name));
  return new Map(
    model.graph.inputs
      .filter(({ name }) => !names.has(name))
      .map(({ name, type }, i) => {
        const dims = (type?.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 2));
        const count = dims.reduce((a, b) => a * b, 1);
        if (type?.elementType === 'bool') return [name, { dataType: 'bool', dims, bytes: Uint8Array.of(1) }];
        return [
          name,
          floatFeed(
            dims,
            noise(count, seed * 10 + i).map((x) => 10 * x),
          ),
        ];
      }),
  );
}

const SAMPLES = 4;

export interface Quantized extends AppliedRecipe {
  readonly step: AppliedRecipe['steps'][number];
  readonly file: Uint8Array<ArrayBuffer>;
}

export interface QuantizeOptions {
  readonly params?: ParamValues;
  readonly layers?: Readonly<Record<string, ParamValues>>;
  readonly target?: TargetId;
  readonly weights?: PassStep;
  readonly calibrated?: boolean;
}

/** quantize-weights int8, then the pass: static everywhere unless said otherwise. */
export async function quantize(
  model: Model,
  {
    params = { mode: 'static' },
    layers = {},
    target = 'ort-wasm',
    weights,
    calibrated = true,
  }: QuantizeOptions = {},
): Promise<Quantized> {
  const batches = Array.from({ length: SAMPLES }, (_, i) => inputsOf(model, i + 1));
  const applied = await applyRecipe(
    model,
    {
      seed: 1,
      target,
      steps: [
        weights ?? { pass: 'quantize-weights', params: { precision: 'int8' } },
        { pass: 'quantize-activations', params, layers },
      ],
    },
    {
      kernels: createReferenceKernels(),
      runner,
      ...(calibrated ? { calibration: calibrationOn(givenSamples(batches), runner) } : {}),
      checkpoint: calm,
      now: () => 0,
    },
  );
  return { ...applied, step: applied.steps[1], file: bytesOf(applied.model) };
}

function bytesOf(model: Model): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(concatParts(writeModel(model, { externalize: 'never' }).model));
}

/** Kernels by layer, and every operator that ran. */
export async function executed(
  quantized: Quantized,
): Promise<{ layers: ReadonlyMap<string, ExecutedLayer>; ops: readonly string[] }> {
  const profile = await profileInNode({
    model: [{ name: 'variant.onnx', parts: [quantized.file] }],
    provider: 'wasm',
    threads: 1,
    seed: 1,
    dimensions: {},
    budgetMillis: 200,
    layerNodes: layerNodes(quantized.logical),
  });
  return { layers: executedLayers(profile.nodes), ops: profile.nodes.map(({ op }) => op) };
}

/** Outputs of a model on fresh inputs, as users run it. */
export async function outputsOf(
  model: Model,
  inputs: ReadonlyMap<string, HostTensor>,
): Promise<Float32Array[]> {
  const errors = verifyModel(model).errors;
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  const session = await runner.open([bytesOf(model)], 'all');
  try {
    const names = model.graph.outputs.map(({ name }) => name);
    const values = await session.run(inputs, names);
    return names.map((name) => new Float32Array((values.get(name) as HostTensor).bytes.slice().buffer));
  } finally {
    await session.release();
  }
}

/** Signal to noise between two lists of values, decibels. */
export function signalToNoise(exact: readonly Float32Array[], found: readonly Float32Array[]): number {
  let signal = 0;
  let noiseSum = 0;
  exact.forEach((values, o) =>
    values.forEach((value, i) => {
      signal += value * value;
      noiseSum += (value - found[o][i]) ** 2;
    }),
  );
  return 10 * Math.log10(signal / noiseSum);
}
