/**
 * The forms that a weight could get in the file, each with its exact length: what the choice is made from. Works without
 * values. It must not decide.
 */
import type { EncodingShape } from '../../tensor/encoding.ts';
import type { Chain, WeightSite } from './chain.ts';
import { canBitmask, decodeOpset, MIN_OPSET, planDecode } from './decode-at-load.ts';
import { dequantizeOpset, planDequantize } from './dequantize.ts';
import { callLength, canCall, FUNCTION_OPSET } from './functions.ts';
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

/** Weights of an earlier call, so that the next one computes only what changed: the page asks while a slider moves. */
export class FormMemo {
  /** By the prefix of a weight's names; few for each. */
  readonly candidates = new Map<string, Candidate[]>();
  readonly functionBytes = new Map<string, number>();
}

/** `Constant` gives other types than floats from here on. */
const CONSTANT_OPSET = 9;
/** Functions are not known by name while a choice is made; names have about this length. */
export const NOMINAL_NAME = 'int4s';
/** In place of a domain: the target reads no functions inside a file, everything is written out. */
export const NO_FUNCTIONS = '';
type Form = 'dense' | 'sparse' | 'canonical' | 'nbits';

export interface Candidate {
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

export interface Options {
  readonly request: FormRequest;
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

export function nodesBytes(chain: Chain): number {
  let bytes = 0;
  for (const node of chain.nodes) bytes += nodeBytes(nodeOf(node));
  return bytes;
}

export function callBytes(chain: Chain, name: string, domain: string): number {
  return fieldBytes(callLength(chain.inputs, valueOf(chain), name, domain));
}

export function inlineBytes(candidate: Candidate): number {
  if (!candidate.callable) return candidate.callBytes;
  candidate.lengths.inline ??= nodesBytes(candidate.chain);
  return candidate.tensorBytes + candidate.lengths.inline;
}

/** Constants that inline chains share are not counted: whether one more weight pays does not depend on the others. */
export function optionsOf(request: FormRequest, domain: string, memo: FormMemo): Options {
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
    domain !== NO_FUNCTIONS &&
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
