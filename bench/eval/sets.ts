/**
 * The labelled sets of the shared corpus, each prepared as its README says. It must not know passes; it gives what a
 * MeasureRequest takes as `dataset`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { LabelledSet } from '../../src/runtime/contract.ts';
import { readIdxGzip, readNpz } from './arrays.ts';
import { decodeJpeg, shortSideCrop, writePlanes } from './picture.ts';

export interface LabelledModel {
  readonly name: string;
  /** Path of the model. */
  readonly model: string;
  /** Top-1 in percent that the corpus' README gives, and half a unit of its last digit. */
  readonly expected: number;
  readonly tolerance: number;
  load(): Promise<LabelledSet>;
}

export function labelledModels(shared: string): LabelledModel[] {
  const at = (...names: string[]): string => join(shared, 'models', ...names);
  return [
    {
      name: 'MobileNetV1 0.25 128 (ImageNet)',
      model: at('imagenet-mobilenetv1', 'mobilenetv1_0.25_128.onnx'),
      expected: 45.0,
      tolerance: 0.05,
      load: () => imagenet(at('imagenet-mobilenetv1', 'images-500.zip')),
    },
    {
      name: 'ResNet-8 (CIFAR-10)',
      model: at('cifar10-resnet8', 'resnet8.onnx'),
      expected: 76.85,
      tolerance: 0.005,
      load: () => cifar(at('cifar10-resnet8', 'test-2000.zip')),
    },
    {
      name: 'DS-CNN (keywords)',
      model: at('kws-dscnn', 'kws_dscnn.onnx'),
      expected: 90.6,
      tolerance: 0.05,
      load: () => Promise.resolve(keywords(at('kws-dscnn', 'kws-500.npz'))),
    },
    {
      name: 'MNIST (CNTK)',
      model: at('mnist-cntk', 'mnist.onnx'),
      expected: 98.91,
      tolerance: 0.005,
      load: () =>
        Promise.resolve(
          digits(
            at('mnist-cntk', 't10k-images-idx3-ubyte.gz'),
            at('mnist-cntk', 't10k-labels-idx1-ubyte.gz'),
          ),
        ),
    },
  ];
}

/** Short side 146 bilinear, centre crop 128, pixel/127.5 − 1. */
async function imagenet(zip: string): Promise<LabelledSet> {
  const files = unzipSync(readFileSync(zip));
  const csv = new TextDecoder().decode(files['labels.csv']);
  const rows = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const values = new Float32Array(rows.length * 3 * 128 * 128);
  for (const [i, [file]] of rows.entries()) {
    const picture = shortSideCrop(await decodeJpeg(files[file ?? '']), 146, 128);
    writePlanes(picture, values, i * 3 * 128 * 128, (v) => v / 127.5 - 1);
  }
  return {
    name: `${rows.length} ImageNet pictures`,
    input: 'input',
    dims: [rows.length, 3, 128, 128],
    values,
    labels: Uint16Array.from(rows, ([, label]) => Number(label)),
  };
}

/** A folder a class, in alphabetical order; 0..255 unscaled. */
async function cifar(zip: string): Promise<LabelledSet> {
  const files = Object.entries(unzipSync(readFileSync(zip))).filter(([name]) => name.endsWith('.jpg'));
  const classes = [...new Set(files.map(([name]) => name.split('/')[0] ?? ''))].sort();
  const values = new Float32Array(files.length * 3 * 32 * 32);
  for (const [i, [, bytes]] of files.entries()) {
    writePlanes(await decodeJpeg(bytes), values, i * 3 * 32 * 32, (v) => v);
  }
  return {
    name: `${files.length} CIFAR-10 pictures`,
    input: 'input',
    dims: [files.length, 3, 32, 32],
    values,
    labels: Uint16Array.from(files, ([name]) => classes.indexOf(name.split('/')[0] ?? '')),
  };
}

function keywords(npz: string): LabelledSet {
  const { x, y } = readNpz(readFileSync(npz));
  if (x === undefined || y === undefined || !(x.values instanceof Float32Array)) {
    throw new Error(`${npz} does not hold x (float32) and y.`);
  }
  return {
    name: `${x.dims[0]} keywords`,
    input: 'input',
    dims: x.dims,
    values: x.values,
    labels: Uint16Array.from(Array.from(y.values, Number)),
  };
}

/** 0..255 unscaled. */
function digits(images: string, labels: string): LabelledSet {
  const pictures = readIdxGzip(readFileSync(images));
  const classes = readIdxGzip(readFileSync(labels));
  const count = pictures.dims[0];
  return {
    name: `${count} digits`,
    input: 'Input3',
    dims: [count, 1, 28, 28],
    values: Float32Array.from(pictures.values, Number),
    labels: Uint16Array.from(Array.from(classes.values, Number)),
  };
}
