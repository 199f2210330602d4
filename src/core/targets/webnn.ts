/** WebNN, the browser's own neural network interface, through onnxruntime-web. */
import { ONNX_DEQUANTIZE, ORT_FOLDING, ORT_WEBNN, ORT_WEBNN_OPERATORS, WEBNN_BLOCKS } from './sources.ts';
import type { Target } from './types.ts';

export const webnn: Target = {
  id: 'webnn',
  label: 'Browser, NPU or GPU (WebNN)',
  help: 'Browsers that hand a model to the operating system and its NPU. New and behind a switch in most of them: check what yours takes before you rely on it.',
  weightForm: 'dequantize-linear',
  activations: { type: 'int8', symmetric: false },
  weights: {
    perChannel: true,
    reducedRange: false,
    asymmetric: true,
    bits: [16, 8, 4],
    blocks: true,
    evenBlocks: true,
  },
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
    'MaxPool',
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Split',
    'Slice',
  ]),
  quantizeResidual: true,
  fp16: 'computes',
  opset: { min: 7, max: 23 },
  contribOps: false,
  localFunctions: true,
  rules: [
    {
      id: 'webnn-platform',
      text: 'QuantizeLinear and DequantizeLinear are handed to the platform’s own compiler; whether it then uses integer kernels is its decision and cannot be seen from here.',
      source: ORT_WEBNN_OPERATORS,
    },
    {
      id: 'webnn-fixed-shapes',
      text: 'WebNN compiles a graph for fixed sizes: free dimensions must be given as freeDimensionOverrides when the session is made.',
      source: ORT_WEBNN,
    },
    {
      id: 'webnn-opset',
      text: 'The operator table names versions up to 23; per-channel scales need 13, blocks and 4-bit types 21.',
      source: ORT_WEBNN_OPERATORS,
    },
    {
      id: 'webnn-even-blocks',
      text: 'Scales of blocks are spread evenly: the size of a block divides the number of inputs of a channel.',
      source: WEBNN_BLOCKS,
    },
  ],
  refusals: {
    int3: {
      id: 'webnn-no-int3',
      text: 'ONNX has no 3-bit type, and what decodes a packed one (BitShift, BitwiseAnd) has no WebNN operator in the runtime’s table.',
      source: ORT_WEBNN_OPERATORS,
    },
    int2: {
      id: 'webnn-no-int2',
      text: '2-bit types came with operator set 25; the runtime’s table ends at 23.',
      source: ONNX_DEQUANTIZE,
    },
    palette: {
      id: 'webnn-no-palette',
      text: 'A palette is decoded when the file is loaded, and the graph that the platform compiles holds fp32 again. It saves nothing but the download.',
      source: ORT_FOLDING,
    },
    sparse: {
      id: 'webnn-no-sparse',
      text: 'Sparse weights are decoded by operators that the runtime’s table does not have; zeros are stored as they are.',
      source: ORT_WEBNN_OPERATORS,
    },
  },
  measurable: false,
};
