/** The bundled model and its held-out images as a user would bring them. Tests only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataConfig } from '../../core/dataset/types.ts';
import { projectDir } from '../../core/testing/shared.ts';
import { buildNpy } from '../../data/testing/build-arrays.ts';
import type { DownloadFile, OpenFile } from '../api.ts';

const FOLDER = join(projectDir(), 'public/samples/digits');
const COUNT = 1500;
const PIXELS = 784;

export function digitsModel(): DownloadFile[] {
  return [{ name: 'digits.onnx', parts: [readFileSync(join(FOLDER, 'digits.onnx'))] }];
}

/** @param images how many of the 1,500 */
export function digitsData(images: number): OpenFile[] {
  const bytes = new Uint8Array(readFileSync(join(FOLDER, 'heldout.bin')));
  const pixels = bytes.subarray(0, images * PIXELS);
  const labels = bytes.subarray(COUNT * PIXELS, COUNT * PIXELS + images);
  return [
    { path: 'digits/x.npy', file: blobOf(buildNpy('|u1', [images, 1, 28, 28], pixels)) },
    { path: 'digits/y.npy', file: blobOf(buildNpy('|u1', [images], labels)) },
  ];
}

export const digitsConfig: DataConfig = {
  format: 'pare-data',
  version: 1,
  name: 'digits',
  inputs: { image: { kind: 'array', source: 'x', dims: [1, 28, 28], scale: 1 / 255, mean: 0, std: 1 } },
  task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 0 },
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  split: { seed: 1, calibration: 0, holdBack: 0 },
  exclude: [],
};

export function blobOf(bytes: Uint8Array): Blob {
  return new Blob([Uint8Array.from(bytes)]);
}
