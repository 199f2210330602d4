/**
 * What WebNN asks: operators that onnxruntime-web hands over, and fixed sizes. It must not know passes.
 * Source: js/web/docs/webnn-operators.md of onnxruntime-web 1.30.0.
 */
import type { Model } from '../../onnx/ir.ts';
import { allNodes, count } from './operators.ts';
import { nameOf } from './qdq-view.ts';
import type { Breach } from './types.ts';

const OPERATORS: ReadonlySet<string> = new Set([
  'Abs',
  'Add',
  'And',
  'ArgMax',
  'ArgMin',
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'Ceil',
  'Clip',
  'Concat',
  'Conv',
  'ConvInteger',
  'ConvTranspose',
  'Cos',
  'CumSum',
  'DepthToSpace',
  'DequantizeLinear',
  'Div',
  'Dropout',
  'DynamicQuantizeLinear',
  'Einsum',
  'Elu',
  'Equal',
  'Erf',
  'Exp',
  'Expand',
  'Flatten',
  'Floor',
  'GRU',
  'Gather',
  'GatherElements',
  'GatherND',
  'Gelu',
  'Gemm',
  'GlobalAveragePool',
  'GlobalLpPool',
  'GlobalMaxPool',
  'Greater',
  'GreaterOrEqual',
  'HardSigmoid',
  'HardSwish',
  'Identity',
  'InstanceNormalization',
  'IsInf',
  'IsNaN',
  'LRN',
  'LSTM',
  'LayerNormalization',
  'LeakyRelu',
  'Less',
  'LessOrEqual',
  'Log',
  'LpNormalization',
  'LpPool',
  'MatMul',
  'MatMulInteger',
  'Max',
  'MaxPool',
  'Min',
  'Mul',
  'Neg',
  'Not',
  'Or',
  'PRelu',
  'Pad',
  'Pow',
  'QuantizeLinear',
  'Reciprocal',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceSumSquare',
  'Relu',
  'Reshape',
  'Resize',
  'RotaryEmbedding',
  'Round',
  'ScatterElements',
  'ScatterND',
  'Shape',
  'Sigmoid',
  'Sign',
  'SimplifiedLayerNormalization',
  'Sin',
  'Slice',
  'Softmax',
  'Softplus',
  'Softsign',
  'Split',
  'Sqrt',
  'Squeeze',
  'Sub',
  'Tan',
  'Tanh',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
  'Where',
  'Xor',
  // Folded before the graph is handed over.
  'Constant',
]);

export function webnnBreaches(model: Model): Breach[] {
  return [...operatorBreaches(model), ...freeSizeBreaches(model)];
}

function operatorBreaches(model: Model): Breach[] {
  const foreign = allNodes(model).filter(
    ({ domain, opType }) => (domain === '' || domain === 'ai.onnx') && !OPERATORS.has(opType),
  );
  if (foreign.length === 0) return [];
  const types = [...new Set(foreign.map(({ opType }) => opType))].sort();
  return [
    {
      rule: 'webnn-operators',
      kind: 'operator',
      severity: 'warning',
      what: `${count(foreign.length, 'operator')} without a WebNN counterpart: ${types.join(', ')}.`,
      where: foreign.map(nameOf),
      why: 'onnxruntime-web computes them on the CPU; each one cuts the graph in two, with a copy there and back.',
      fix: 'Simplify the model first; operators over constants disappear then.',
    },
  ];
}

function freeSizeBreaches(model: Model): Breach[] {
  const constants = new Set(model.graph.initializers.map(({ name }) => name));
  const free = model.graph.inputs.filter(
    ({ name, type }) =>
      !constants.has(name) &&
      (type?.shape === undefined || type.shape.some((dim) => typeof dim !== 'number' || dim < 0)),
  );
  if (free.length === 0) return [];
  const symbols = [
    ...new Set(free.flatMap(({ type }) => (type?.shape ?? []).filter((dim) => typeof dim === 'string'))),
  ];
  return [
    {
      rule: 'webnn-fixed-shapes',
      kind: 'shape',
      severity: 'warning',
      what: `${count(free.length, 'input')} ${free.length === 1 ? 'has' : 'have'} sizes that are not fixed${symbols.length === 0 ? '' : ` (${symbols.join(', ')})`}.`,
      where: free.map(({ name }) => name),
      why: 'WebNN compiles a graph for one size. Without it the whole model stays on the CPU.',
      fix: 'Give the sizes when the session is made (freeDimensionOverrides), or fix them in the file.',
    },
  ];
}
