/**
 * Which form each weight gets in the file, decided by exact lengths alone: the form that was asked for where it is
 * smaller than the weight, else a plainer one; and which chains become functions. Works without values, so the page
 * predicts with the same code. It must not know graphs.
 */
import type { LocalFunction } from '../../onnx/ir.ts';
import type { EncodingShape } from '../../tensor/encoding.ts';
import type { Chain, PlannedTensor, WeightSite } from './chain.ts';
import { canBitmask, decodeOpset, MIN_OPSET, planDecode } from './decode-at-load.ts';
import { dequantizeOpset, planDequantize } from './dequantize.ts';
import { callLength, canCall, FUNCTION_OPSET, functionBytes, functionFor, importBytes } from './functions.ts';
import { nbitsProblem, planMatMulNBits } from './matmul-nbits.ts';
import type { MatrixSite } from './matmul-nbits.ts';
import { fieldBytes, nodeBytes, nodeOf, plannedBytes } from './measure.ts';
import type { Holder } from './measure.ts';

/** One weight to be written. */
export interface FormRequest {
  readonly shape: EncodingShape;
  readonly site: WeightSite;
  readonly holder: Holder;
  /** What the weight takes in the file as it is, its field included. */
  readonly originalBytes: number;
  /** The one MatMul or Gemm that reads it, where that is all. */
  readonly matrix?: MatrixSite;
}

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

/** Weights of an earlier call, so that the next one computes only what changed: the page asks while a slider moves. */
export class FormMemo {
  /** By the prefix of a weight's names; few for each. */
  readonly candidates = new Map<string, Candidate[]>();
  readonly functionBytes = new Map<string, number>();
}

/** `Constant` gives other types than floats from here on. */
const CONSTANT_OPSET = 9;
/** Functions are not known by name while a choice is made; names have about this length. */
const NOMINAL_NAME = 'int4s';
/**
 * What functions must save of the bytes of the weights they stand for. Tools beside onnxruntime read plain operators more
 * widely than local functions, so calls are for models of small weights, where decode operators weigh something.
 */
const WORTHWHILE_SHARE = 0.02;

type Form = 'dense' | 'sparse' | 'canonical' | 'nbits';

interface Candidate {
  readonly form: Form;
  readonly shape: EncodingShape;
  readonly siteOpset: number;
  readonly chain: Chain;
  readonly opset: number;
  readonly kept: number;
  readonly holder: Holder;
  /** Bytes of the chain's constants. */
  readonly tensorBytes: number;
  /** With a call; the same as written out where the chain cannot be a call. */
  readonly callBytes: number;
  readonly callable: boolean;
  /** Bytes of the chain's operators, once asked for. They do not depend on the number of kept elements. */
  readonly lengths: { inline?: number };
}

