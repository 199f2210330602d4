/**
 * Whether a model can mean anything: after opening, and after every pass. Names, order, scopes, versions, lengths; no
 * weight is read. It must not judge operators or types: shape inference and the runtime do.
 *
 * An error is what no runtime could ever run; a remark is what a reader should know. Walks are loops, so that a
 * hostile file cannot exhaust the stack.
 */
import { PareError } from '../errors.ts';
import type { ErrorCode, ErrorRecord } from '../errors.ts';
import { isOp } from './build.ts';
import { functionPath } from './graph-names.ts';
import type { Graph, LocalFunction, Model, Node } from './ir.ts';
import { namesRead, stableOrder } from './node-order.ts';
import { checkSparse, checkTensor } from './verify-tensor.ts';
import { subgraphsOf } from './walk.ts';

export interface Verdict {
  readonly errors: readonly ErrorRecord[];
  /** Sentences for people. */
  readonly remarks: readonly string[];
}

/** Newest versions that this program was made with: onnx 1.20. */
export const NEWEST_IR_VERSION = 13;
export const NEWEST_OPSET_VERSION = 26;
/** Far beyond what the next years can bring: a damaged number, not a newer tool. */
const ABSURD_IR_VERSION = 40;
const ABSURD_OPSET_VERSION = 100;
/** IR 3 made operator sets mandatory. Source: onnx/docs/IR.md. */
const FIRST_IR_WITH_OPSETS = 3;
/** More would only repeat the first. */
const MAX_ERRORS = 20;

/** Checks a model without changing or reading its weights. */
export function verifyModel(model: Model): Verdict {
  const findings = new Findings();
  checkVersions(model, findings);
  for (const f of model.functions) checkScope(functionScope(f), findings);
  checkScope({ path: '', graph: model.graph, nodes: model.graph.nodes, outer: undefined }, findings);
  if (model.graph.outputs.length === 0) {
    findings.error('invalid-graph', 'The graph has no outputs: running it gives nothing.', 'graph outputs');
  }
  return findings;
}

/** @throws PareError the first error that `verifyModel` finds */
export function assertValid(model: Model): void {
  const [first] = verifyModel(model).errors;
  if (first === undefined) return;
  const { code, message, at, hint } = first;
  throw new PareError(code, message, {
    ...(at === undefined ? {} : { at }),
    ...(hint === undefined ? {} : { hint }),
  });
}

export class Findings implements Verdict {
  readonly errors: ErrorRecord[] = [];
  readonly remarks: string[] = [];

  get full(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  error(code: ErrorCode, message: string, at: string, hint = 'Export the model again.'): void {
    if (!this.full) this.errors.push({ code, message, at, hint });
  }

  remark(sentence: string): void {
    if (this.remarks.length < MAX_ERRORS && !this.remarks.includes(sentence)) this.remarks.push(sentence);
  }

  /** Runs a check that throws, and keeps what it throws. */
  try(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof PareError)) throw error;
      if (!this.full) this.errors.push(error.toRecord());
    }
  }
}

function checkVersions(model: Model, findings: Findings): void {
  const { irVersion } = model;
  if (irVersion < 0 || irVersion >= ABSURD_IR_VERSION) {
    const message = `The model says IR version ${irVersion}; 1 to ${NEWEST_IR_VERSION} exist.`;
    findings.error('unsupported-ir', message, 'ir_version');
  } else if (irVersion === 0) {
    findings.remark('The model does not say its IR version.');
  } else if (irVersion > NEWEST_IR_VERSION) {
    findings.remark(
      `IR version ${irVersion} is newer than ${NEWEST_IR_VERSION}, the newest that is known here.`,
    );
  }
  if (model.opsets.length === 0 && irVersion >= FIRST_IR_WITH_OPSETS) {
    findings.error('unsupported-opset', 'The model does not say which operator set it uses.', 'opset_import');
  }
  for (const { domain, version } of model.opsets) {
    if (domain !== '' && domain !== 'ai.onnx') continue;
    if (version < 1 || version >= ABSURD_OPSET_VERSION) {
      findings.error(
        'unsupported-opset',
        `The model asks for operator set ${version}; 1 to ${NEWEST_OPSET_VERSION} exist.`,
        'opset_import',
        'Export the model again, for operator set 17 for example.',
      );
    } else if (version > NEWEST_OPSET_VERSION) {
      findings.remark(
        `Operator set ${version} is newer than ${NEWEST_OPSET_VERSION}, the newest that is known here.`,
      );
    }
  }
}

/** One graph or function body, and the names around it. */
interface Scope {
  readonly path: string;
  readonly graph: Graph | undefined;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly nodes: readonly Node[];
  readonly outer: Names | undefined;
}

function functionScope(f: LocalFunction): Scope {
  const path = functionPath(f);
  return { path, graph: undefined, inputs: f.inputs, outputs: f.outputs, nodes: f.nodes, outer: undefined };
}

/** Names that are visible: one set a level. */
interface Names {
  readonly own: ReadonlySet<string>;
  readonly outer: Names | undefined;
}

function isVisible(name: string, names: Names | undefined): boolean {
  for (let level = names; level !== undefined; level = level.outer) if (level.own.has(name)) return true;
  return false;
}

