/** The labelled sets of the shared corpus: which files belong together, and what their README says the models reach. It must not know formats. */
import { dirname, join } from 'node:path';
import { OCR_RECOGNIZER } from '../../e2e/support/models.ts';
import type { MetricId } from '../../src/core/metrics/tasks/types.ts';

export interface LabelledModel {
  readonly id: string;
  readonly name: string;
  /** Path of the model, and of the files of its set. */
  readonly model: string;
  readonly data: readonly string[];
  /** In percent, as the corpus' README gives it, and half a unit of its last digit. */
  readonly expected: Readonly<
    Partial<Record<MetricId, { readonly percent: number; readonly tolerance: number }>>
  >;
}

/** @param shared path of the folder */
export function labelledModels(shared: string): LabelledModel[] {
  const at = (...names: string[]): string => join(shared, 'models', ...names);
  return [
    {
      id: 'mobilenet',
      name: 'MobileNetV1 0.25 128 (ImageNet)',
      model: at('imagenet-mobilenetv1', 'mobilenetv1_0.25_128.onnx'),
      data: [at('imagenet-mobilenetv1', 'images-500.zip'), at('imagenet-mobilenetv1', 'classes.txt')],
      expected: { top1: { percent: 45.0, tolerance: 0.05 }, top5: { percent: 70.8, tolerance: 0.05 } },
    },
    {
      id: 'resnet8',
      name: 'ResNet-8 (CIFAR-10)',
      model: at('cifar10-resnet8', 'resnet8.onnx'),
      data: [at('cifar10-resnet8', 'test-2000.zip')],
      expected: { top1: { percent: 76.85, tolerance: 0.005 } },
    },
    {
      id: 'dscnn',
      name: 'DS-CNN (keywords)',
      model: at('kws-dscnn', 'kws_dscnn.onnx'),
      data: [at('kws-dscnn', 'kws-500.npz')],
      expected: { top1: { percent: 90.6, tolerance: 0.05 } },
    },
    {
      id: 'mnist',
      name: 'MNIST (CNTK)',
      model: at('mnist-cntk', 'mnist.onnx'),
      data: [at('mnist-cntk', 't10k-images-idx3-ubyte.gz'), at('mnist-cntk', 't10k-labels-idx1-ubyte.gz')],
      expected: { top1: { percent: 98.91, tolerance: 0.005 } },
    },
    {
      id: 'ocr',
      name: 'PP-OCRv4 rec (text lines)',
      model: OCR_RECOGNIZER,
      data: [at('ocr-lines', 'lines-300.zip'), join(dirname(OCR_RECOGNIZER), 'ppocr_keys_v1.txt')],
      expected: { characters: { percent: 91.1, tolerance: 0.05 }, exact: { percent: 46.7, tolerance: 0.05 } },
    },
  ];
}

/** How many samples methods may look at, by model: without labels, and never among those that are evaluated. */
export const CALIBRATION_SAMPLES: Readonly<Record<string, number>> = {
  mobilenet: 200,
  resnet8: 300,
  dscnn: 200,
  mnist: 300,
  ocr: 100,
};
