/**
 * Model and recipe in, bytes of the smaller model out: the one path that page and command line share, so that both give
 * the same bytes. It must not know blobs, files or ids.
 */
import { partsLength } from '../core/bytes/spans.ts';
import type { Model } from '../core/onnx/ir.ts';
import type { CalibrationSamples } from '../core/calibration/types.ts';
import { writeModel, type WrittenModel } from '../core/onnx/write.ts';
import { applyRecipe, type AppliedRecipe, type ApplyContext } from '../core/passes/manager.ts';
import type { Recipe } from '../core/recipe/types.ts';
import { createKernels, type Kernels } from '../kernels/dispatch.ts';

export interface MadeVariant extends AppliedRecipe {
  readonly written: WrittenModel;
  /** All files together. */
  readonly bytes: number;
  readonly millis: number;
  /** By kernel: which backend ran, how often, and why. */
  readonly kernels: Readonly<Record<string, string>>;
  /** What steps looked at; absent = none did. */
  readonly samples?: CalibrationSamples;
}

export type VariantHost = Omit<ApplyContext, 'kernels' | 'passes'>;

/**
 * @param fileName what the model file will be called: the name of a data file, where one is needed, follows from it
 * @throws PareError as applyRecipe and writeModel do
 */
export async function makeVariant(
  model: Model,
  recipe: Recipe,
  fileName: string,
  host: VariantHost,
): Promise<MadeVariant> {
  const started = host.now();
  const kernels = createKernels();
  const applied = await applyRecipe(model, recipe, { ...host, kernels });
  const written = writeModel(applied.model, { dataFileName: `${fileName}.data` });
  const bytes = [written.model, ...written.data.map(({ parts }) => parts)].reduce(
    (total, parts) => total + partsLength(parts),
    0,
  );
  const looked = applied.steps.some(({ facts }) => 'calibration' in facts);
  return {
    ...applied,
    written,
    bytes,
    millis: host.now() - started,
    kernels: reportOf(kernels),
    ...(looked && host.calibration !== undefined ? { samples: host.calibration.samples } : {}),
  };
}

function reportOf(kernels: Kernels): Record<string, string> {
  const report: Record<string, string> = {};
  for (const { kernel, backend, calls, reason } of kernels.decisions()) {
    const line = `${backend} ×${calls} (${reason})`;
    report[kernel] = kernel in report ? `${report[kernel]}, ${line}` : line;
  }
  return report;
}

/** `<name>.pare.onnx`, without the folders of the original's path. */
export function variantFileName(original: string): string {
  const name = original.slice(original.lastIndexOf('/') + 1);
  return `${name.replace(/\.onnx$/i, '')}.pare.onnx`;
}
