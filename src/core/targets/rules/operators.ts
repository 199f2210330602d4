/**
 * Whether a target reads a file at all: operator set, domains, local functions, and single operators that it has no
 * kernel or importer for. Every graph of the file is looked at. It must not know scales.
 */
import { opsetOf } from '../../onnx/build.ts';
import type { Model, Node } from '../../onnx/ir.ts';
import { functionPath } from '../../onnx/graph-names.ts';
import { subgraphsOf } from '../../onnx/walk.ts';
import type { Target } from '../types.ts';
import type { Breach } from './types.ts';
import { nameOf } from './qdq-view.ts';

/** All nodes: main graph, subgraphs, bodies of local functions. A loop: a hostile file nests deep. */
export function allNodes(model: Model): Node[] {
  const found: Node[] = [];
  const open: (readonly Node[])[] = [model.graph.nodes, ...model.functions.map((f) => f.nodes)];
  for (let nodes = open.pop(); nodes !== undefined; nodes = open.pop()) {
    for (const node of nodes) {
      found.push(node);
      for (const { graph } of subgraphsOf(node)) open.push(graph.nodes);
    }
  }
  return found;
}

/** Operators whose results are codes, beside QuantizeLinear: the operator-oriented form and ranges found at run time. */
export const INTEGER_OPERATORS: ReadonlySet<string> = new Set([
  'DynamicQuantizeLinear',
  'MatMulInteger',
  'ConvInteger',
  'QLinearConv',
  'QLinearMatMul',
]);

export function operatorBreaches(model: Model, target: Target): Breach[] {
  const nodes = allNodes(model);
  return [
    ...opsetBreaches(model, target),
    ...domainBreaches(model, nodes, target),
    ...integerOperatorBreaches(nodes, target),
  ];
}

function opsetBreaches(model: Model, target: Target): Breach[] {
  const version = opsetOf(model);
  const { min, max } = target.opset;
  if (version === 0 || (version >= min && version <= max)) return [];
  const tooNew = version > max;
  return [
    {
      rule: 'opset',
      kind: 'opset',
      severity: 'error',
      what: `The file uses operator set ${version}; ${target.label} reads ${min} to ${max}.`,
      where: [],
      why: 'The operator set is the version of the ONNX language. A runtime that does not know it refuses the whole file.',
      fix: tooNew
        ? 'Choose a form that needs an older operator set: 8 bits per channel instead of blocks or 4 bits, or export the model with an older one.'
        : 'Export the model again with a newer operator set.',
    },
  ];
}

const STANDARD: ReadonlySet<string> = new Set(['', 'ai.onnx']);

function domainBreaches(model: Model, nodes: readonly Node[], target: Target): Breach[] {
  const own = new Set(model.functions.map(functionPath));
  const isLocal = (node: Node): boolean => own.has(functionPath({ ...node, name: node.opType }));
  const breaches: Breach[] = [];
  const local = nodes.filter((node) => !STANDARD.has(node.domain) && isLocal(node));
  if (!target.localFunctions && local.length > 0) {
    breaches.push({
      rule: 'local-functions',
      kind: 'operator',
      severity: 'error',
      what: `${count(local.length, 'operator')} of the file ${local.length === 1 ? 'is a call' : 'are calls'} of functions that the file itself defines.`,
      where: local.map(nameOf),
      why: `${target.label} does not read functions inside a file, and refuses it or computes something else.`,
      fix: 'Apply the recipe again for this target: Pare then writes plain operators.',
    });
  }
  const foreign = nodes.filter((node) => !STANDARD.has(node.domain) && !isLocal(node));
  if (!target.contribOps && foreign.length > 0) {
    const types = [...new Set(foreign.map((node) => `${node.domain}.${node.opType}`))].sort();
    breaches.push({
      rule: 'contrib-operators',
      kind: 'operator',
      severity: 'error',
      what: `The file uses operators outside the ONNX standard: ${types.join(', ')}.`,
      where: foreign.map(nameOf),
      why: `They belong to one runtime; ${target.label} does not know them.`,
      fix: 'Apply the recipe again for this target. If the operators are the model’s own, export it without them.',
    });
  }
  return breaches;
}

function integerOperatorBreaches(nodes: readonly Node[], target: Target): Breach[] {
  const refusal = target.refusals['dynamic-activations'];
  if (refusal === undefined) return [];
  const found = nodes.filter((node) => STANDARD.has(node.domain) && INTEGER_OPERATORS.has(node.opType));
  if (found.length === 0) return [];
  const types = [...new Set(found.map((node) => node.opType))].sort();
  return [
    {
      rule: refusal.id,
      kind: 'operator',
      severity: 'error',
      what: `The file uses ${types.join(', ')}, which ${target.label} does not run well or not at all.`,
      where: found.map(nameOf),
      why: refusal.text,
      fix: 'Use the step "quantize activations" with the mode static, or leave these layers in floats.',
    },
  ];
}

export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? noun : plural}`;
}
