/** `pare inspect`: what is in a model. Reads no weights. */
import { basename } from 'node:path';
import { assertValid } from '../core/onnx/verify.ts';
import { listWeights } from '../core/onnx/weights.ts';
import type { InputSummary } from '../worker/api.ts';
import { summarizeModel, type ModelFacts } from '../worker/summary.ts';
import { openModelFile } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { formatBytes, formatPairs, formatPercent, formatTable } from './table.ts';

/** @throws PareError as openModelFile does */
export function inspect(path: string): Outcome {
  const opened = openModelFile(path);
  try {
    assertValid(opened.model);
    const facts = summarizeModel(opened.model, listWeights(opened.model));
    const { bytes, files } = opened;
    return {
      json: { file: path, files, bytes, ...facts },
      text: describe(basename(path), bytes, facts),
    };
  } finally {
    opened.dispose();
  }
}

function describe(name: string, bytes: number, facts: ModelFacts): string {
  const head = formatPairs([
    ['File', name],
    ['Size', `${formatBytes(bytes)} (${bytes} B, measured)`],
    ['Parameters', facts.parameters.toLocaleString('en')],
    ['Weights', `${formatBytes(facts.weightBytes)}, ${formatPercent(facts.weightBytes / bytes)} of the file`],
    ['Operators', String(facts.nodes)],
    ['Format', `IR ${facts.irVersion}, opset ${facts.opset}${facts.externalData ? ', external data' : ''}`],
    ['Made by', facts.producer === '' ? 'not said' : facts.producer],
    ...facts.inputs.map((value) => ['Input', describeValue(value)] as const),
    ...facts.outputs.map((value) => ['Output', describeValue(value)] as const),
    ...facts.remarks.map((remark) => ['Remark', remark] as const),
  ]);
  const layers = facts.layers.map((layer) => [
    layer.id,
    layer.op,
    layer.dims.join('×'),
    layer.dataType,
    layer.elements.toLocaleString('en'),
    formatBytes(layer.weightBytes),
    formatPercent(facts.weightBytes === 0 ? 0 : layer.weightBytes / facts.weightBytes),
    layer.frozen === undefined ? '' : `left alone: ${layer.frozen}`,
  ]);
  if (layers.length === 0) return `${head}\n\nIt has no weights that could be compressed.`;
  const table = formatTable(
    [
      { title: 'Layer' },
      { title: 'Operator' },
      { title: 'Shape' },
      { title: 'Type' },
      { title: 'Elements', align: 'right' },
      { title: 'Bytes', align: 'right' },
      { title: 'Share', align: 'right' },
      { title: '' },
    ],
    layers,
  );
  return `${head}\n\n${table}`;
}

function describeValue({ name, dataType, shape }: InputSummary): string {
  const dims = shape === null ? 'any shape' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
  return `${name}  ${dataType} ${dims}`;
}
