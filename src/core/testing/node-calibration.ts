/** Calibration in Node on given arrays, or on the shared models with their real samples. Tests and benches only. */
import { join } from 'node:path';
import { nodeCodecs } from '../../cli/codecs.ts';
import { dataFiles } from '../../cli/data-files.ts';
import { openModelFile } from '../../cli/open-model.ts';
import { createCalibrationSamples } from '../../data/calibrate/samples.ts';
import { openDataset } from '../../data/open-dataset.ts';
import { createPictureDecoder } from '../../data/picture/decoder.ts';
import type { Dataset } from '../../data/types.ts';
import { createKernels } from '../../kernels/dispatch.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { createCalibration } from '../calibration/create.ts';
import type { Calibration, CalibrationSamples } from '../calibration/types.ts';
import type { DataConfig, InputFit } from '../dataset/types.ts';
import type { GraphRunner, HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { portsOf } from '../calibration/ports.ts';

export function floatFeed(dims: readonly number[], values: ArrayLike<number>): HostTensor {
  return { dataType: 'float32', dims, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** Samples as given; each map is one batch of as many rows as `rows` says (default: the first axis of its first input). */
export function givenSamples(
  batches: readonly ReadonlyMap<string, HostTensor>[],
  rows: readonly number[] = batches.map((feeds) => [...feeds.values()][0]?.dims[0] ?? 1),
): CalibrationSamples {
  const count = rows.reduce((a, b) => a + b, 0);
  return {
    key: `given ${count}`,
    origin: 'samples',
    description: `${count} given samples`,
    count,
    batches: batches.length,
    batch: (index) => Promise.resolve({ feeds: batches[index], rows: rows[index] }),
  };
}

let shared: GraphRunner | undefined;

/** Over the given samples, with onnxruntime-web in Node. */
export function calibrationOn(samples: CalibrationSamples, runner?: GraphRunner): Calibration {
  return createCalibration({
    runner: runner ?? (shared ??= createNodeRunner()),
    samples,
    kernels: createKernels(),
  });
}

type SharedModel = 'mobilenet' | 'resnet8' | 'dscnn' | 'mnist';

interface SharedSet {
  readonly model: readonly string[];
  readonly data: readonly string[];
  readonly fit: InputFit;
}

const PICTURE = { kind: 'image', source: 'image', layout: 'nchw', channels: 'rgb' } as const;

const SETS: Readonly<Record<SharedModel, SharedSet>> = {
  mobilenet: {
    model: ['imagenet-mobilenetv1', 'mobilenetv1_0.25_128.onnx'],
    data: ['imagenet-mobilenetv1', 'images-500.zip'],
    fit: {
      ...PICTURE,
      width: 128,
      height: 128,
      resize: 'crop',
      shortSide: 146,
      scale: 1 / 127.5,
      mean: [1, 1, 1],
      std: [1, 1, 1],
    },
  },
  resnet8: {
    model: ['cifar10-resnet8', 'resnet8.onnx'],
    data: ['cifar10-resnet8', 'test-2000.zip'],
    fit: { ...PICTURE, width: 32, height: 32, resize: 'none', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  },
  dscnn: {
    model: ['kws-dscnn', 'kws_dscnn.onnx'],
    data: ['kws-dscnn', 'kws-500.npz'],
    fit: { kind: 'array', source: 'x', dims: [1, 49, 10], scale: 1, mean: 0, std: 1 },
  },
  mnist: {
    model: ['mnist-cntk', 'mnist.onnx'],
    data: ['mnist-cntk', 't10k-images-idx3-ubyte.gz'],
    fit: { kind: 'array', source: 'images', dims: [1, 28, 28], scale: 1, mean: 0, std: 1 },
  },
};

export interface NodeCalibration {
  readonly model: Model;
  readonly path: string;
  readonly calibration: Calibration;
  readonly dataset: Dataset;
  /** Agreement as the task: labels are not looked at. */
  readonly config: DataConfig;
  readonly dispose: () => void;
}

/**
 * One of the shared models over real samples of its set, without labels.
 * @param folder the shared folder (sharedDir())
 */
export async function nodeCalibration(
  folder: string,
  id: SharedModel,
  { samples = 64, seed = 1, batch = 8, runner = (shared ??= createNodeRunner()) } = {},
): Promise<NodeCalibration> {
  const set = SETS[id];
  const path = join(folder, 'models', ...set.model);
  const opened = openModelFile(path);
  const { model } = opened;
  const dataset = await openDataset(dataFiles([join(folder, 'models', ...set.data)]), {
    decoder: createPictureDecoder(nodeCodecs),
    checkpoint: () => Promise.resolve(),
  });
  const ports = portsOf(model);
  const config: DataConfig = {
    format: 'pare-data',
    version: 1,
    name: dataset.name,
    inputs: Object.fromEntries(ports.map(({ name }) => [name, set.fit])),
    task: { kind: 'agreement' },
    classes: [],
    split: { seed, calibration: samples, holdBack: 0 },
    exclude: [],
  };
  const chosen = createCalibrationSamples(dataset, config, ports, { count: samples, seed, batch });
  return {
    model,
    path,
    calibration: calibrationOn(chosen, runner),
    dataset,
    config,
    dispose: () => opened.dispose(),
  };
}
