/** Apache TVM, through its ONNX importers. */
import {
  TVM_CONTRIB,
  TVM_FAKE_QUANTIZATION,
  TVM_FOLDING,
  TVM_IMPORTER,
  TVM_QDQ,
  TVM_QDQ_MODERN,
} from './sources.ts';
import type { Target } from './types.ts';

export const tvm: Target = {
  id: 'tvm',
  label: 'Apache TVM',
  help: 'A compiler for many chips. Which kernels come out is decided there, not in the file.',
  weightForm: 'dequantize-linear',
  activations: { type: 'int8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: false, bits: [16, 8], blocks: false },
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
    'Relu',
    'Clip',
    'Reshape',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Flatten',
    'Pad',
  ]),
  quantizeResidual: true,
  fp16: 'computes',
  opset: { min: 7, max: 25, written: 13 },
  contribOps: false,
  localFunctions: false,
  rules: [
    {
      id: 'tvm-opset',
      text: 'The importer reads a Slice of operator sets before 10, and others whose form has changed, by the rules of newer ones, and fails or errs: Pare raises older models to 13 where that can be done.',
      source: TVM_IMPORTER,
    },
    {
      id: 'tvm-fake-quantization',
      text: 'The Relay importer turns QuantizeLinear and DequantizeLinear around an operator into integer operators (FakeQuantizationToInteger).',
      source: TVM_FAKE_QUANTIZATION,
    },
    {
      id: 'tvm-relax',
      text: 'The Relax importer of newer releases reads the pairs, but computes what stands between them in floats: the model is smaller, not faster.',
      source: TVM_QDQ,
    },
  ],
  refusals: {
    blocks: {
      id: 'tvm-no-blocks',
      text: 'The importer refuses QuantizeLinear and DequantizeLinear in blocks.',
      source: TVM_QDQ_MODERN,
    },
    int4: {
      id: 'tvm-no-int4',
      text: 'Four bits need blocks to keep a model usable, and the importer refuses blocks.',
      source: TVM_QDQ_MODERN,
    },
    int3: {
      id: 'tvm-no-int3',
      text: 'ONNX has no 3-bit type, and the compiler would unpack it.',
      source: TVM_QDQ_MODERN,
    },
    int2: { id: 'tvm-no-int2', text: 'The importer has no 2-bit types.', source: TVM_QDQ_MODERN },
    palette: {
      id: 'tvm-no-palette',
      text: 'A palette is unpacked when the model is compiled; it saves nothing but the download.',
      source: TVM_FOLDING,
    },
    sparse: {
      id: 'tvm-no-sparse',
      text: 'Sparse weights are unpacked when the model is compiled; zeros are stored as they are.',
      source: TVM_FOLDING,
    },
    'zero-points': {
      id: 'tvm-no-weight-zero-point',
      text: 'The conversion to integers is written for weights with zero point 0.',
      source: TVM_FAKE_QUANTIZATION,
    },
    'dynamic-activations': {
      id: 'tvm-no-dynamic',
      text: 'MatMulIntegerToFloat and the other fused forms of com.microsoft are not imported.',
      source: TVM_CONTRIB,
    },
  },
  measurable: false,
};
