/**
 * Errors as data. An error says what was found, where, and what to do; its code is part of the interface
 * (page, CLI and tests rely on it). It must not know who shows it.
 */

export const ERROR_CODES = [
  'usage',
  'cancelled',
  'empty-file',
  'not-onnx',
  'git-lfs-pointer',
  'html-page',
  'compressed',
  'other-format',
  'truncated',
  'malformed',
  'too-deep',
  'too-large',
  'unsupported-ir',
  'unsupported-opset',
  'unknown-dtype',
  'invalid-graph',
  'external-missing',
  'external-unsafe-path',
  'external-range',
  'not-a-file',
  'several-models',
  'recipe-invalid',
  'data-invalid',
  'layer-unknown',
  'unsupported',
  'runtime-refused',
  'runtime-crashed',
  'out-of-memory',
  'not-measurable',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Plain data, safe to post between threads and to print as JSON. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  /** One sentence: what was found and what was expected. */
  readonly message: string;
  /** Where: a node, a tensor, a byte offset, a JSON path. */
  readonly at?: string;
  /** One sentence: what the user can do. */
  readonly hint?: string;
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorRecord };

/** The one error class that is thrown inside the core; everything else is a bug and becomes `internal`. */
export class PareError extends Error {
  readonly code: ErrorCode;
  readonly at?: string;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, where: { at?: string; hint?: string; cause?: unknown } = {}) {
    super(message, where.cause === undefined ? undefined : { cause: where.cause });
    this.name = 'PareError';
    this.code = code;
    if (where.at !== undefined) this.at = where.at;
    if (where.hint !== undefined) this.hint = where.hint;
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.at === undefined ? {} : { at: this.at }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** Any thrown value as a record. Unknown errors keep their text under the code `internal`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof PareError) return error.toRecord();
  const text = error instanceof Error ? error.message : String(error);
  if (
    error instanceof RangeError &&
    /allocation|array buffer|invalid (typed )?array length|out of memory/i.test(text)
  ) {
    return {
      code: 'out-of-memory',
      message: `There is not enough memory for this step (${text}).`,
      hint: 'Close other tabs or use the command line.',
    };
  }
  return {
    code: 'internal',
    message: text,
    hint: 'This is a fault in Pare. Please report it with the model, or a part of it, that shows it.',
  };
}

/** Runs `work` and turns a throw into a failed result. */
export async function attempt<T>(work: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toErrorRecord(error) };
  }
}
