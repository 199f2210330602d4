/** Data of the pass quantize-weights: labels, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const quantizeWeightsMeta = {
  id: 'quantize-weights',
  label: 'Precision of weights',
  help: 'Stores weights in fewer bits: half floats, 8 or 4 bits with scales. The file shrinks to about 1/2, 1/4 or 1/6; accuracy may drop, most at 4 bits. Speed stays that of the original with storage "decode at load".',
  exact: false,
  layerParams: ['precision', 'granularity', 'blockSize', 'symmetric', 'clip'],
  params: {
    precision: {
      kind: 'choice',
      label: 'Precision',
      help: 'Bits of a weight. fp32 leaves weights as they are.',
      default: 'int8',
      options: [
        { value: 'fp32', label: 'fp32' },
        { value: 'fp16', label: 'fp16' },
        { value: 'int8', label: 'int8' },
        { value: 'int4', label: 'int4' },
      ],
    },
    granularity: {
      kind: 'choice',
      label: 'Scales',
      help: 'How many weights share a scale. Smaller groups are more accurate and take more bytes. Automatic: per channel for int8, per block for int4.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'tensor', label: 'one a tensor' },
        { value: 'channel', label: 'one an output channel' },
        { value: 'block', label: 'one a block' },
      ],
    },
    blockSize: {
      kind: 'choice',
      label: 'Block size',
      help: 'Weights of one block, along the inputs of an output channel. Only for scales per block.',
      default: '32',
      options: [
        { value: '32', label: '32' },
        { value: '64', label: '64' },
        { value: '128', label: '128' },
      ],
    },
    symmetric: {
      kind: 'flag',
      label: 'Symmetric',
      help: 'The same range above and below zero. Off: every group gets a zero point, which helps one-sided weights and costs a byte a group.',
      default: true,
    },
    clip: {
      kind: 'choice',
      label: 'Clipping',
      help: 'Range of the codes: the largest weight, or the one of 20 smaller ranges with the least squared error. Automatic: least error for int4 only.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'none', label: 'largest weight' },
        { value: 'mse', label: 'least squared error' },
      ],
    },
    storage: {
      kind: 'choice',
      label: 'Storage',
      help: 'Decode at load: plain operators that onnxruntime computes once when the session is made (full speed). DequantizeLinear: the standard form that converters and other runtimes know.',
      default: 'decode-at-load',
      options: [
        { value: 'decode-at-load', label: 'decode at load' },
        { value: 'dequantize-linear', label: 'DequantizeLinear' },
      ],
    },
  },
} as const satisfies PassMeta;
