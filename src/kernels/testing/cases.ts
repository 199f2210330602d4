/**
 * Reads the cases.jsonc files: edge cases of the kernels as data. A case names a kernel and its arguments; values are written
 * out or generated from a seed. It must not know backends.
 */
import type { ParseError } from 'jsonc-parser';
import { parse, printParseErrorCode } from 'jsonc-parser';
import type { KernelName } from '../reference-backend.ts';

/** A number, or text for what JSON cannot say: "NaN", "-0", "Infinity", "0x7fc00001" (float32 bits). */
type Literal = number | string;

/** Seeded values. `spread`: see GENERATORS. */
interface Generated {
  readonly spread: keyof typeof GENERATORS;
  readonly seed: number;
  /** Factor on the generated values (not on bit patterns). 1 when absent. */
  readonly scale?: number;
  /** How many; the shape says it when absent. */
  readonly count?: number;
}

/** A list, a pattern repeated to the wanted length, or a generator. */
export type Values = readonly Literal[] | { readonly repeat: readonly Literal[] } | Generated;

export type Numbers = Float32Array | Int32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array;
export type ArrayType = 'float32' | 'int32' | 'uint32' | 'uint16' | 'int8' | 'uint8';

/** One entry of a cases.jsonc file. */
export interface CaseSpec {
  readonly name: string;
  readonly kernel: KernelName;
  /** Sizes to run: a count or [rows, columns]. Without it the literal list says the size (one row). */
  readonly shapes?: readonly (number | readonly [number, number])[];
  /** Main input; its type is `type` or what the kernel takes. */
  readonly x?: Values;
  readonly type?: ArrayType;
  readonly y?: Values;
  readonly mask?: Values;
  /** One value a row. For gptqRows and descendRows one a row and group; absent: by the largest magnitude. */
  readonly scales?: Values;
  readonly zeroPoints?: Values;
  /** n × n, n the columns: the Gram matrix to add to, H, or for gptqRows U. */
  readonly h?: Values;
  /** Instead of h: H (or its U) of that many generated inputs with so much of the mean diagonal added. */
  readonly calibration?: { readonly seed: number; readonly samples: number; readonly damping: number };
  /** Columns that share a scale in gptqRows and descendRows; all when absent. `scales` are then rows × groups. */
  readonly groupSize?: number;
  /** Codes that descendRows starts from; 0 when absent. */
  readonly codes?: Values;
  /** Clip factors of mseScaleRows. */
  readonly candidates?: Values;
  /** For kthMagnitude: lengths into which x is cut. */
  readonly parts?: readonly number[];
  /** Plain numbers: low, high, bins, k, keep, n, m, count, signed, kept. "fraction:0.3" is that part of the elements. */
  readonly args?: Readonly<Record<string, number | string>>;
  /** Expected results by name, written by hand; absent: what the reference says. */
  readonly expect?: Readonly<Record<string, readonly Literal[] | Literal>>;
  /** Every backend must refuse with a RangeError. */
  readonly throws?: boolean;
}

/** A case with one of its shapes. */
export interface Case {
  readonly spec: CaseSpec;
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
}

const CONSTRUCTORS = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

/** Uniform in [0, 1) from a 32-bit seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
function fromBits(bits: number): number {
  word[0] = bits >>> 0;
  return float[0];
}

const EDGES = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  NaN,
  Infinity,
  -Infinity,
  1e-45,
  -1e-40,
  3.4e38,
  65504,
  65520,
  6e-8,
];

/** How generated values are spread. Each gives one value from a uniform source. */
const GENERATORS = {
  /** Roughly normal (sum of four), what weights look like. */
  normal: (random: () => number) => random() + random() + random() + random() - 2,
  /** Halves between −64 and 64: ties of rounding, equal magnitudes. */
  halves: (random: () => number) => Math.round((random() - 0.5) * 256) / 2,
  /** Few distinct values, many equal magnitudes. */
  few: (random: () => number) => Math.round((random() - 0.5) * 6),
  /** All float32 bit patterns alike: NaN, infinities, denormals among them. */
  bits: (random: () => number) => fromBits(Math.floor(random() * 2 ** 32)),
  /** Denormal float32. */
  denormal: (random: () => number) =>
    fromBits(Math.floor(random() * 2 ** 23) | (random() < 0.5 ? 0x80000000 : 0)),
  /** Normal with special values among them. */
  edges: (random: () => number) =>
    random() < 0.3 ? EDGES[Math.floor(random() * EDGES.length)] : (random() - 0.5) * 4,
  /** All binary16 bit patterns. */
  halfBits: (random: () => number) => Math.floor(random() * 65536),
  /** Bytes 0..255, nibbles 0..15, flags 0 or 1. */
  bytes: (random: () => number) => Math.floor(random() * 256),
  nibbles: (random: () => number) => Math.floor(random() * 16),
  flags: (random: () => number) => (random() < 0.4 ? 1 : 0),
} as const satisfies Record<string, (random: () => number) => number>;

