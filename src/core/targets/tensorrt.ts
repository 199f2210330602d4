/** TensorRT: NVIDIA GPUs, from an ONNX file with explicit QuantizeLinear and DequantizeLinear. */
import { TRT_EXPLICIT, TRT_OPERATORS, TRT_OPSETS, TRT_RESIDUAL, TRT_TYPES } from './sources.ts';
import type { Target } from './types.ts';

export const tensorrt: Target = {
  id: 'tensorrt',
  label: 'TensorRT',
  help: 'NVIDIA graphics cards and Jetson boards.',
  weightForm: 'dequantize-linear',
  activations: { type: 'int8', symmetric: true },
  weights: { perChannel: true, reducedRange: false, asymmetric: false, bits: [16, 8, 4], blocks: true },
  integerOps: new Set([
    'Conv',
    'ConvTranspose',
    'MatMul',
    'Gemm',
    'Add',
    'Mul',
    'Concat',
    'AveragePool',
    'GlobalAveragePool',
    'MaxPool',
    'Relu',
    'Clip',
    'LeakyRelu',
    'PRelu',
    'Sigmoid',
    'Tanh',
    'HardSigmoid',
    'Pad',
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Slice',
    'Gather',
  ]),
  quantizeResidual: true,
  fp16: 'computes',
  opset: { min: 9, max: 25 },
  contribOps: false,
  localFunctions: true,
  rules: [
    {
      id: 'tensorrt-symmetric',
      text: 'Quantization is symmetric: signed codes, and every zero point is 0, for weights and for activations.',
      source: TRT_TYPES,
    },
    {
      id: 'tensorrt-granularity',
      text: 'Activations have one scale, weights one scale per output channel.',
      source: TRT_TYPES,
    },
    {
      id: 'tensorrt-residual',
      text: 'Both inputs of the Add that ends a residual block are quantized, or the block is computed in floats.',
      source: TRT_RESIDUAL,
    },
    {
      id: 'tensorrt-int4',
      text: '4-bit integers are for weights only, with one scale a block; the product itself is computed in fp16.',
      source: TRT_EXPLICIT,
    },
    {
      id: 'tensorrt-opsets',
      text: 'Operator sets 9 to 25 are read.',
      source: TRT_OPSETS,
    },
  ],
  refusals: {
    'dynamic-activations': {
      id: 'tensorrt-no-dynamic',
      text: 'DynamicQuantizeLinear, MatMulInteger and ConvInteger are not supported.',
      source: TRT_OPERATORS,
    },
    'zero-points': {
      id: 'tensorrt-no-zero-point',
      text: 'A zero point other than 0 is refused by the parser.',
      source: TRT_OPERATORS,
    },
    int3: {
      id: 'tensorrt-no-int3',
      text: 'The integer types are INT8 and INT4; what decodes packed bits (BitShift) is not supported.',
      source: TRT_OPERATORS,
    },
    int2: {
      id: 'tensorrt-no-int2',
      text: 'The integer types are INT8 and INT4; there is no 2-bit type.',
      source: TRT_TYPES,
    },
    palette: {
      id: 'tensorrt-no-palette',
      text: 'There is no palette type: the builder would unpack it into floats.',
      source: TRT_TYPES,
    },
    sparse: {
      id: 'tensorrt-no-sparse-form',
      text: 'Sparse weights are decoded by operators (BitShift, ScatterElements) that the parser does not support in full; zeros are stored as they are.',
      source: TRT_OPERATORS,
    },
  },
  measurable: false,
};
