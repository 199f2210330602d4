/**
 * Which operators compute in half floats. Everything that is not listed stays in fp32: sums of squares, exponentials,
 * normalizations and softmax lose too much there, recurrent layers and detection heads have no such kernels.
 * Source: what onnxruntime's float16 converter blocks by default, and what mixed-precision training keeps (arXiv:1710.03740 §3).
 */
export const HALF_OPS: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Abs',
  'Max',
  'Min',
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Elu',
  'Clip',
  'Sigmoid',
  'Tanh',
  'HardSigmoid',
  'HardSwish',
  'Gelu',
  'Erf',
  'Concat',
  'Split',
  'Slice',
  'Gather',
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Identity',
  'Expand',
  'Tile',
  'Pad',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'ReduceMax',
  'ReduceMin',
  'Resize',
  'DepthToSpace',
  'SpaceToDepth',
  'Where',
  'BatchNormalization',
]);

/** Inputs that are fp32 by the specification whatever the operator computes in: region and scales of Resize. */
export function staysFloat(opType: string, input: number): boolean {
  return opType === 'Resize' && input > 0;
}
