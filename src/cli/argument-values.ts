/**
 * Texts of the command line as values: whole numbers, sizes, fractions, names of a list. It must not know commands.
 * Every mistake is a PareError `usage` that names what was given.
 */
import { PareError } from '../core/errors.ts';

export function whole(
  option: string,
  text: string | undefined,
  otherwise: number,
  low: number,
  high: number,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw usage(`${option} is "${text}"; it must be a whole number from ${low} to ${high}.`);
}

export function dimensions(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const split = text.lastIndexOf('=');
      if (split <= 0) throw usage(`--dim is "${text}"; it must look like batch=1 or input:0=1.`);
      const name = text.slice(0, split);
      return [name, whole(`--dim ${name}`, text.slice(split + 1), 1, 0, Number.MAX_SAFE_INTEGER)];
    }),
  );
}

/** Node's messages go on with advice about its own API. */
export function firstSentence(text: string): string {
  return /^[^]*?\.(?=\s|$)/.exec(text)?.[0] ?? `${text}.`;
}

export function usage(message: string): PareError {
  return new PareError('usage', message, { hint: 'Run "pare --help" for what there is.' });
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** '2MB', '2 MiB', '2000000'. Undefined stays undefined. */
export function byteSize(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : BYTE_UNITS[unit.toLowerCase()];
  if (digits !== undefined && factor !== undefined && Number(digits) > 0)
    return Math.floor(Number(digits) * factor);
  throw usage(`${option} is "${text}"; it must be a size such as 2MB, 500kB or 2000000.`);
}

/** A loss: '0.5pt' and '0.5%' are 0.005, '0.005' is 0.005. Undefined stays undefined. */
export function loss(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*(pt|points?|%)?\s*$/i.exec(text) ?? [];
  const value = Number(digits) / (unit === undefined ? 1 : 100);
  if (digits !== undefined && value >= 0 && (unit === undefined || value <= 1)) return value;
  throw usage(`${option} is "${text}"; it must be points such as 0.5pt, or a fraction such as 0.005.`);
}

/** A factor above zero: '1.5', '1.5x'. Undefined stays undefined. */
export function factor(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(/^\s*(\d+(?:\.\d+)?)\s*[x×]?\s*$/i.exec(text)?.[1]);
  if (value > 0 && value <= 1000) return value;
  throw usage(`${option} is "${text}"; it must be a factor such as 1.5.`);
}

/** One of a list of names. */
export function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw usage(`${option} is "${text}"; it must be one of: ${known.join(', ')}.`);
}