function literal(value: Literal): number {
  if (typeof value === 'number') return value;
  if (value.startsWith('0x')) return fromBits(Number(value));
  if (value === 'NaN') return NaN;
  const number = Number(value);
  if (Number.isNaN(number)) throw new Error(`not a value: ${value}`);
  return number;
}

function listOf(values: Values, count: number | undefined): number[] {
  if ('spread' in values) {
    const random = randomFrom(values.seed);
    const generate = GENERATORS[values.spread];
    const scale = values.scale ?? 1;
    return Array.from({ length: values.count ?? count ?? 0 }, () => generate(random) * scale);
  }
  if ('repeat' in values) {
    const pattern = values.repeat.map(literal);
    return Array.from({ length: count ?? 0 }, (_, i) => pattern[i % pattern.length]);
  }
  return values.map(literal);
}

/** Made once for each list of values, type and length: backends and alignments share them. */
const made = new WeakMap<object, Map<string, Numbers>>();

function makeOnce(values: Values, type: ArrayType, count: number | undefined): Numbers {
  const own = made.get(values) ?? new Map<string, Numbers>();
  made.set(values, own);
  const key = `${type} ${count}`;
  const known = own.get(key);
  if (known !== undefined) return known;
  const list = listOf(values, count);
  const array = CONSTRUCTORS[type].from(list);
  // NaN payloads survive only as bits: JavaScript may change them when a NaN passes through a number.
  if (type === 'float32' && Array.isArray(values)) {
    const bits = new Uint32Array(array.buffer);
    (values as readonly Literal[]).forEach((text, i) => {
      if (typeof text === 'string' && text.startsWith('0x')) bits[i] = Number(text);
    });
  }
  own.set(key, array);
  return array;
}

/**
 * The values as an array of the type, `lead` elements into its buffer: lead 1 gives an address that no SIMD load and no
 * buffer copy finds aligned. Always a fresh copy, so that a kernel which writes to its input harms only itself.
 */
export function makeArray(values: Values, type: ArrayType, count: number | undefined, lead: number): Numbers {
  const array = makeOnce(values, type, count);
  const part = new CONSTRUCTORS[type](array.length + lead).subarray(lead);
  const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return part;
}

/** Expands shapes. @throws Error with the file name when the text is not JSON with comments. */
export function readCases(file: string, text: string): Case[] {
  const errors: ParseError[] = [];
  const parsed = parse(text, errors, { allowTrailingComma: true }) as { cases: CaseSpec[] };
  if (errors.length > 0) {
    throw new Error(`${file}: ${printParseErrorCode(errors[0].error)} at offset ${errors[0].offset}`);
  }
  return parsed.cases.flatMap((spec) => expand(spec));
}

function expand(spec: CaseSpec): Case[] {
  const length = Array.isArray(spec.x) ? spec.x.length : 0;
  const shapes = spec.shapes ?? [[1, length] as const];
  return shapes.map((shape) => {
    const [rows, columns] = typeof shape === 'number' ? [1, shape] : shape;
    const title = spec.shapes === undefined ? spec.name : `${spec.name} [${rows}×${columns}]`;
    return { spec, title, rows, columns };
  });
}