function checkScope(root: Scope, findings: Findings): void {
  const pending: Scope[] = [root];
  for (let scope = pending.pop(); scope !== undefined && !findings.full; scope = pending.pop()) {
    const names: Names = { own: definedNames(scope, findings), outer: scope.outer };
    checkReads(scope, names, findings);
    checkOrder(scope, findings);
    checkTensors(scope, findings);
    const nested = scope.nodes.flatMap((node, i) =>
      subgraphsOf(node).map(({ attribute, graph }): Scope => {
        const path = `${scope.path}${scope.path === '' ? '' : '/'}${labelOf(node, i)}/${attribute}`;
        return { path, graph, nodes: graph.nodes, outer: names };
      }),
    );
    pending.push(...nested.reverse());
  }
}

function labelOf(node: Node, index: number): string {
  return node.name === '' ? `${node.opType}_${index}` : shown(node.name);
}

/** Names come from the file and may be long. */
function shown(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 200)}…`;
}

function at(scope: Scope, what: string): string {
  return scope.path === '' ? what : `${what} in ${shown(scope.path)}`;
}

function definedNames(scope: Scope, findings: Findings): ReadonlySet<string> {
  const inputs = scope.inputs ?? scope.graph?.inputs.map((i) => i.name) ?? [];
  const names = new Set<string>();
  for (const name of inputs) {
    if (names.has(name)) duplicate(scope, `Graph input "${shown(name)}"`, findings);
    names.add(name);
  }
  const initializers = [
    ...(scope.graph?.initializers ?? []).map((t) => t.name),
    ...(scope.graph?.sparseInitializers ?? []).map((s) => s.values.name),
  ];
  const constants = new Set<string>();
  for (const name of initializers) {
    if (name === '')
      findings.error('invalid-graph', 'An initializer has no name.', at(scope, 'initializers'));
    // Runtimes take the last of equal names, and so does a draft.
    if (constants.has(name))
      findings.remark(`Initializer "${shown(name)}" stands there twice; the last counts.`);
    constants.add(name);
  }
  scope.nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (constants.has(name) && isOp(node, 'Constant')) {
        findings.remark(
          `"${shown(name)}" is a Constant node and an initializer; runtimes take the initializer.`,
        );
      } else if (names.has(name) || constants.has(name)) {
        duplicate(scope, `Value "${shown(name)}" (written by ${labelOf(node, i)})`, findings);
      }
      names.add(name);
    }
  });
  for (const name of constants) names.add(name);
  return names;
}

function duplicate(scope: Scope, what: string, findings: Findings): void {
  findings.error('invalid-graph', `${what} is defined twice; each value has one origin.`, at(scope, what));
}

function checkReads(scope: Scope, names: Names, findings: Findings): void {
  scope.nodes.forEach((node, i) => {
    const label = labelOf(node, i);
    if (node.opType === '') {
      findings.error(
        'invalid-graph',
        `Node ${label} does not say which operator it is.`,
        at(scope, `node ${label}`),
      );
    }
    for (const name of node.inputs) {
      if (name === '' || isVisible(name, names)) continue;
      findings.error(
        'invalid-graph',
        `Node ${label} reads "${shown(name)}", which no input, initializer or node gives.`,
        at(scope, `node ${label}`),
      );
    }
  });
  const outputs = scope.outputs ?? scope.graph?.outputs.map((o) => o.name) ?? [];
  for (const name of outputs) {
    if (isVisible(name, names)) continue;
    const message = `Output "${shown(name)}" is given by no input, initializer or node.`;
    findings.error('invalid-graph', message, at(scope, `output ${shown(name)}`));
  }
}

function checkOrder(scope: Scope, findings: Findings): void {
  const labels = new Set<string>();
  for (const { name } of scope.nodes) {
    if (name !== '' && labels.has(name)) {
      findings.remark(`Two nodes are named "${shown(name)}"; ONNX allows that, onnxruntime may refuse it.`);
    }
    labels.add(name);
  }
  const later = new Set<string>();
  for (const node of scope.nodes) for (const name of node.outputs) if (name !== '') later.add(name);
  let sorted = true;
  for (const node of scope.nodes) {
    for (const name of namesRead(node)) sorted &&= !later.has(name);
    for (const name of node.outputs) later.delete(name);
  }
  if (sorted) return;
  findings.try(() => {
    stableOrder(scope.nodes, scope.path);
    findings.remark('The nodes are not in the order in which they can run; runtimes sort them.');
  });
}

function checkTensors(scope: Scope, findings: Findings): void {
  for (const tensor of scope.graph?.initializers ?? []) checkTensor(tensor, findings);
  for (const sparse of scope.graph?.sparseInitializers ?? []) checkSparse(sparse, findings);
  for (const node of scope.nodes) {
    for (const a of node.attributes) {
      if (a.kind === 'tensor') checkTensor(a.value, findings);
      else if (a.kind === 'tensors') for (const t of a.value) checkTensor(t, findings);
      else if (a.kind === 'sparse-tensor') checkSparse(a.value, findings);
      else if (a.kind === 'sparse-tensors') for (const s of a.value) checkSparse(s, findings);
      if (findings.full) return;
    }
  }
}
