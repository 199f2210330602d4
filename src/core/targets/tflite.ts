/**
 * TensorFlow Lite (LiteRT) and XNNPACK: the ONNX file keeps every rule of its quantization specification, so that a
 * converter can carry codes, scales and zero points over one by one.
 */
import { ONNX_DEQUANTIZE, TFLITE_SPEC } from './sources.ts';
import type { Target } from './types.ts';

export const tflite: Target = {
  id: 'tflite',
  label: 'TensorFlow Lite (LiteRT, XNNPACK)',
  help: 'Phones and microcontrollers, after a conversion of the ONNX file to .tflite.',
  weightForm: 'dequantize-linear',
  activations: { type: 'int8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: false, bits: [16, 8], blocks: false },
  bias: 'int32',
  integerOps: new Set([
    'Conv',
    'Gemm',
    'MatMul',
    'Add',
    'Sub',
    'Mul',
    'Concat',
    'AveragePool',
    'GlobalAveragePool',
    'MaxPool',
    'Relu',
    'Clip',
    'Sigmoid',
    'Tanh',
    'Softmax',
    'LogSoftmax',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Split',
    'Pad',
    'Gather',
    'Resize',
    'ReduceMean',
    'SpaceToDepth',
  ]),
  quantizeResidual: true,
  fp16: 'stores',
  opset: { min: 7, max: 26 },
  contribOps: false,
  localFunctions: false,
  rules: [
    {
      id: 'tflite-activations',
      text: 'Activations are signed 8-bit codes with one scale and one zero point a tensor.',
      source: TFLITE_SPEC,
    },
    {
      id: 'tflite-weights',
      text: 'Weights are signed codes from −127 to 127 with zero point 0; those of convolutions may have one scale a channel.',
      source: TFLITE_SPEC,
    },
    {
      id: 'tflite-bias',
      text: 'A bias is a 32-bit integer with zero point 0 and the scale input scale × weight scale.',
      source: TFLITE_SPEC,
    },
    {
      id: 'tflite-fixed-outputs',
      text: 'Softmax and Sigmoid give scale 1/256 and zero point −128, Tanh 1/128 and 0, LogSoftmax 16/256 and 127.',
      source: TFLITE_SPEC,
    },
    {
      id: 'tflite-same-parameters',
      text: 'What only moves values (concatenation, pooling, reshape, transpose, slice, pad, gather, resize) has the same scale and zero point on all sides.',
      source: TFLITE_SPEC,
    },
  ],
  refusals: {
    'dynamic-activations': {
      id: 'tflite-no-dynamic',
      text: 'The specification has no operator that finds ranges at run time in this form.',
      source: TFLITE_SPEC,
    },
    'zero-points': {
      id: 'tflite-no-weight-zero-point',
      text: 'The zero point of a weight is 0.',
      source: TFLITE_SPEC,
    },
    blocks: {
      id: 'tflite-no-blocks',
      text: 'Scales are per tensor or per channel; there are no blocks.',
      source: TFLITE_SPEC,
    },
    int4: { id: 'tflite-no-int4', text: 'The specification describes 8 bits only.', source: TFLITE_SPEC },
    int3: { id: 'tflite-no-int3', text: 'The specification describes 8 bits only.', source: TFLITE_SPEC },
    int2: { id: 'tflite-no-int2', text: 'The specification describes 8 bits only.', source: TFLITE_SPEC },
    palette: { id: 'tflite-no-palette', text: 'There is no palette type.', source: TFLITE_SPEC },
    sparse: {
      id: 'tflite-no-sparse-form',
      text: 'Zeros are stored as they are: ONNX has no sparse form that a converter would carry over.',
      source: ONNX_DEQUANTIZE,
    },
    'fp16-compute': {
      id: 'tflite-half-weights',
      text: 'fp16 is a form to store weights in; the interpreter computes in fp32.',
      source: TFLITE_SPEC,
    },
  },
  measurable: false,
};
