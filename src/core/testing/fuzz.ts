/**
 * Mutated models and what must hold for each: opened and saved as they are, or refused with a code. Deterministic from
 * seed and index, so that any finding can be made again. Tests and benchmarks only.
 */
import { concatParts, MemorySource } from '../bytes/spans.ts';
import { PareError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { openDraft } from '../onnx/draft.ts';
import type { Model } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { hasValues, tensorBytes } from '../onnx/tensor-data.ts';
import { verifyModel } from '../onnx/verify.ts';
import { forEachTensor } from '../onnx/walk.ts';
import { reencodeModel, writeModel } from '../onnx/write.ts';

/** Small fast generator with a 32-bit state (mulberry32, public domain algorithm of T. Ettinger). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 2^32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Uniform in [0, n). */
  below(n: number): number {
    return n === 0 ? 0 : this.next() % n;
  }
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x1a];

type Mutation = (bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'bit flips': (bytes, dice) => {
    const out = bytes.slice();
    for (let n = 1 + dice.below(8); n > 0; n--) out[dice.below(out.length)] ^= 2 ** dice.below(8);
    return out;
  },
  'odd bytes': (bytes, dice) => {
    const out = bytes.slice();
    for (let n = 1 + dice.below(4); n > 0; n--) {
      out[dice.below(out.length)] = INTERESTING[dice.below(INTERESTING.length)];
    }
    return out;
  },
  truncated: (bytes, dice) => bytes.slice(0, dice.below(bytes.length)),
  'cut out': (bytes, dice) => {
    const start = dice.below(bytes.length);
    const length = 1 + dice.below(64);
    return concatParts([bytes.subarray(0, start), bytes.subarray(Math.min(bytes.length, start + length))]);
  },
  doubled: (bytes, dice) => {
    const start = dice.below(bytes.length);
    const end = Math.min(bytes.length, start + 1 + dice.below(256));
    return concatParts([bytes.subarray(0, end), bytes.subarray(start, end), bytes.subarray(end)]);
  },
  spliced: (bytes, dice, others) => {
    const other = others[dice.below(others.length)];
    const from = dice.below(other.length);
    const at = dice.below(bytes.length);
    const piece = other.subarray(from, from + 1 + dice.below(128));
    return concatParts([
      bytes.subarray(0, at),
      piece,
      bytes.subarray(Math.min(bytes.length, at + dice.below(128))),
    ]);
  },
  /** Behind a byte that can be the tag of a length-delimited field stands a length. */
  lengths: (bytes, dice) => {
    const out = bytes.slice();
    for (let n = 1 + dice.below(3); n > 0; n--) {
      let at = dice.below(out.length);
      for (let i = 0; i < 64 && out[at] % 8 !== 2; i++) at = (at + 1) % out.length;
      const wide = dice.below(3) === 0;
      const width = wide ? 1 + dice.below(9) : 1;
      for (let i = 1; i <= width && at + i < out.length; i++) {
        out[at + i] = i < width ? 0x80 + dice.below(128) : dice.below(256);
      }
    }
    return out;
  },
  /** Names, operators and texts change, lengths stay: gets past the wire layer. */
  letters: (bytes, dice) => {
    const out = bytes.slice();
    for (let n = 1 + dice.below(4); n > 0; n--) {
      let at = dice.below(out.length);
      for (let i = 0; i < 64 && (out[at] < 0x61 || out[at] > 0x7a); i++) at = (at + 1) % out.length;
      out[at] = 0x61 + dice.below(26);
    }
    return out;
  },
  /** Whole fields of one message go, double, move or turn up elsewhere, with the lengths around it put right. */
  'whole fields': (bytes, dice, others) => rebuilt(bytes, dice, dice.below(5), others),
};

/** Message fields that a walk to a random message may enter, as far as it is one: graph, nodes, attributes, tensors, values. */
function rebuilt(bytes: Uint8Array, dice: Dice, depth: number, others: readonly Uint8Array[]): Uint8Array {
  const fields = fieldsOf(bytes);
  if (fields === undefined || fields.length === 0) return bytes;
  const chosen = dice.below(fields.length);
  const { tag, value } = fields[chosen];
  const inner = depth > 0 && value.length > 1 && tag.length > 0 ? fieldsOf(value) : undefined;
  const parts = fields.map((f) => concatParts([f.tag, f.length, f.value]));
  if (inner !== undefined && inner.length > 0) {
    parts[chosen] = delimited(tag, rebuilt(value, dice, depth - 1, others));
    return concatParts(parts);
  }
  const other = dice.below(parts.length);
  switch (dice.below(4)) {
    case 0:
      parts.splice(chosen, 1);
      break;
    case 1:
      parts.splice(other, 0, parts[chosen]);
      break;
    case 2:
      [parts[chosen], parts[other]] = [parts[other], parts[chosen]];
      break;
    default: {
      const foreign = fieldsOf(others[dice.below(others.length)]) ?? [];
      const f = foreign.at(dice.below(foreign.length));
      if (f !== undefined) parts.splice(other, 0, concatParts([f.tag, f.length, f.value]));
    }
  }
  return concatParts(parts);
}

