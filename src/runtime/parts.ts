/** Joins the parts of a written model into one buffer, as a session wants it. It must not know ONNX. */
import type { BytePart } from '../core/bytes/source.ts';
import { concatParts, partsLength } from '../core/bytes/spans.ts';
import { PareError } from '../core/errors.ts';

/** The runtime's heap ends at 4 GiB and holds the file and the weights: above this a single buffer cannot work. */
export const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/** @throws PareError `out-of-memory` when the parts are too large for one buffer. */
export function joinParts(parts: readonly BytePart[]): Uint8Array {
  const total = partsLength(parts);
  if (total > MAX_BUFFER_BYTES) {
    throw new PareError(
      'out-of-memory',
      `The model is ${total} bytes; onnxruntime-web takes at most ${MAX_BUFFER_BYTES} bytes in one piece.`,
    );
  }
  return concatParts(parts);
}
