/** WebGPU kernels over codes and masks: nibbles, halves, bit masks. Part of webgpu-backend.ts. */
import type { HalfConversion } from '../core/tensor/kernel-set.ts';
import { wrongKept } from './bitmask/reference.ts';
import { checkMask, checkWhole, maskBytes } from './checks.ts';
import { BITMASK, HALF, INT4 } from './generated/shaders.ts';
import { checkUnpack } from './int4/reference.ts';
import { rowChunks } from './row-chunks.ts';
import type { GpuRunner } from './webgpu-device.ts';
import { THREADS } from './webgpu-device.ts';

type Codes = Int8Array | Uint8Array;

function nibbles(gpu: GpuRunner) {
  async function packInt4(codes: Codes): Promise<Uint8Array> {
    const packed = new Uint8Array(Math.ceil(codes.length / 2));
    for (const { from, to } of rowChunks(1, codes.length, 8, gpu.chunkElements)) {
      const words = Math.ceil((to - from) / 8);
      // Both words of input of the last thread must be there.
      const padded = new Uint8Array(words * 8);
      padded.set(codes.subarray(from, to));
      const [bytes] = await gpu.run({
        shader: 'int4',
        source: INT4,
        entry: 'pack',
        bindings: { 0: padded, 1: Uint32Array.of(words, 0), 2: { resultBytes: words * 4 } },
        workgroups: Math.ceil(words / THREADS),
      });
      packed.set(new Uint8Array(bytes, 0, Math.ceil((to - from) / 2)), from / 2);
    }
    return packed;
  }

  async function unpackInt4(packed: Uint8Array, count: number, signed: boolean): Promise<Codes> {
    checkUnpack(packed, count);
    const codes = signed ? new Int8Array(count) : new Uint8Array(count);
    for (const { from, to } of rowChunks(1, count, 8, gpu.chunkElements)) {
      const words = Math.ceil((to - from) / 4);
      const [bytes] = await gpu.run({
        shader: 'int4',
        source: INT4,
        entry: 'unpack',
        bindings: {
          0: packed.subarray(from / 2, Math.ceil(to / 2)),
          1: Uint32Array.of(words, signed ? 1 : 0),
          2: { resultBytes: words * 4 },
        },
        workgroups: Math.ceil(words / THREADS),
      });
      codes.set(new Uint8Array(bytes, 0, to - from), from);
    }
    return codes;
  }
  return { packInt4, unpackInt4 };
}

function halves(gpu: GpuRunner) {
  async function toHalf(x: Float32Array): Promise<HalfConversion> {
    const codes = new Uint16Array(x.length);
    let [overflowed, flushed] = [0, 0];
    for (const { from, to } of rowChunks(1, x.length, 8, gpu.chunkElements)) {
      const [bytes, counts] = await gpu.run({
        shader: 'half',
        source: HALF,
        entry: 'to_half',
        bindings: {
          0: x.subarray(from, to),
          1: Uint32Array.of(to - from),
          2: { resultBytes: Math.ceil((to - from) / 2) * 4 },
          3: { resultBytes: 8 },
        },
        workgroups: Math.ceil((to - from) / 2 / THREADS),
      });
      codes.set(new Uint16Array(bytes, 0, to - from), from);
      const found = new Uint32Array(counts);
      overflowed += found[0];
      flushed += found[1];
    }
    return { codes, overflowed, flushed };
  }

  async function fromHalf(codes: Uint16Array): Promise<Float32Array> {
    const values = new Uint32Array(codes.length); // as bits: NaN payloads stay
    for (const { from, to } of rowChunks(1, codes.length, 8, gpu.chunkElements)) {
      const [bits] = await gpu.run({
        shader: 'half',
        source: HALF,
        entry: 'from_half',
        bindings: {
          0: codes.subarray(from, to),
          1: Uint32Array.of(to - from),
          2: { resultBytes: (to - from) * 4 },
        },
        workgroups: Math.ceil((to - from) / THREADS),
      });
      values.set(new Uint32Array(bits), from);
    }
    return new Float32Array(values.buffer);
  }
  return { toHalf, fromHalf };
}

