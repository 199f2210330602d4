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
 */
export function heapBytes(logical: Model): number {
  const held = new Map<object, number>();
  const add = ({ data }: Tensor): void => {
    if (data.kind === 'raw') {
      const { source } = data.bytes;
      if (source instanceof MemorySource) held.set(source, source.size);
    } else if (data.kind === 'encoded') {
      const { codes, scales, zeroPoints, mask } = data.encoding;
      for (const array of [codes, scales, zeroPoints, mask]) {
        if (array !== undefined) held.set(array, array.byteLength);
      }
      add(data.original);
    }
  };
  forEachTensor(logical, add);
  let bytes = 0;
  for (const length of held.values()) bytes += length;
  return bytes;
}
