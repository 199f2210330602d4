/**
 * Multiply-accumulates of one node from the shapes of what it reads and writes. Only operators that are sums of
 * products count; element-wise work, pooling and normalization are zero by convention, as papers count. It must not
 * know graphs. Sources: operator definitions of ONNX (onnx/docs/Operators.md) and of com.microsoft
 * (onnxruntime docs/ContribOperators.md).
 */
import { intAttribute, textAttribute } from '../onnx/attributes.ts';
import type { Node } from '../onnx/ir.ts';

export type Shape = readonly number[];

/** Shapes of a node's inputs and outputs; undefined = absent or not known. */
export interface NodeShapes {
  readonly inputs: readonly (Shape | undefined)[];
  readonly outputs: readonly (Shape | undefined)[];
}

type Formula = (node: Node, shapes: NodeShapes) => number | undefined;

const product = (shape: Shape): number => shape.reduce((total, size) => total * size, 1);

/** Every output element is one dot product with a filter [C/groups, k…]; `weight` is [M, C/groups, k…]. */
const convolution =
  (weightInput: number): Formula =>
  (_, { inputs, outputs }) => {
    const weight = inputs[weightInput];
    const output = outputs[0];
    return weight === undefined || output === undefined
      ? undefined
      : product(output) * product(weight.slice(1));
  };

/** Every input element is spread over a filter [M/groups, k…]; the weight is [C, M/groups, k…]. */
const transposed: Formula = (_, { inputs: [input, weight] }) =>
  input === undefined || weight === undefined ? undefined : product(input) * product(weight.slice(1));

/** Every output element is a dot product over the axis that is summed: the last of A, or the one before it. */
const matrix =
  (isTransposed: (node: Node) => boolean = () => false): Formula =>
  (node, { inputs: [a], outputs: [output] }) => {
    if (a === undefined || output === undefined || a.length === 0) return undefined;
    const axis = isTransposed(node) && a.length > 1 ? a.length - 2 : a.length - 1;
    return product(output) * a[axis];
  };

const transA = (node: Node): boolean => intAttribute(node, 'transA', 0) !== 0;

/** Rows of A times [K, N], which stand in the attributes because B is packed. */
const packed: Formula = (node, { inputs: [a] }) => {
  const n = intAttribute(node, 'N', 0);
  return a === undefined || n <= 0 ? undefined : product(a) * n;
};

/** Each step, direction and sample: W [directions, gates·hidden, input] on x, R [directions, gates·hidden, hidden] on h. */
const recurrent: Formula = (_, { inputs: [x, w, r] }) => {
  if (x?.length !== 3 || w === undefined || r === undefined) return undefined;
  // Axes 0 and 1 are sequence and batch in either layout.
  return x[0] * x[1] * (product(w) + product(r));
};

/** The product over all labels: a sum of products of two operands; n operands take n − 1 products a term. */
const einsum: Formula = (node, { inputs }) => {
  const equation = textAttribute(node, 'equation', '').replace(/\s/g, '');
  const terms = equation.split('->')[0]?.split(',') ?? [];
  if (equation.includes('...') || terms.length !== inputs.length) return undefined;
  const sizes = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    const shape = inputs[i];
    if (shape?.length !== term.length) return undefined;
    shape.forEach((size, axis) =>
      sizes.set(term.charAt(axis), Math.max(sizes.get(term.charAt(axis)) ?? 1, size)),
    );
  }
  return terms.length < 2 ? 0 : (terms.length - 1) * product([...sizes.values()]);
};

const STANDARD: Readonly<Record<string, Formula>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1),
  DeformConv: convolution(1),
  QLinearConv: convolution(3),
  ConvTranspose: transposed,
  Gemm: matrix(transA),
  MatMul: matrix(),
  MatMulInteger: matrix(),
  QLinearMatMul: matrix(),
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Einsum: einsum,
};

/** Operators of the standard that multiply and add, but how often these shapes do not say. */
const STANDARD_UNKNOWN: ReadonlySet<string> = new Set([
  'Attention',
  'DFT',
  'STFT',
  'Loop',
  'Scan',
  'SequenceMap',
]);

const MICROSOFT: Readonly<Record<string, Formula>> = {
  FusedConv: convolution(1),
  NhwcFusedConv: convolution(1),
  NhwcConv: convolution(1),
  QLinearConv: convolution(3),
  FusedGemm: matrix(transA),
  QGemm: matrix(transA),
  FusedMatMul: matrix(transA),
  TransposeMatMul: matrix(transA),
  DynamicQuantizeMatMul: matrix(),
  MatMulIntegerToFloat: matrix(),
  MatMulInteger16: matrix(),
  MatMulNBits: packed,
  MatMulBnb4: packed,
};

/** Of com.microsoft: element-wise work, pooling, normalization and what moves values. */
const MICROSOFT_ZERO =
  /^(Q?Gelu|QuickGelu|FastGelu|BiasGelu|BiasAdd|BiasSoftmax|BiasDropout|SkipLayerNormalization|SimplifiedLayerNormalization|SkipSimplifiedLayerNormalization|EmbedLayerNormalization|GroupNorm|SkipGroupNorm|QLinear(Add|Mul|Concat|Sigmoid|LeakyRelu|GlobalAveragePool|AveragePool|Softmax|Where|ReduceMean)|DequantizeLinear|QuantizeLinear|GatherBlockQuantized|GatherND|RotaryEmbedding|Pad|Trilu|Unique|ExpandDims|Inverse)$/;

/**
 * Multiply-accumulates; undefined where operator or shapes are not known.
 * @param domain '' for the standard one
 */
export function macsOf(node: Node, domain: string, shapes: NodeShapes): number | undefined {
  if (domain === '') {
    if (STANDARD_UNKNOWN.has(node.opType)) return undefined;
    return Object.hasOwn(STANDARD, node.opType) ? finite(STANDARD[node.opType](node, shapes)) : 0;
  }
  if (domain === 'com.microsoft') {
    if (Object.hasOwn(MICROSOFT, node.opType)) return finite(MICROSOFT[node.opType](node, shapes));
    return MICROSOFT_ZERO.test(node.opType) ? 0 : undefined;
  }
  // Classic machine learning works on tables and trees, not on sums of products.
  return domain === 'ai.onnx.ml' ? 0 : undefined;
}

const finite = (macs: number | undefined): number | undefined =>
  macs !== undefined && Number.isFinite(macs) && macs >= 0 ? macs : undefined;
