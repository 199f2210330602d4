/**
 * What onnxruntime-web throws, in words: numeric error codes become names, a dead heap is told from a refused
 * model. It must not know what was being measured.
 */
import { PareError } from '../core/errors.ts';

/** Source: OrtErrorCode in onnxruntime_c_api.h. */
const STATUS_WORDS: Readonly<Record<string, string>> = {
  '1': 'failure',
  '2': 'invalid argument',
  '3': 'file not found',
  '4': 'no model',
  '5': 'engine error',
  '6': 'failure while running',
  '7': 'not a readable model',
  '8': 'model already loaded',
  '9': 'not implemented',
  '10': 'invalid graph',
  '11': 'execution provider failed',
};

const OUT_OF_MEMORY =
  /bad_alloc|out of memory|OOM|failed to allocate|memory allocation|cannot enlarge memory|array buffer allocation|could not allocate/i;
/** After one of these the heap of the WebAssembly instance is in an unknown state: every later call is worthless. */
const CRASHED =
  /aborted\(|unreachable|memory access out of bounds|table index is out of bounds|null function|indirect call|stack (overflow|size exceeded)|call stack|device (was |is )?lost/i;

/** Longest text of the runtime that is passed on: some messages quote a whole graph. */
const MAX_WORDS = 600;

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  // Emscripten throws the address of a C++ exception as a bare number; there is no text behind it.
  if (typeof thrown === 'number')
    return `an exception inside the runtime that carries no text (at address ${thrown})`;
  return String(thrown);
}

function plainWords(text: string): string {
  const coded = /ERROR_CODE:\s*(\d+),\s*ERROR_MESSAGE:\s*([\s\S]*)$/.exec(text);
  const words =
    coded === null
      ? text
      : `${STATUS_WORDS[coded[1] ?? ''] ?? `error ${coded[1] ?? '?'}`}: ${coded[2] ?? ''}`;
  const flat = words
    // Where the runtime's own sources were built says nothing to a reader.
    .replace(/\/[\w./+-]*onnxruntime\/([\w./+-]*)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return flat.length > MAX_WORDS ? `${flat.slice(0, MAX_WORDS)}…` : flat;
}

/**
 * Maps a throw of the runtime. `doing` completes the sentence "onnxruntime-web …" ("could not load the model").
 * A PareError passes through.
 */
export function runtimeError(thrown: unknown, doing: string): PareError {
  if (thrown instanceof PareError) return thrown;
  const raw = textOf(thrown);
  const words = plainWords(raw);
  if (OUT_OF_MEMORY.test(raw)) {
    return new PareError('out-of-memory', `onnxruntime-web ran out of memory and ${doing}: ${words}`, {
      hint: 'Close other tabs, use smaller dimensions, or measure on the command line.',
      cause: thrown,
    });
  }
  if (CRASHED.test(raw) || typeof thrown === 'number') {
    return new PareError('runtime-crashed', `onnxruntime-web broke down and ${doing}: ${words}`, {
      hint: 'The model itself is unharmed. Its weights can still be compressed; this measurement cannot be made.',
      cause: thrown,
    });
  }
  return new PareError('runtime-refused', `onnxruntime-web ${doing}: ${words}`, {
    hint: 'The model can still be compressed; what needs a run of it cannot be measured.',
    cause: thrown,
  });
}
