/**
 * Which form each weight gets in the file, decided by exact lengths alone: the form that was asked for where it is
 * smaller than the weight, else a plainer one; and which chains become functions. Works without values, so the page
 * predicts with the same code. It must not know graphs.
 */
import type { LocalFunction } from '../../onnx/ir.ts';
import { callBytes, FormMemo, inlineBytes, NOMINAL_NAME, nodesBytes, optionsOf } from './candidates.ts';
import type { Candidate, FormRequest, Options } from './candidates.ts';
import type { Chain, PlannedTensor } from './chain.ts';
import { functionBytes, functionFor, importBytes } from './functions.ts';
import { plannedBytes } from './measure.ts';
import type { Holder } from './measure.ts';

export type Choice =
  /** The chain is written in place of the weight: as operators, or as a call where `call` names a function. */
  | {
      readonly kind: 'chain';
      readonly chain: Chain;
      readonly call: string | undefined;
      /** What it puts into its own graph, and into the outermost one. Without constants that inline chains share. */
      readonly bytes: number;
      readonly outerBytes: number;
      readonly opset: number;
      /** The chain stands for the operator that read the weight, too; `bytes` is without it. */
      readonly replacesReader: boolean;
      readonly note?: string;
    }
  /** Pruned values written out as floats: nothing smaller keeps them. */
  | { readonly kind: 'zeros'; readonly bytes: number; readonly reason: string }
  /** The weight stays as it was. */
  | { readonly kind: 'original'; readonly bytes: number; readonly reason: string };

export interface FormPlan {
  /** In the order of the requests. */
  readonly choices: readonly Choice[];
  readonly functions: readonly LocalFunction[];
  /** Bytes of the functions and of the import of their domain. */
  readonly functionBytes: number;
}

/**
 * What functions must save of the bytes of the weights they stand for. Tools beside onnxruntime read plain operators more
 * widely than local functions, so calls are for models of small weights, where decode operators weigh something.
 */
const WORTHWHILE_SHARE = 0.02;

/** @param domain of the functions; no function of the model has it. */
export function decideForms(
  requests: readonly FormRequest[],
  domain: string,
  memo = new FormMemo(),
): FormPlan {
  const options = requests.map((request) => optionsOf(request, domain, memo));
  const worthwhile = worthwhileFunctions(options, domain, memo);
  const registry = new FunctionRegistry(domain, memo);
  const known = new Map<string, string>();
  const choices = options.map((option): Choice => {
    const found = pick(option, (c) => (isCall(c, worthwhile) ? c.callBytes : inlineBytes(c)));
    if (found === undefined) return plain(option);
    const call = isCall(found, worthwhile) ? registry.nameFor(found, option.request) : undefined;
    const { chain, opset, holder } = found;
    const renamed = holder === 'constant' ? NOT_RENAMED : knownNumbers(chain, known);
    const note = option.notes.length === 0 ? {} : { note: option.notes.join('; ') };
    const shared = renamed.size === 0 ? chain : withNames(chain, renamed, call === undefined);
    const replacesReader = found.form === 'nbits';
    const written = chainBytes(shared, call, domain, holder);
    return {
      kind: 'chain',
      chain: shared,
      call,
      opset,
      ...written,
      bytes: written.bytes - (replacesReader ? (option.request.matrix?.bytes ?? 0) : 0),
      replacesReader,
      ...note,
    };
  });
  return { choices, functions: registry.functions, functionBytes: registry.bytes };
}

const NOT_RENAMED: ReadonlyMap<string, string> = new Map();

/** Names of shapes and bounds that an earlier weight has written: they are read from there. */
function knownNumbers(chain: Chain, written: Map<string, string>): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const { name, numbers } of chain.tensors) {
    if (numbers === undefined) continue;
    const key = numbers.join();
    const known = written.get(key);
    if (known === undefined) written.set(key, name);
    else renamed.set(name, known);
  }
  return renamed;
}

/** @param inline the operators are written, not a call: they must know the names too. */
function withNames(chain: Chain, renamed: ReadonlyMap<string, string>, inline: boolean): Chain {
  const rename = (name: string): string => renamed.get(name) ?? name;
  return {
    ...chain,
    inputs: chain.inputs.map(rename),
    tensors: chain.tensors.filter(({ name }) => !renamed.has(name)),
    nodes: inline ? chain.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })) : chain.nodes,
  };
}

