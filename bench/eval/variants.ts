/** Models made smaller and measured against their originals, for benchmarks: the path of page and command line without either. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { concatParts, MemorySource } from '../../src/core/bytes/spans.ts';
import type { Model } from '../../src/core/onnx/ir.ts';
import { readModel } from '../../src/core/onnx/read.ts';
import { listWeights } from '../../src/core/onnx/weights.ts';
import type { StepReport } from '../../src/core/passes/manager.ts';
import type { Recipe } from '../../src/core/recipe/types.ts';
import type { MeasureRequest, MeasureResult } from '../../src/runtime/contract.ts';
import { measure } from '../../src/runtime/measure.ts';
import type { SampleSource } from '../../src/runtime/find-feeds.ts';
import { loadNodeRuntime } from '../../src/runtime/node-ort.ts';
import { createNodeRunner } from '../../src/runtime/node-runner.ts';
import { makeVariant, type VariantHost } from '../../src/worker/make-variant.ts';

export interface OpenedModel {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly model: Model;
}

export interface BenchVariant {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly millis: number;
  readonly steps: readonly StepReport[];
  /** Ids of the layers that a step after simplify changed. */
  readonly changed: ReadonlySet<string>;
  /** The variant with compressed weights as data. */
  readonly logical: Model;
}

export function openModel(path: string): OpenedModel {
  const bytes = Uint8Array.from(readFileSync(path));
  return { name: basename(path, '.onnx'), bytes, model: readModel(new MemorySource(bytes)) };
}

export function benchContext(): VariantHost {
  return {
    runner: createNodeRunner(),
    now: () => performance.now(),
    checkpoint: () => Promise.resolve(),
  };
}

export async function variantOf(
  { model, name }: OpenedModel,
  recipe: Recipe,
  context: VariantHost,
): Promise<BenchVariant> {
  const made = await makeVariant(model, recipe, `${name}.pare.onnx`, context);
  const changed = made.steps
    .filter((step) => step.pass !== 'simplify')
    .flatMap((step) => step.changed.map((change) => change.layer));
  return {
    bytes: concatParts(made.written.model),
    millis: made.millis,
    steps: made.steps,
    changed: new Set(changed),
    logical: made.logical,
  };
}

/** What the weights take in a model, and what is left of the file without them. */
export interface WeightShare {
  /** Bytes of the weights if each element took four. */
  readonly fp32Bytes: number;
  /** Bytes of the file that are no weights. */
  readonly restBytes: number;
}

/**
 * Of the model after simplify, which the other passes work on. `only` = these layers and no others.
 * With it, the weight bytes of a variant are its file less `restBytes`: scales, masks and the operators that decode
 * count as weights.
 */
export async function weightShare(
  { model, name }: OpenedModel,
  context: VariantHost,
): Promise<(only?: ReadonlySet<string>) => WeightShare> {
  const recipe: Recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [{ pass: 'simplify' }] };
  const { bytes, model: simplified } = await makeVariant(model, recipe, name, context);
  const layers = listWeights(simplified);
  return (only) => {
    const counted = only === undefined ? layers : layers.filter((layer) => only.has(layer.id));
    return {
      fp32Bytes: counted.reduce((sum, layer) => sum + 4 * layer.elements, 0),
      restBytes: bytes - counted.reduce((sum, layer) => sum + layer.weightBytes, 0),
    };
  };
}

/**
 * Agreement and latency in this process, one thread. Memory is left out: it needs a fresh process for each model.
 * @param samples what both are fed; absent = made-up inputs, on which integer kernels take other times than on real ones
 */
export async function measureVariant(
  original: OpenedModel,
  variant: Pick<BenchVariant, 'bytes'>,
  request: Pick<MeasureRequest, 'budgetMillis' | 'dimensions'>,
  samples?: SampleSource,
): Promise<MeasureResult> {
  const { ort } = await loadNodeRuntime();
  return measure(
    {
      ort,
      providers: { wasm: true, webgpu: 'not here' },
      memory: { usedBytes: () => undefined },
      clock: performance,
      threads: 1,
      machine: {
        cores: availableParallelism(),
        userAgent: `Node ${process.versions.node}`,
        runtime: 'onnxruntime-web',
        crossOriginIsolated: true,
      },
      checkpoint: () => Promise.resolve(),
      ...(samples === undefined ? {} : { samples }),
    },
    {
      ...request,
      original: [{ name: 'original.onnx', parts: [original.bytes] }],
      variant: [{ name: 'variant.onnx', parts: [variant.bytes] }],
      provider: 'wasm',
      threads: 1,
      seed: 1,
    },
  );
}
