/**
 * JSON that comes from outside, read value by value: each reader gives a checked value or throws an error that names
 * the place. It must not know what the values mean.
 */
import { PareError } from './errors.ts';
import type { ErrorCode } from './errors.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

export interface JsonReader {
  /** Text to JSON; a byte order mark, which some editors put in front, is dropped. */
  parse(text: string): unknown;
  /** An object. With `known`, any other key is refused. */
  record(input: unknown, at: string, known?: readonly string[]): JsonRecord;
  list(input: unknown, at: string, most: number): readonly unknown[];
  number(input: unknown, at: string, low?: number, high?: number): number;
  whole(input: unknown, at: string, low: number, high: number): number;
  /** @param most UTF-16 units. */
  text(input: unknown, at: string, most: number): string;
  choice<T extends string>(input: unknown, at: string, options: readonly T[]): T;
  invalid(at: string, problem: string, hint?: string): PareError;
}

/** @param what starts each message: "The recipe". @param usualHint what to do where a check knows nothing better. */
export function jsonReader(code: ErrorCode, what: string, usualHint: string): JsonReader {
  const invalid = (at: string, problem: string, hint = usualHint): PareError =>
    new PareError(code, `${what} is wrong at ${at}: ${problem}.`, { at, hint });
  const expected = (at: string, wanted: string, found: unknown): PareError =>
    invalid(at, `${wanted} is expected, ${showValue(found)} was found`);
  const number: JsonReader['number'] = (input, at, low = -Number.MAX_VALUE, high = Number.MAX_VALUE) => {
    if (typeof input !== 'number' || !Number.isFinite(input)) throw expected(at, 'a number', input);
    if (input < low || input > high) throw invalid(at, `${input} is outside ${low}…${high}`);
    return input;
  };
  return {
    invalid,
    number,
    parse: (text) => {
      try {
        return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        throw invalid('$', `this is no JSON (${detail})`);
      }
    },
    record: (input, at, known) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) {
        throw expected(at, 'an object', input);
      }
      const other = known === undefined ? undefined : Object.keys(input).find((key) => !known.includes(key));
      if (other !== undefined && known !== undefined) {
        const name = other.length > 40 ? `${other.slice(0, 37)}...` : other;
        throw invalid(`${at}.${name}`, `"${name}" is unknown here`, `Known: ${known.join(', ')}.`);
      }
      return input as JsonRecord;
    },
    list: (input, at, most) => {
      if (!Array.isArray(input)) throw expected(at, 'a list', input);
      if (input.length > most)
        throw invalid(at, `${input.length} values were found, at most ${most} are taken`);
      return input as readonly unknown[];
    },
    whole: (input, at, low, high) => {
      if (typeof input !== 'number' || !Number.isInteger(input) || input < low || input > high) {
        throw expected(at, `a whole number from ${low} to ${high}`, input);
      }
      return input;
    },
    text: (input, at, most) => {
      if (typeof input !== 'string') throw expected(at, 'a text', input);
      if (input.length > most) {
        throw invalid(at, `a text of ${input.length} characters was found, at most ${most} are taken`);
      }
      return input;
    },
    choice: (input, at, options) => {
      const found = options.find((option) => option === input);
      if (found === undefined) throw expected(at, `one of ${options.join(', ')}`, input);
      return found;
    },
  };
}

/** Any key may be `__proto__`: plain assignment would lose it. */
export function defineKey<T>(target: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A found value in a sentence: short, whatever it is. A nested one may be deeper than JSON.stringify can follow. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'object' && value !== null ? showNested(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function showNested(value: object): string {
  const inner: unknown[] = Object.values(value);
  const nested = inner.some((each) => typeof each === 'object' && each !== null);
  if (!nested) return JSON.stringify(value);
  return Array.isArray(value) ? 'a nested list' : 'a nested object';
}
