/** OpenVINO: Intel CPUs, GPUs and NPUs, from an ONNX file. */
import {
  MEASURED,
  ONNX_DEQUANTIZE,
  OPENVINO_INT8,
  OPENVINO_LPT,
  OPENVINO_OPERATORS,
  OPENVINO_SATURATION,
} from './sources.ts';
import type { Target } from './types.ts';

export const openvino: Target = {
  id: 'openvino',
  label: 'OpenVINO',
  help: 'Intel processors, graphics and NPUs, in Python or C++.',
  weightForm: 'dequantize-linear',
  activations: { type: 'uint8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: true, bits: [16, 8, 4], blocks: true },
  integerOps: new Set([
    'Conv',
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
    'PRelu',
    'Resize',
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Split',
    'Slice',
    'ReduceMean',
    'DepthToSpace',
    'Pad',
  ]),
  quantizeResidual: true,
  fp16: 'computes',
  opset: { min: 7, max: 21 },
  contribOps: false,
  localFunctions: false,
  rules: [
    {
      id: 'openvino-both-inputs',
      text: 'A convolution runs in integers only when its data and its weights are both quantized.',
      source: OPENVINO_INT8,
    },
    {
      id: 'openvino-ranges',
      text: 'Activations become unsigned or signed 8-bit codes, weights signed codes from −127 to 127 with one scale a channel.',
      source: OPENVINO_LPT,
    },
    {
      id: 'openvino-saturation',
      text: 'Intel CPUs without VNNI add pairs of products in 16 bits, which can saturate. Newer CPUs, graphics and NPUs do not.',
      source: OPENVINO_SATURATION,
    },
    {
      id: 'openvino-operators',
      text: 'Operators of the ONNX domain are read; those of com.microsoft only in part, so that Pare writes none.',
      source: OPENVINO_OPERATORS,
    },
  ],
  refusals: {
    'dynamic-activations': {
      id: 'openvino-no-dynamic',
      text: 'Activations are quantized with ranges that were found before; what finds them at every run is computed in floats around the product.',
      source: OPENVINO_INT8,
    },
    int3: {
      id: 'openvino-no-int3',
      text: 'ONNX has no 3-bit type; OpenVINO would unpack the weight when it compiles the model.',
      source: ONNX_DEQUANTIZE,
    },
    int2: {
      id: 'openvino-no-int2',
      text: '2-bit types came with operator set 25, which OpenVINO does not read completely.',
      source: OPENVINO_OPERATORS,
    },
    palette: {
      id: 'openvino-no-palette',
      text: 'A palette is unpacked when the model is compiled; it saves nothing but the download.',
      source: MEASURED,
    },
    sparse: {
      id: 'openvino-no-sparse',
      text: 'Sparse weights are unpacked when the model is compiled; zeros are stored as they are.',
      source: MEASURED,
    },
  },
  measurable: false,
};