function popcount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Mask words of `count` bits, bits after the end cleared, and the kept codes before each word. */
function maskPlaces(
  mask: Uint8Array,
  count: number,
): { words: Uint32Array; places: Uint32Array; kept: number } {
  const words = new Uint32Array(Math.ceil(count / 32));
  new Uint8Array(words.buffer).set(mask.subarray(0, maskBytes(count)));
  const tail = count % 32;
  if (tail > 0) words[words.length - 1] &= 2 ** tail - 1;
  const places = new Uint32Array(words.length);
  let kept = 0;
  words.forEach((word, w) => {
    places[w] = kept;
    kept += popcount(word);
  });
  return { words, places, kept };
}

function masks(gpu: GpuRunner) {
  async function packMask(flags: Uint8Array): Promise<Uint8Array> {
    const mask = new Uint8Array(maskBytes(flags.length));
    for (const { from, to } of rowChunks(1, flags.length, 32, gpu.chunkElements)) {
      const words = Math.ceil((to - from) / 32);
      const [bytes] = await gpu.run({
        shader: 'bitmask',
        source: BITMASK,
        entry: 'pack',
        bindings: {
          0: flags.subarray(from, to),
          1: Uint32Array.of(to - from),
          4: { resultBytes: words * 4 },
        },
        workgroups: Math.ceil(words / THREADS),
      });
      mask.set(new Uint8Array(bytes, 0, maskBytes(to - from)), from / 8);
    }
    return mask;
  }

  async function applyMask(x: Float32Array, mask: Uint8Array): Promise<Float32Array> {
    checkMask(mask, x.length);
    const kept = new Uint32Array(x.length); // as bits: NaN payloads stay
    for (const { from, to } of rowChunks(1, x.length, 32, gpu.chunkElements)) {
      const [bits] = await gpu.run({
        shader: 'bitmask',
        source: BITMASK,
        entry: 'apply',
        bindings: {
          0: x.subarray(from, to),
          1: Uint32Array.of(to - from),
          2: mask.subarray(from / 8, maskBytes(to)),
          4: { resultBytes: (to - from) * 4 },
        },
        workgroups: Math.ceil((to - from) / THREADS),
      });
      kept.set(new Uint32Array(bits), from);
    }
    return new Float32Array(kept.buffer);
  }

  async function compress(codes: Codes, mask: Uint8Array, kept: number): Promise<Codes> {
    checkMask(mask, codes.length);
    checkWhole('kept', kept, 0, codes.length);
    const parts: Uint8Array[] = [];
    let found = 0;
    for (const { from, to } of rowChunks(1, codes.length, 32, gpu.chunkElements)) {
      const plan = maskPlaces(mask.subarray(from / 8), to - from);
      const [bytes] = await gpu.run({
        shader: 'bitmask',
        source: BITMASK,
        entry: 'compress',
        bindings: {
          0: codes.subarray(from, to),
          1: Uint32Array.of(to - from),
          2: plan.words,
          3: plan.places,
          5: { resultBytes: plan.kept },
        },
        workgroups: Math.ceil(plan.words.length / THREADS),
      });
      parts.push(new Uint8Array(bytes));
      found += plan.kept;
    }
    if (found !== kept) throw wrongKept(kept, found);
    return joined(parts, codes instanceof Int8Array ? new Int8Array(kept) : new Uint8Array(kept));
  }
  return { packMask, applyMask, compress };
}

function joined<T extends Codes>(parts: readonly Uint8Array[], into: T): T {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}

export function createGpuCodes(gpu: GpuRunner) {
  return { ...nibbles(gpu), ...halves(gpu), ...masks(gpu) };
}
