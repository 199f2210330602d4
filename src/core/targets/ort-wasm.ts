/** onnxruntime-web on the CPU: the runtime of this page. */
import { MEASURED, MEASURED_LAYERS, ONNX_DEQUANTIZE } from './sources.ts';
import type { Target } from './types.ts';

export const ortWasm: Target = {
  id: 'ort-wasm',
  label: 'Browser, CPU (onnxruntime-web WASM)',
  help: 'This page and every browser, without a GPU. Everything that is said about speed here was measured here.',
  weightForm: 'decode-at-load',
  activations: { type: 'uint8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: true, bits: [16, 8, 4, 3, 2], blocks: true },
  bias: 'int32',
  integerOps: new Set([
    'Conv',
    'MatMul',
    'Gemm',
    'Add',
    'Mul',
    'Concat',
    'AveragePool',
    'GlobalAveragePool',
    'LeakyRelu',
    'Sigmoid',
    'Softmax',
    'MaxPool',
    'Resize',
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Split',
    'Slice',
    'Gather',
  ]),
  quantizeResidual: true,
  fp16: 'stores',
  opset: { min: 7, max: 26 },
  contribOps: true,
  localFunctions: true,
  rules: [
    {
      id: 'wasm-exact-sums',
      text: 'The integer kernels add in 32 bits: sums never saturate, so that weights may use all 8 bits.',
      source: MEASURED,
    },
    {
      id: 'wasm-unsigned-activations',
      text: 'Activations are written unsigned: the fast kernels read unsigned codes, and signed ones in QLinear operators run about nine times slower.',
      source: MEASURED,
    },
    {
      id: 'wasm-fan-in',
      text: 'An integer convolution pays from some 140 products per output on; depthwise convolutions never do: they take two to five times as long in integers.',
      source: MEASURED_LAYERS,
    },
    {
      id: 'wasm-relu',
      text: 'A Relu before a QuantizeLinear is absorbed only with zero point 0, a Relu6 only with a scale of at most 6/255; else the convolution stays in floats.',
      source: MEASURED,
    },
    {
      id: 'wasm-decode-at-load',
      text: 'Weights of fewer bits are decoded once when the file is loaded: the file is small, the speed that of floats. MatMulNBits and DequantizeLinear before a MatMul decode at every run: ten to twenty times slower for one row of inputs, a quarter to a half for 64.',
      source: MEASURED,
    },
    {
      id: 'wasm-half',
      text: 'There are no fp16 kernels: fp16 weights become fp32 when the file is loaded.',
      source: MEASURED,
    },
    {
      id: 'wasm-opset',
      text: 'Operator sets 7 to 26 are read; per-channel scales need 13, blocks and 4-bit types 21.',
      source: ONNX_DEQUANTIZE,
    },
  ],
  refusals: {
    'fp16-compute': {
      id: 'wasm-no-half-kernels',
      text: 'It has no fp16 kernels: a graph in fp16 is computed in fp32 between casts.',
      source: MEASURED,
    },
  },
  measurable: true,
};
