/**
 * Which form each weight gets in the file, decided by exact lengths alone: the form that was asked for where it is
 * smaller than the weight, else a plainer one; and which chains become functions. Works without values, so the page
 * predicts with the same code. It must not know graphs.
 */
import type { LocalFunction } from '../../onnx/ir.ts';
import type { EncodingShape } from '../../tensor/encoding.ts';
import type { Chain, WeightSite } from './chain.ts';
import { canBitmask, decodeOpset, planDecode } from './decode-at-load.ts';
import { dequantizeOpset, planDequantize } from './dequantize.ts';
import { callOf, FUNCTION_OPSET, functionBytes, functionFor, importBytes, structureOf } from './functions.ts';
import { constantBytes, hollow, nodeBytes, nodeOf } from './measure.ts';
import type { Holder } from './measure.ts';

/** One weight to be written. */
export interface FormRequest {
  readonly shape: EncodingShape;
  readonly site: WeightSite;
  readonly holder: Holder;
  /** What the weight takes in the file as it is, its field included. */
  readonly originalBytes: number;
}

export type Choice =
  /** The chain is written in place of the weight: as operators, or as a call where `call` names a function. */
  | {
      readonly kind: 'chain';
      readonly chain: Chain;
      readonly call: string | undefined;
      readonly bytes: number;
      readonly opset: number;
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

/** `Constant` gives other types than floats from here on. */
const CONSTANT_OPSET = 9;
/** Functions are not known by name while a choice is made; names have about this length. */
const NOMINAL_NAME = 'int4s';

interface Candidate {
  readonly chain: Chain;
  readonly opset: number;
  readonly sparse: boolean;
  readonly inlineBytes: number;
  /** Absent where the chain cannot be a call. */
  readonly structure?: string;
  readonly callBytes: number;
}

interface Options {
  readonly request: FormRequest;
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

/** @param domain of the functions; no function of the model has it. */
export function decideForms(requests: readonly FormRequest[], domain: string): FormPlan {
  const options = requests.map((request) => optionsOf(request, domain));
  const worthwhile = worthwhileFunctions(options, domain);
  const picked = options.map((option) => ({
    option,
    found: pick(option, (c) => (isCall(c, worthwhile) ? c.callBytes : c.inlineBytes)),
  }));
  const names = new Map<string, string>();
  const functions: LocalFunction[] = [];
  const choices = picked.map(({ option, found }): Choice => {
    if (found === undefined) return plain(option);
    const call = isCall(found, worthwhile)
      ? nameFor(found, option.request, domain, names, functions)
      : undefined;
    const { chain, opset } = found;
    const note = option.notes.length === 0 ? {} : { note: option.notes.join('; ') };
    return { kind: 'chain', chain, call, opset, bytes: writtenBytes(found, call, domain), ...note };
  });
  let bytes = functions.length === 0 ? 0 : importBytes(domain);
  for (const made of functions) bytes += functionBytes(made);
  return { choices: shareNumbers(choices, requests, domain), functions, functionBytes: bytes };
}

/** Shapes and bounds that an earlier weight has written are read from there. Function bodies keep their own. */
function shareNumbers(
  choices: readonly Choice[],
  requests: readonly FormRequest[],
  domain: string,
): Choice[] {
  const written = new Map<string, string>();
  return choices.map((choice, i) => {
    if (choice.kind !== 'chain' || requests[i].holder === 'constant') return choice;
    const renamed = new Map<string, string>();
    for (const { name, numbers } of choice.chain.tensors) {
      if (numbers === undefined) continue;
      const key = numbers.join();
      const known = written.get(key);
      if (known === undefined) written.set(key, name);
      else renamed.set(name, known);
    }
    if (renamed.size === 0) return choice;
    const chain = withNames(choice.chain, renamed);
    return { ...choice, chain, bytes: chainBytes(chain, choice.call, domain, requests[i].holder) };
  });
}

function withNames(chain: Chain, renamed: ReadonlyMap<string, string>): Chain {
  const rename = (name: string): string => renamed.get(name) ?? name;
  return {
    ...chain,
    inputs: chain.inputs.map(rename),
    tensors: chain.tensors.filter(({ name }) => !renamed.has(name)),
    nodes: chain.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
  };
}

function chainBytes(chain: Chain, call: string | undefined, domain: string, holder: Holder): number {
  let bytes = 0;
  for (const tensor of chain.tensors) bytes += constantBytes(hollow(tensor), holder);
  if (call !== undefined) return bytes + nodeBytes(callOf(chain, call, domain));
  for (const node of chain.nodes) bytes += nodeBytes(nodeOf(node));
  return bytes;
}

const isCall = (candidate: Candidate, worthwhile: ReadonlySet<string>): boolean =>
  candidate.structure !== undefined && worthwhile.has(candidate.structure);

/** Structures for which the calls save more than the function takes, if each weight is written as small as it can be. */
function worthwhileFunctions(options: readonly Options[], domain: string): ReadonlySet<string> {
  const saved = new Map<string, { bytes: number; chain: Chain; opset: number }>();
  for (const option of options) {
    const found = pick(option, (c) => c.callBytes);
    if (found?.structure === undefined) continue;
    const { chain } = found;
    const entry = saved.get(found.structure) ?? { bytes: 0, chain, opset: option.request.site.opset };
    entry.bytes += found.inlineBytes - found.callBytes;
    saved.set(found.structure, entry);
  }
  const worthwhile = new Set<string>();
  for (const [structure, { bytes, chain, opset }] of saved) {
    if (bytes > functionBytes(functionFor(chain, NOMINAL_NAME, domain, opset))) worthwhile.add(structure);
  }
  return worthwhile;
}

/** The first candidate that is smaller than the weight; `auto` asks for the smallest. */
function pick({ request, candidates }: Options, bytes: (c: Candidate) => number): Candidate | undefined {
  const smaller = candidates.filter((c) => bytes(c) < request.originalBytes);
  if (request.shape.storage.sparse !== 'auto') return smaller.at(0);
  return smaller.reduce<Candidate | undefined>(
    (best, c) => (best === undefined || bytes(c) < bytes(best) ? c : best),
    undefined,
  );
}

/** Constants that inline chains share are not counted: whether one more weight pays does not depend on the others. */
function optionsOf(request: FormRequest, domain: string): Options {
  const { shape, site, holder } = request;
  const notes: string[] = [];
  const candidates: Candidate[] = [];
  if (holder === 'constant' && site.opset < CONSTANT_OPSET) {
    notes.push(`a constant of a function body can hold integers from operator set ${CONSTANT_OPSET} on`);
    return { request, candidates, notes };
  }
  if (shape.storage.form === 'dequantize-linear') {
    const opset = dequantizeOpset(shape);
    if (opset <= site.opset) {
      candidates.push(
        measured(planDequantize(shape, site), { opset, sparse: false, holder, domain: undefined }),
      );
      return { request, candidates, notes };
    }
    notes.push(`DequantizeLinear needs operator set ${opset}, the model has ${site.opset}`);
  }
  const callable = holder === 'initializer' && site.opset >= FUNCTION_OPSET ? domain : undefined;
  const add = (sparse: boolean): void => {
    const opset = decodeOpset(shape, site.dims, sparse);
    if (opset <= site.opset) {
      candidates.push(measured(planDecode(shape, site, sparse), { opset, sparse, holder, domain: callable }));
    } else
      notes.push(
        `${sparse ? 'a bit mask' : 'decoding'} needs operator set ${opset}, the model has ${site.opset}`,
      );
  };
  if (shape.masked && shape.storage.sparse !== 'dense') {
    if (canBitmask(shape)) add(true);
    else notes.push('a bit mask needs symmetric codes');
  }
  add(false);
  return { request, candidates, notes };
}

function measured(
  chain: Chain,
  how: { opset: number; sparse: boolean; holder: Holder; domain: string | undefined },
): Candidate {
  let tensors = 0;
  for (const tensor of chain.tensors) tensors += constantBytes(hollow(tensor), how.holder);
  let inlineBytes = tensors;
  for (const node of chain.nodes) inlineBytes += nodeBytes(nodeOf(node));
  const { opset, sparse } = how;
  const structure = how.domain === undefined ? undefined : structureOf(chain);
  if (structure === undefined || how.domain === undefined) {
    return { chain, opset, sparse, inlineBytes, callBytes: inlineBytes };
  }
  const callBytes = tensors + nodeBytes(callOf(chain, NOMINAL_NAME, how.domain));
  return { chain, opset, sparse, inlineBytes, structure, callBytes };
}

function writtenBytes(candidate: Candidate, call: string | undefined, domain: string): number {
  if (call === undefined) return candidate.inlineBytes;
  const nominal = nodeBytes(callOf(candidate.chain, NOMINAL_NAME, domain));
  return candidate.callBytes - nominal + nodeBytes(callOf(candidate.chain, call, domain));
}

/** 'int8', 'int4s' (sparse); a number behind it tells structures of the same kind apart. */
function nameFor(
  { structure = '', chain, sparse }: Candidate,
  { shape, site }: FormRequest,
  domain: string,
  names: Map<string, string>,
  functions: LocalFunction[],
): string {
  const known = names.get(structure);
  if (known !== undefined) return known;
  const kind = `${shape.precision}${sparse ? 's' : ''}`;
  const taken = new Set(names.values());
  let name = kind;
  for (let i = 2; taken.has(name); i++) name = `${kind}_${i}`;
  names.set(structure, name);
  functions.push(functionFor(chain, name, domain, site.opset));
  return name;
}

function plain({ request, candidates, notes }: Options): Choice {
  const { shape, site, holder, originalBytes } = request;
  const smallest = Math.min(...candidates.map((c) => c.callBytes));
  const reason =
    candidates.length === 0
      ? notes.join('; ')
      : `too small: encoded it would take ${smallest} bytes, now it takes ${originalBytes}`;
  if (!shape.masked) return { kind: 'original', bytes: originalBytes, reason };
  const zeros = hollow({ name: site.value, dataType: site.dataType, dims: site.dims });
  return { kind: 'zeros', bytes: constantBytes(zeros, holder), reason };
}
