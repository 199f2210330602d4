/** onnxruntime outside the browser, on the CPU: three targets, because the instruction set decides which form is right. */
import { ONNX_DEQUANTIZE, ORT_CASTS, ORT_CONTRIB, ORT_QUANTIZATION, ORT_RELU } from './sources.ts';
import type { Target, TargetRule } from './types.ts';

const INTEGER_OPS: ReadonlySet<string> = new Set([
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
]);

const RULES: readonly TargetRule[] = [
  {
    id: 'cpu-qdq',
    text: 'Integers are written as QuantizeLinear and DequantizeLinear pairs (QDQ), which the runtime fuses into integer kernels when it loads the file. Signed codes in QLinear operators are slow on x86-64.',
    source: ORT_QUANTIZATION,
  },
  {
    id: 'cpu-relu',
    text: 'A Relu or Clip before a QuantizeLinear is absorbed only when the range of the codes lies inside its own.',
    source: ORT_RELU,
  },
  {
    id: 'cpu-matmul-nbits',
    text: 'MatMulNBits with 8 or 4 bits has a kernel here that works on the codes; blocks of 32 are the usual choice.',
    source: ORT_CONTRIB,
  },
  {
    id: 'cpu-opset',
    text: 'Per-channel scales need operator set 13, blocks and 4-bit types 21.',
    source: ONNX_DEQUANTIZE,
  },
];

const REFUSALS: Target['refusals'] = {
  'fp16-compute': {
    id: 'cpu-no-half',
    text: 'Most operators have no fp16 kernel on the CPU: a graph in fp16 is computed in fp32 between casts.',
    source: ORT_CASTS,
  },
};

const COMMON = {
  weightForm: 'matmul-nbits',
  bias: 'int32',
  integerOps: INTEGER_OPS,
  quantizeResidual: true,
  fp16: 'stores',
  opset: { min: 7, max: 26 },
  contribOps: true,
  localFunctions: true,
  refusals: REFUSALS,
  measurable: false,
} as const satisfies Partial<Target>;

const BITS = [16, 8, 4, 3, 2] as const;

export const ortCpuX86: Target = {
  ...COMMON,
  id: 'ort-cpu-x86',
  label: 'onnxruntime, x86 CPU without VNNI',
  help: 'Servers and desktops before about 2019 (Intel before Cascade Lake and Ice Lake, AMD before Zen 4), in Python, C++ or C#. Choose this one when you do not know which machine it will be.',
  activations: { type: 'uint8', symmetric: false },
  weights: { perChannel: true, reducedRange: true, asymmetric: true, bits: BITS, blocks: true },
  rules: [
    {
      id: 'x86-saturation',
      text: 'Without VNNI pairs of products are added in 16 bits and cut off at 32,767. Weights therefore use only −64..63: the largest sum is then 2 · 255 · 64 = 32,640.',
      source: ORT_QUANTIZATION,
    },
    ...RULES,
  ],
};

export const ortCpuX86Vnni: Target = {
  ...COMMON,
  id: 'ort-cpu-x86-vnni',
  label: 'onnxruntime, x86 CPU with VNNI',
  help: 'Servers and desktops of the last years (Intel from Cascade Lake and Ice Lake on, AMD from Zen 4 on), in Python, C++ or C#.',
  activations: { type: 'uint8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: true, bits: BITS, blocks: true },
  rules: [
    {
      id: 'vnni-exact',
      text: 'VNNI adds products in 32 bits: nothing saturates, so that weights use all 8 bits.',
      source: ORT_QUANTIZATION,
    },
    ...RULES,
  ],
};

export const ortCpuArm: Target = {
  ...COMMON,
  id: 'ort-cpu-arm',
  label: 'onnxruntime, Arm CPU',
  help: 'Phones, Raspberry Pi, Apple and Graviton machines.',
  activations: { type: 'int8', symmetric: false },
  weights: { perChannel: true, reducedRange: false, asymmetric: true, bits: BITS, blocks: true },
  rules: [
    {
      id: 'arm-signed',
      text: 'Signed codes for weights and activations are the runtime’s first choice here; nothing saturates.',
      source: ORT_QUANTIZATION,
    },
    ...RULES,
  ],
};