interface RawField {
  readonly tag: Uint8Array;
  /** Empty where the field has none. */
  readonly length: Uint8Array;
  readonly value: Uint8Array;
}

/** The fields of bytes that read as a message; undefined for bytes that do not. Parses on its own, not with the code under test. */
function fieldsOf(bytes: Uint8Array): RawField[] | undefined {
  const found: RawField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varintAt(bytes, at);
    at += tag.length;
    if (tag.length === 0 || tag[0] % 128 < 8) return undefined;
    const wire = tag[0] % 8;
    const length = wire === 2 ? varintAt(bytes, at) : new Uint8Array(0);
    at += length.length;
    const size = wire === 0 ? varintAt(bytes, at).length : wire === 1 ? 8 : wire === 5 ? 4 : valueOf(length);
    if (![0, 1, 2, 5].includes(wire) || at + size > bytes.length) return undefined;
    found.push({ tag, length, value: bytes.subarray(at, at + size) });
    at += size;
  }
  return found;
}

function varintAt(bytes: Uint8Array, at: number): Uint8Array {
  let end = at;
  while (end < bytes.length && bytes[end] >= 0x80) end++;
  return bytes.subarray(at, end + 1);
}

function valueOf(varint: Uint8Array): number {
  return varint.reduce((sum, byte, i) => sum + (byte % 128) * 128 ** i, 0);
}

function delimited(tag: Uint8Array, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  let rest = value.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return concatParts([tag, Uint8Array.of(...length, rest), value]);
}

const MUTATION_NAMES = Object.keys(MUTATIONS);
const PAST_THE_WIRE = ['letters', 'whole fields'];

/** Input number `index` of a run: a seed file under one or two mutations. */
export function mutated(seeds: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const dice = new Dice(seed + Math.imul(index, 0x9e3779b1));
  let bytes = seeds[dice.below(seeds.length)];
  for (let n = 1 + dice.below(2); n > 0 && bytes.length > 0; n--) {
    // Half of them get past the wire layer, where most random damage ends.
    const names = dice.below(2) === 0 ? PAST_THE_WIRE : MUTATION_NAMES;
    bytes = MUTATIONS[names[dice.below(names.length)]](bytes, dice, seeds);
  }
  return bytes;
}

export type FuzzOutcome = 'saved byte-identical' | ErrorCode;

/**
 * Opens, verifies, drafts, saves, reads values, encodes anew. Any throw that is no PareError, and any broken promise, is
 * a finding.
 * @throws Error what was found
 */
export function checkInput(bytes: Uint8Array): FuzzOutcome {
  let model: Model;
  try {
    model = readModel(new MemorySource(bytes), { missingExternal: 'allow' });
  } catch (error) {
    return codeOf(error);
  }
  const saved = writeModel(openDraft(model).finish()).model;
  if (Buffer.compare(concatParts(saved), bytes) !== 0) throw new Error('saved bytes differ');
  const anew = concatParts(reencodeModel(model));
  const again = concatParts(reencodeModel(readModel(new MemorySource(anew), { missingExternal: 'allow' })));
  if (Buffer.compare(anew, again) !== 0) throw new Error('encoding anew is not stable');
  forEachTensor(model, (tensor) => {
    if (!hasValues(tensor)) return;
    try {
      tensorBytes(tensor);
    } catch (error) {
      codeOf(error);
    }
  });
  return verifyModel(model).errors[0]?.code ?? 'saved byte-identical';
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof PareError && error.code !== 'internal') return error.code;
  throw error;
}

/** Files to start from: small enough that a mutation meets something, and models to begin with. */
export function fuzzSeeds(
  made: readonly Uint8Array[],
  files: readonly Uint8Array[],
  maxBytes: number,
): Uint8Array[] {
  const pointer = Buffer.from('version ');
  const isModel = (f: Uint8Array): boolean =>
    f.length > 0 && f.length <= maxBytes && Buffer.compare(f.subarray(0, pointer.length), pointer) !== 0;
  return [...made, ...files.filter(isModel)];
}