function chainBytes(
  chain: Chain,
  call: string | undefined,
  domain: string,
  holder: Holder,
): { bytes: number; outerBytes: number } {
  let bytes = call === undefined ? nodesBytes(chain) : callBytes(chain, call, domain);
  let outerBytes = 0;
  for (const tensor of chain.tensors) {
    const length = plannedBytes(tensor, holder);
    if (standsOutside(tensor, holder)) outerBytes += length;
    else bytes += length;
  }
  return { bytes, outerBytes };
}

/** What weights of several graphs may read stands in the outermost one. */
export function standsOutside(tensor: PlannedTensor, holder: Holder): boolean {
  return tensor.numbers !== undefined && holder === 'initializer';
}

const isCall = (candidate: Candidate, worthwhile: ReadonlySet<string>): boolean =>
  candidate.callable && worthwhile.has(candidate.chain.structure);

/** Structures for which calls save a share of the bytes worth the loss of portability, if each weight is written as small as it can be. */
function worthwhileFunctions(
  options: readonly Options[],
  domain: string,
  memo: FormMemo,
): ReadonlySet<string> {
  const users = new Map<string, { candidate: Candidate; opset: number }[]>();
  for (const option of options) {
    const found = pick(option, (c) => c.callBytes);
    if (found?.callable !== true) continue;
    const known = users.get(found.chain.structure) ?? [];
    known.push({ candidate: found, opset: option.request.site.opset });
    users.set(found.chain.structure, known);
  }
  const worthwhile = new Set<string>();
  for (const [structure, found] of users) {
    const [{ candidate, opset }] = found;
    let saved = -bytesOfFunction(candidate.chain, NOMINAL_NAME, domain, opset, memo);
    let written = 0;
    for (const user of found) {
      saved += inlineBytes(user.candidate) - user.candidate.callBytes;
      written += user.candidate.callBytes;
    }
    if (saved > WORTHWHILE_SHARE * written) worthwhile.add(structure);
  }
  return worthwhile;
}

function bytesOfFunction(chain: Chain, name: string, domain: string, opset: number, memo: FormMemo): number {
  const key = `${name} ${opset} ${chain.structure}`;
  const known = memo.functionBytes.get(key);
  if (known !== undefined) return known;
  const bytes = functionBytes(functionFor(chain, name, domain, opset));
  memo.functionBytes.set(key, bytes);
  return bytes;
}

/** The first candidate that is smaller than the weight; `auto` asks for the smallest. */
function pick({ request, candidates }: Options, bytes: (c: Candidate) => number): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (bytes(candidate) >= request.originalBytes) continue;
    if (best === undefined) best = candidate;
    else if (request.shape.storage.sparse === 'auto' && bytes(candidate) < bytes(best)) best = candidate;
  }
  return best;
}

/** The functions of one model, named in order of first use: 'int8', 'int4s' (sparse), a number where a name is taken. */
class FunctionRegistry {
  readonly functions: LocalFunction[] = [];
  bytes = 0;
  readonly #names = new Map<string, string>();
  readonly #domain: string;
  readonly #memo: FormMemo;

  constructor(domain: string, memo: FormMemo) {
    this.#domain = domain;
    this.#memo = memo;
  }

  nameFor({ chain, form }: Candidate, { shape, site }: FormRequest): string {
    const known = this.#names.get(chain.structure);
    if (known !== undefined) return known;
    const kind = `${shape.precision}${form === 'sparse' ? 's' : ''}`;
    const taken = new Set(this.#names.values());
    let name = kind;
    for (let i = 2; taken.has(name); i++) name = `${kind}_${i}`;
    this.#names.set(chain.structure, name);
    if (this.functions.length === 0) this.bytes += importBytes(this.#domain);
    this.functions.push(functionFor(chain, name, this.#domain, site.opset));
    this.bytes += bytesOfFunction(chain, name, this.#domain, site.opset, this.#memo);
    return name;
  }
}

function plain({ request, candidates, notes }: Options): Choice {
  const { shape, site, holder, originalBytes } = request;
  const smallest = Math.min(...candidates.map((c) => c.callBytes));
  const reason =
    candidates.length === 0
      ? notes.join('; ')
      : `too small: encoded it would take ${smallest} bytes, now it takes ${originalBytes}`;
  if (!shape.masked) return { kind: 'original', bytes: originalBytes, reason };
  const { value: name, dataType, dims } = site;
  return { kind: 'zeros', bytes: plannedBytes({ name, dataType, dims }, holder), reason };
}
