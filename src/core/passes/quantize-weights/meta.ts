/** Data of the pass quantize-weights: labels, help, parameters. It must not import anything that runs. */
import type { PassMeta } from '../types.ts';

export const quantizeWeightsMeta = {
  id: 'quantize-weights',
  label: 'Precision of weights',
  help: 'Stores weights in fewer bits: half floats, 8 to 2 bits with scales, or palettes. The file shrinks to about 1/2 (fp16), 1/4 (int8) or 1/6 (int4); accuracy may drop, most below 8 bits. Samples of your own data make 4 bits and less much better. Speed stays that of the original with storage "decode at load".',
  exact: false,
  data: 'uses',
  layerParams: ['precision', 'granularity', 'blockSize', 'symmetric', 'clip', 'method'],
  params: {
    precision: {
      kind: 'choice',
      label: 'Precision',
      help: 'Bits of a weight. fp32 leaves weights as they are. A palette is a list of 16, 64 or 256 values that fits the weights; each weight is a number in it (4, 6 or 8 bits).',
      default: 'int8',
      options: [
        { value: 'fp32', label: 'fp32' },
        { value: 'fp16', label: 'fp16' },
        { value: 'int8', label: 'int8' },
        { value: 'int4', label: 'int4' },
        { value: 'int3', label: 'int3' },
        { value: 'int2', label: 'int2' },
        { value: 'palette16', label: 'palette of 16' },
        { value: 'palette64', label: 'palette of 64' },
        { value: 'palette256', label: 'palette of 256' },
      ],
    },
    granularity: {
      kind: 'choice',
      label: 'Scales',
      help: 'How many weights share a scale. Smaller groups are more accurate and take more bytes. Automatic: per channel for int8 and palettes, per block below 8 bits.',
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
        { value: '16', label: '16' },
        { value: '32', label: '32' },
        { value: '64', label: '64' },
        { value: '128', label: '128' },
      ],
    },
    symmetric: {
      kind: 'flag',
      label: 'Symmetric',
      help: 'The same step above and below zero. Off: every group gets a zero point, which helps one-sided weights and costs a byte a group. Palettes have none.',
      default: true,
    },
    clip: {
      kind: 'choice',
      label: 'Clipping',
      help: 'Range of the codes: the largest weight, or the one of some smaller ranges with the least squared error. Automatic: least error below 8 bits.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'none', label: 'largest weight' },
        { value: 'mse', label: 'least squared error' },
      ],
    },
    method: {
      kind: 'choice',
      label: 'Rounding',
      help: 'How codes are found. Nearest: each weight for itself. HQQ: steps that fit most weights, without data. GPTQ and descent look at your samples: errors of one weight are made up for by others, so that outputs stay. Automatic: both, where there are samples of your own; without, nearest, and below 8 bits convolutions descend on what they usually see.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'nearest', label: 'nearest' },
        { value: 'hqq', label: 'HQQ' },
        { value: 'gptq', label: 'GPTQ' },
        { value: 'descent', label: 'descent' },
        { value: 'gptq-descent', label: 'GPTQ, then descent' },
      ],
    },
    protect: {
      kind: 'choice',
      label: 'Fragile layers',
      help: 'Layers with few inputs a channel (depthwise, the first convolution) lose most at few bits and weigh little. Automatic: they keep 8 bits where all of them together are at most a tenth of the weights. A layer with its own precision is never changed.',
      default: 'auto',
      options: [
        { value: 'auto', label: 'keep 8 bits' },
        { value: 'none', label: 'like the others' },
      ],
    },
    storage: {
      kind: 'choice',
      label: 'Storage',
      help: 'Automatic: what the target reads best. Decode at load: plain operators that onnxruntime computes once when the session is made (full speed). DequantizeLinear: the standard form that converters and other runtimes know. MatMulNBits: an operator of onnxruntime that multiplies with packed weights (MatMul and Gemm, blocks).',
      default: 'auto',
      options: [
        { value: 'auto', label: 'automatic' },
        { value: 'decode-at-load', label: 'decode at load' },
        { value: 'dequantize-linear', label: 'DequantizeLinear' },
        { value: 'matmul-nbits', label: 'MatMulNBits' },
      ],
    },
  },
} as const satisfies PassMeta;