interface Options {
  readonly request: FormRequest;
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

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

function nodesBytes(chain: Chain): number {
  let bytes = 0;
  for (const node of chain.nodes) bytes += nodeBytes(nodeOf(node));
  return bytes;
}

function callBytes(chain: Chain, name: string, domain: string): number {
  return fieldBytes(callLength(chain.inputs, valueOf(chain), name, domain));
}

function inlineBytes(candidate: Candidate): number {
  if (!candidate.callable) return candidate.callBytes;
  candidate.lengths.inline ??= nodesBytes(candidate.chain);
  return candidate.tensorBytes + candidate.lengths.inline;
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

/** Constants that inline chains share are not counted: whether one more weight pays does not depend on the others. */
function optionsOf(request: FormRequest, domain: string, memo: FormMemo): Options {
  const { shape, site, holder } = request;
  const notes: string[] = [];
  const candidates: Candidate[] = [];
  if (holder === 'constant' && site.opset < CONSTANT_OPSET) {
    notes.push(`a constant of a function body can hold integers from operator set ${CONSTANT_OPSET} on`);
    return { request, candidates, notes };
  }
  if (shape.masked && shape.zeroType !== undefined) {
    notes.push('pruned weights need whole zero points, which HQQ does not give');
    return { request, candidates, notes };
  }
  if (shape.storage.form === 'dequantize-linear') {
    const opset = dequantizeOpset(shape);
    if (opset === undefined) notes.push('DequantizeLinear has no palettes');
    else if (opset > site.opset)
      notes.push(`DequantizeLinear needs operator set ${opset}, the model has ${site.opset}`);
    else return { request, candidates: [candidateFor(request, 'canonical', opset, domain, memo)], notes };
  }
  if (shape.storage.form === 'matmul-nbits') {
    const problem =
      request.matrix === undefined ? 'no MatMul or Gemm alone reads it' : nbitsProblem(shape, site.dims);
    if (problem === undefined) {
      return { request, candidates: [candidateFor(request, 'nbits', MIN_OPSET, domain, memo)], notes };
    }
    notes.push(problem);
  }
  const add = (form: 'dense' | 'sparse'): void => {
    const opset = decodeOpset(shape, site.dims, form === 'sparse');
    if (opset <= site.opset) candidates.push(candidateFor(request, form, opset, domain, memo));
    else {
      const what = form === 'sparse' ? 'a bit mask' : 'decoding';
      notes.push(`${what} needs operator set ${opset}, the model has ${site.opset}`);
    }
  };
  if (shape.masked && shape.storage.sparse !== 'dense') {
    if (canBitmask(shape)) add('sparse');
    else notes.push('a bit mask needs symmetric codes');
  }
  add('dense');
  return { request, candidates, notes };
}

function candidateFor(
  request: FormRequest,
  form: Form,
  opset: number,
  domain: string,
  memo: FormMemo,
): Candidate {
  const { shape, site } = request;
  const known = memo.candidates.get(site.prefix) ?? [];
  for (const candidate of known) {
    if (candidate.form !== form || candidate.siteOpset !== site.opset) continue;
    if (!sameButKept(candidate.shape, shape)) continue;
    return candidate.kept === shape.kept ? candidate : withKept(candidate, shape.kept);
  }
  const chain = chainFor(request, form);
  const candidate = measured(chain, request, form, opset, domain);
  known.push(candidate);
  memo.candidates.set(site.prefix, known);
  return candidate;
}

function chainFor({ shape, site, matrix }: FormRequest, form: Form): Chain {
  if (form === 'canonical') return planDequantize(shape, site);
  if (form !== 'nbits') return planDecode(shape, site, form === 'sparse');
  if (matrix === undefined) throw new Error('no operator to replace');
  return planMatMulNBits(shape, site, matrix);
}

/** Whether the chains of two shapes differ at most in the number of kept elements. */
function sameButKept(a: EncodingShape, b: EncodingShape): boolean {
  return (
    a.precision === b.precision &&
    a.signed === b.signed &&
    a.scaleType === b.scaleType &&
    a.zeroType === b.zeroType &&
    a.storage.accuracyLevel === b.storage.accuracyLevel &&
    a.granularity.kind === b.granularity.kind &&
    (a.granularity.kind !== 'block' ||
      b.granularity.kind !== 'block' ||
      a.granularity.size === b.granularity.size)
  );
}

function measured(
  chain: Chain,
  { holder, site, shape, matrix }: FormRequest,
  form: Form,
  opset: number,
  domain: string,
): Candidate {
  let tensorBytes = 0;
  for (const tensor of chain.tensors) tensorBytes += plannedBytes(tensor, holder);
  const callable =
    form !== 'canonical' &&
    form !== 'nbits' &&
    holder === 'initializer' &&
    site.opset >= FUNCTION_OPSET &&
    canCall(chain);
  const nodes = callable ? callBytes(chain, NOMINAL_NAME, domain) : nodesBytes(chain);
  return {
    form,
    shape,
    siteOpset: site.opset,
    chain,
    opset,
    kept: shape.kept,
    holder,
    tensorBytes,
    callable,
    callBytes: tensorBytes + nodes - (form === 'nbits' ? (matrix?.bytes ?? 0) : 0),
    lengths: {},
  };
}

/** The same chain for another number of kept elements. */
function withKept(candidate: Candidate, kept: number): Candidate {
  let grown = 0;
  const tensors = candidate.chain.tensors.map((tensor) => {
    if (tensor.keptDims === undefined) return tensor;
    const changed = { ...tensor, dims: tensor.keptDims(kept) };
    grown += plannedBytes(changed, candidate.holder) - plannedBytes(tensor, candidate.holder);
    return changed;
  });
  return {
    ...candidate,
    kept,
    chain: { ...candidate.chain, tensors },
    tensorBytes: candidate.tensorBytes + grown,
    callBytes: candidate.callBytes + grown,
  };
}

const valueOf = (chain: Chain): string => chain.nodes[chain.nodes.length - 1].outputs[0];

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
