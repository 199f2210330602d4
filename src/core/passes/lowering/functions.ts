/**
 * Turns decode chains that look alike into one local function of the model and a call for each weight, so that a weight
 * costs one short node instead of ten. A runtime inlines the function and folds it like the chain. It must not know
 * graphs or which weights exist.
 * Source: onnx.proto3, FunctionProto (IR 8).
 */
import { constantNode } from '../../onnx/build.ts';
import type { Attribute, LocalFunction, Node } from '../../onnx/ir.ts';
import { varintLength } from '../../onnx/wire-write.ts';
import { messageLength } from '../../onnx/write.ts';
import type { Chain } from './chain.ts';
import { fieldBytes, nodeOf, sharedTensor, textBytes } from './measure.ts';

/** IR version that has local functions. */
export const FUNCTION_IR = 8;
/** Constants of other types than floats, which every body has. */
export const FUNCTION_OPSET = 9;
/** A shorter chain gains nothing from a call. */
const MIN_NODES = 3;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** The chain with names of its own, independent of the weight: what a function body is made of. */
interface Body {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly nodes: readonly Pick<Node, 'opType' | 'inputs' | 'outputs' | 'attributes'>[];
}

/** Whether a call in place of the chain can pay. */
export function canCall(chain: Chain): boolean {
  return chain.nodes.length >= MIN_NODES;
}

function bodyOf(chain: Chain): Body {
  const names = new Map<string, string>();
  chain.inputs.forEach((name, i) => names.set(name, LETTERS[i]));
  const inputs = [...names.values()];
  let made = 0;
  const nodes = chain.nodes.map(({ opType, inputs: reads, outputs, attributes = [] }) => {
    // Upper case for what the body computes; a shared constant keeps the letter that ends its name.
    for (const output of outputs) names.set(output, valueName(made++));
    return {
      opType,
      inputs: reads.map((name) => names.get(name) ?? `_${name.slice(-1)}`),
      outputs: outputs.map((name) => names.get(name) ?? ''),
      attributes,
    };
  });
  return { inputs, output: nodes[nodes.length - 1].outputs[0], nodes };
}

function valueName(i: number): string {
  const first = i < LETTERS.length ? '' : LETTERS[Math.floor(i / LETTERS.length) - 1];
  return (first + LETTERS[i % LETTERS.length]).toUpperCase();
}

/** The function that stands for a chain. */
export function functionFor(chain: Chain, name: string, domain: string, opset: number): LocalFunction {
  const { inputs, output, nodes } = bodyOf(chain);
  const constants = chain.shared.map((key) => constantNode(sharedTensor(key, '_')));
  return {
    name,
    domain,
    overload: '',
    inputs,
    outputs: [output],
    attributeNames: [],
    nodes: [...constants, ...nodes.map(nodeOf)],
    opsets: [{ domain: '', version: opset }],
    docString: '',
  };
}

/** The node that calls it in place of the chain. */
export function callOf(chain: Chain, name: string, domain: string): Node {
  const attributes: readonly Attribute[] = [];
  return nodeOf({
    opType: name,
    domain,
    inputs: chain.inputs,
    outputs: [chain.nodes[chain.nodes.length - 1].outputs[0]],
    attributes,
  });
}

/** Length of the calling node, without tag and length. */
export function callLength(inputs: readonly string[], value: string, name: string, domain: string): number {
  let length = textBytes(value) + textBytes(name) + textBytes(domain);
  for (const input of inputs) length += textBytes(input);
  return length;
}

/** Bytes of the function's field in the model, whose tag takes two. */
export function functionBytes(made: LocalFunction): number {
  const length = messageLength({ function: made });
  return 2 + varintLength(length) + length;
}

/** Bytes of the model's import of the functions' domain. */
export function importBytes(domain: string): number {
  // Two fields: the domain's text, and version 1.
  return fieldBytes(fieldBytes(domain.length) + 2);
}
