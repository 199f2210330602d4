/** WebGPU kernels that choose elements by magnitude. Part of webgpu-backend.ts. */
import { checkWhole, maskBytes } from './checks.ts';
import { MAGNITUDE, NM_MASK } from './generated/shaders.ts';
import { floatOfKey, totalLength } from './magnitude/reference.ts';
import { checkNm } from './nm-mask/reference.ts';
import type { DigitPass, Selection } from './radix-select.ts';
import { radixSelect } from './radix-select.ts';
import type { RowChunk } from './row-chunks.ts';
import { rowChunks } from './row-chunks.ts';
import type { GpuRunner } from './webgpu-device.ts';
import { THREADS } from './webgpu-device.ts';

async function countDigits(
  gpu: GpuRunner,
  parts: readonly Float32Array[],
  pass: DigitPass,
): Promise<Uint32Array> {
  const total = new Uint32Array(pass.digits);
  for (const part of parts) {
    for (const { from, to } of rowChunks(1, part.length, 32, gpu.chunkElements)) {
      const [counts] = await gpu.run({
        shader: 'magnitude',
        source: MAGNITUDE,
        entry: 'count_digits',
        bindings: {
          0: part.subarray(from, to),
          1: Uint32Array.of(to - from, pass.prefix, pass.prefixShift, pass.shift, pass.digits),
          2: { resultBytes: pass.digits * 4 },
        },
        workgroups: Math.ceil((to - from) / THREADS),
      });
      new Uint32Array(counts).forEach((count, digit) => (total[digit] += count));
    }
  }
  return total;
}

async function selectKth(gpu: GpuRunner, parts: readonly Float32Array[], k: number): Promise<Selection> {
  const walk = radixSelect(k);
  let step = walk.next();
  while (step.done !== true) step = walk.next(await countDigits(gpu, parts, step.value));
  return step.value;
}

/** Sets the first `ties` bits of `equal` in `mask`; returns the ties left. */
function dealTies(mask: Uint8Array, equal: Uint8Array, ties: number): number {
  for (let byte = 0; byte < equal.length && ties > 0; byte++) {
    for (let rest = equal[byte]; rest !== 0 && ties > 0; rest &= rest - 1, ties--) mask[byte] |= rest & -rest;
  }
  return ties;
}

export function createGpuSelection(gpu: GpuRunner) {
  async function kthMagnitude(parts: readonly Float32Array[], k: number): Promise<number> {
    checkWhole('k', k, 1, totalLength(parts));
    return floatOfKey((await selectKth(gpu, parts, k)).key);
  }

  async function topMask(x: Float32Array, keep: number): Promise<Uint8Array> {
    checkWhole('keep', keep, 0, x.length);
    const mask = new Uint8Array(maskBytes(x.length));
    if (keep === 0) return mask;
    const { key, below, equal } = await selectKth(gpu, [x], x.length - keep + 1);
    let ties = keep - (x.length - below - equal);
    for (const { from, to } of rowChunks(1, x.length, 32, gpu.chunkElements)) {
      const words = Math.ceil((to - from) / 32);
      const [above, same] = await gpu.run({
        shader: 'magnitude',
        source: MAGNITUDE,
        entry: 'threshold',
        bindings: {
          0: x.subarray(from, to),
          1: Uint32Array.of(to - from, key, 0, 0, 0),
          3: { resultBytes: words * 4 },
          4: { resultBytes: words * 4 },
        },
        workgroups: Math.ceil(words / THREADS),
      });
      const bytes = maskBytes(to - from);
      const part = new Uint8Array(above, 0, bytes);
      ties = dealTies(part, new Uint8Array(same, 0, bytes), ties);
      mask.set(part, from / 8);
    }
    return mask;
  }

  return { kthMagnitude, topMask, ...nmMasks(gpu) };
}

/** n of every m in a row; chunks start at whole groups, not at whole bytes of the mask. */
function nmMasks(gpu: GpuRunner) {
  async function nmMask(
    x: Float32Array,
    rows: number,
    columns: number,
    n: number,
    m: number,
  ): Promise<Uint8Array> {
    checkNm(x.length, rows, columns, n, m);
    const mask = new Uint8Array(maskBytes(x.length));
    for (const chunk of rowChunks(rows, columns, m, gpu.chunkElements)) await addChunk(x, chunk, n, m, mask);
    return mask;
  }

  async function addChunk(
    x: Float32Array,
    chunk: RowChunk,
    n: number,
    m: number,
    mask: Uint8Array,
  ): Promise<void> {
    const count = chunk.to - chunk.from;
    const words = Math.ceil(count / 32);
    const [found] = await gpu.run({
      shader: 'nm-mask',
      source: NM_MASK,
      entry: 'nm_mask',
      bindings: {
        0: x.subarray(chunk.from, chunk.to),
        1: Uint32Array.of(count, chunk.columns, n, m),
        2: { resultBytes: words * 4 },
      },
      workgroups: Math.ceil(words / THREADS),
    });
    // A chunk may start inside a byte of the whole mask.
    const shift = chunk.from % 8;
    const first = Math.floor(chunk.from / 8);
    new Uint8Array(found, 0, maskBytes(count)).forEach((bits, b) => {
      mask[first + b] |= bits << shift;
      if (shift > 0 && first + b + 1 < mask.length) mask[first + b + 1] |= bits >> (8 - shift);
    });
  }
  return { nmMask };
}
