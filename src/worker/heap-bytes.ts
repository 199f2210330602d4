/**
 * What a variant keeps in the worker's heap besides its written file. It must not know recipes. Bytes of the user's own
 * file do not count: all variants share them.
 */
import { MemorySource } from '../core/bytes/spans.ts';
import type { Model, Tensor } from '../core/onnx/ir.ts';
import { forEachTensor } from '../core/onnx/walk.ts';

/**
 * Codes, scales and masks, and the floats that a step has made: a folded weight stays the original of its encoding.
 * @param logical with compressed weights as data
 * @param shared models that are kept anyway, such as the simplified one: what lies there costs nothing more
 */
export function heapBytes(logical: Model, shared: readonly Model[] = []): number {
  const known = new Map<object, number>();
  for (const model of shared) collect(model, known);
  const held = new Map<object, number>();
  collect(logical, held);
  let bytes = 0;
  for (const [place, length] of held) if (!known.has(place)) bytes += length;
  return bytes;
}

/** Each piece of memory once, with its length. */
function collect(model: Model, into: Map<object, number>): void {
  const add = ({ data }: Tensor): void => {
    if (data.kind === 'raw') {
      const { source } = data.bytes;
      if (source instanceof MemorySource) into.set(source, source.size);
    } else if (data.kind === 'encoded') {
      const { codes, scales, zeroPoints, mask } = data.encoding;
      for (const array of [codes, scales, zeroPoints, mask]) {
        if (array !== undefined) into.set(array, array.byteLength);
      }
      add(data.original);
    }
  };
  forEachTensor(model, add);
}
