// The whole pass on real models: same outputs, never larger, and fewer nodes than the yardstick leaves.
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatParts, spanOf } from '../../bytes/spans.ts';
import { readModel } from '../../onnx/read.ts';
import { executeForShapes } from '../../onnx/shapes.ts';
import { difference } from '../../onnx/shapes/testing/difference.ts';
import {
  feedsFor,
  openModel,
  REAL_MODEL_TIMEOUT_MILLIS,
  realModels,
} from '../../onnx/shapes/testing/real-models.ts';
import type { Model } from '../../onnx/ir.ts';
import { sizeOf, writeModel } from '../../onnx/write.ts';
import { countNodes, simplify } from './pass.ts';
import { intsAttribute } from '../../onnx/attributes.ts';
import { runner } from './testing/harness.ts';

const countSwaps = ({ graph: { nodes } }: Model): number =>
  nodes.filter((node) => node.opType === 'Transpose' && intsAttribute(node, 'perm')?.join() === '0,1,3,2')
    .length;

/** Nodes that onnxsim 0.7.3 leaves, subgraphs included (bench/simplify.ts measures them anew). */
const YARDSTICK: Readonly<Record<string, number>> = {
  'resnet8.onnx': 23,
  'model_1.onnx': 37,
  'model_2.onnx': 68,
  'FastestDet.onnx': 218,
  'version-RFB-320.onnx': 159,
  'yunet_n_320_320.onnx': 115,
  'yunet_n_dynamic.onnx': 163,
  'magika_standard_v3_3.onnx': 93,
  'mobilenetv1_0.25_128.onnx': 58,
  'kws_dscnn.onnx': 22,
  'mnist.onnx': 8,
  'nmp.onnx': 233,
  'pytorch_super_resolution.onnx': 8,
  'silero_vad_legacy.onnx': 248,
  'silero_vad_v5.onnx': 330,
  'silero_vad_v6.onnx': 330,
  'ch_PP-OCRv4_det_infer.onnx': 297,
  'ch_PP-OCRv4_rec_infer.onnx': 377,
  'ch_ppocr_mobile_v2.0_cls_infer.onnx': 180,
};

describe.each(realModels('simplify'))('simplify %s', (file) => {
  it(
    'keeps outputs and signature, never grows, is done after one run',
    async () => {
      const before = openModel(file);
      const context = { runner, checkpoint: () => Promise.resolve() };
      const { model, facts } = await simplify(before, context);
      expect(sizeOf(model)).toBeLessThanOrEqual(sizeOf(before));
      // The Transposes that turn planes are there for speed; only models that gain by them have any.
      const swaps = facts['kernels turned to longer rows'] === undefined ? 0 : countSwaps(model);
      expect(countNodes(model) - swaps).toBeLessThanOrEqual(YARDSTICK[basename(file)] ?? Infinity);
      expect(model.graph.outputs).toEqual(before.graph.outputs);
      expect(facts['nodes after']).toBe(countNodes(model));
      const after = readModel(spanOf(concatParts(writeModel(model).model)).source);
      const names = before.graph.outputs.map((output) => output.name);
      const run = (m: Model) => executeForShapes(m, runner, feedsFor(file), names);
      const { abs, rel } = difference(await run(before), await run(after));
      // Re-associated sums of K ≤ 2¹² products in D ≤ 100 layers: 100 · √K · 2⁻²⁴ of the largest output; or, for outputs
      // of sigmoids and softmaxes, which are computed to a few units in the last place of 1, 4 · 2⁻²⁴ absolute.
      expect(rel <= 100 * 64 * 2 ** -24 || abs <= 4 * 2 ** -24, `abs ${abs}, rel ${rel}`).toBe(true);
      expect(countNodes((await simplify(model, context)).model)).toBe(countNodes(model));
    },
    REAL_MODEL_TIMEOUT_MILLIS,
  );
});
