/** Which exit code stands for which error; scripts rely on it. It must not know commands. */
import type { ErrorCode } from '../core/errors.ts';

export const EXIT_DONE = 0;
export const EXIT_INTERNAL = 1;
export const EXIT_USAGE = 2;
export const EXIT_BAD_MODEL = 3;
export const EXIT_UNSUPPORTED = 4;
/** The doctor found an error; nothing went wrong with looking. */
export const EXIT_HAZARD = 5;

/** What the user typed or gave beside the model, what the model is, what cannot be done with it, and what is Pare's own fault. */
const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: EXIT_USAGE,
  'recipe-invalid': EXIT_USAGE,
  'layer-unknown': EXIT_USAGE,
  'data-invalid': EXIT_USAGE,
  'empty-file': EXIT_BAD_MODEL,
  'not-onnx': EXIT_BAD_MODEL,
  'git-lfs-pointer': EXIT_BAD_MODEL,
  'html-page': EXIT_BAD_MODEL,
  compressed: EXIT_BAD_MODEL,
  'other-format': EXIT_BAD_MODEL,
  truncated: EXIT_BAD_MODEL,
  malformed: EXIT_BAD_MODEL,
  'too-deep': EXIT_BAD_MODEL,
  'unknown-dtype': EXIT_BAD_MODEL,
  'invalid-graph': EXIT_BAD_MODEL,
  'external-missing': EXIT_BAD_MODEL,
  'external-unsafe-path': EXIT_BAD_MODEL,
  'external-range': EXIT_BAD_MODEL,
  'not-a-file': EXIT_BAD_MODEL,
  'several-models': EXIT_BAD_MODEL,
  'too-large': EXIT_UNSUPPORTED,
  'unsupported-ir': EXIT_UNSUPPORTED,
  'unsupported-opset': EXIT_UNSUPPORTED,
  unsupported: EXIT_UNSUPPORTED,
  'runtime-refused': EXIT_UNSUPPORTED,
  'runtime-crashed': EXIT_UNSUPPORTED,
  'out-of-memory': EXIT_UNSUPPORTED,
  'not-measurable': EXIT_UNSUPPORTED,
  cancelled: EXIT_INTERNAL,
  internal: EXIT_INTERNAL,
};

export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}
