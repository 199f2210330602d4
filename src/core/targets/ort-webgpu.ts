/** onnxruntime-web on the GPU, by its own WebGPU execution provider (JSEP, its predecessor, is not meant). */
import {
  ORT_CONTRIB,
  ORT_FOLDING,
  ORT_WEBGPU_BLOCK_BUG,
  ORT_WEBGPU_OPERATORS,
  WEBGPU_F16,
} from './sources.ts';
import type { Target } from './types.ts';

export const ortWebgpu: Target = {
  id: 'ort-webgpu',
  label: 'Browser, GPU (onnxruntime-web WebGPU)',
  help: 'Browsers on a machine with a graphics card. Best for large models; small ones are often faster on the CPU.',
  weightForm: 'matmul-nbits',
  activations: null,
  weights: { perChannel: true, reducedRange: false, asymmetric: true, bits: [16, 8, 4, 3, 2], blocks: true },
  bias: 'float',
  integerOps: new Set(),
  quantizeResidual: false,
  fp16: 'computes',
  opset: { min: 7, max: 26 },
  contribOps: true,
  localFunctions: true,
  rules: [
    {
      id: 'webgpu-matmul-nbits',
      text: 'Weights of a MatMul are stored as MatMulNBits with 8 or 4 bits in blocks of 32: they stay small in the memory of the GPU and are decoded there.',
      source: ORT_CONTRIB,
    },
    {
      id: 'webgpu-decode-at-load',
      text: 'Weights of other layers are decoded once when the file is loaded; DequantizeLinear would decode them again at every run.',
      source: ORT_FOLDING,
    },
    {
      id: 'webgpu-half',
      text: 'fp16 is computed where the GPU has the feature shader-f16; where it has not, the session is refused.',
      source: WEBGPU_F16,
    },
    {
      id: 'webgpu-block-1d',
      text: 'DequantizeLinear of a one-dimensional tensor in blocks gives wrong values in 1.30.0; Pare never writes it for this target.',
      source: ORT_WEBGPU_BLOCK_BUG,
    },
  ],
  refusals: {
    'int8-activations': {
      id: 'webgpu-no-quantize',
      text: 'QuantizeLinear, Round and the QLinear operators have no WebGPU kernel: every one of them would copy its values from the GPU to the CPU and back.',
      source: ORT_WEBGPU_OPERATORS,
    },
    'dynamic-activations': {
      id: 'webgpu-no-dynamic',
      text: 'DynamicQuantizeLinear and MatMulInteger have no WebGPU kernel and would run on the CPU, with a copy there and back.',
      source: ORT_WEBGPU_OPERATORS,
    },
  },
  measurable: true,
};
