/** What the conformance cases cannot see: memory stays bounded, a failed call leaves nothing behind. */
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from './reference-backend.ts';
import { gramOf, gridsOf, normalValues } from './testing/second-order.ts';
import { createWasmKernels } from './wasm-backend.ts';
import { rowChunks } from './row-chunks.ts';

describe('memory of the WASM kernels', () => {
  it('does not grow with the tensor or with the number of calls', () => {
    const kernels = createWasmKernels('simd');
    const x = new Float32Array(4_000_000).map((_, i) => (i % 1000) - 500);
    const runAll = (): void => {
      kernels.quantizeRows(x, 4, 1_000_000, new Float32Array(4).fill(4), undefined, -127, 127);
      kernels.quantizeRows(x, 4_000_000, 1, new Float32Array(4_000_000).fill(4), undefined, -127, 127);
      kernels.mseScaleRows(x, 125_000, 32, -8, 7, Float32Array.of(1, 0.9));
      kernels.errorSums(x, x);
      kernels.topMask(x, 1000);
      kernels.toHalf(x);
    };
    runAll();
    const held = kernels.memoryBytes();
    runAll();
    expect(kernels.memoryBytes()).toBe(held);
    // A chunk is 65536 elements: at most 256 kB in, 256 kB out, and 512 kB of scales and zero points for rows of one column.
    expect(held).toBeLessThan(2 ** 21);
  });

  it('works on after a refused call', () => {
    const kernels = createWasmKernels('simd');
    expect(() => kernels.kthMagnitude([], 1)).toThrow(RangeError);
    expect(kernels.kthMagnitude([Float32Array.of(2, 1)], 1)).toBe(1);
  });
});

/** Quicker than toEqual for millions of codes. */
const sameBytes = (a: Int8Array, b: Int8Array): boolean =>
  Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe('matrix kernels in WASM', () => {
  const reference = createReferenceKernels();
  const kernels = createWasmKernels('simd');

  it('cut what is larger than their memory, with the same result', () => {
    // 16 MB are worked on at once: 4 Mi inputs; weights of 5 or 13 bytes an element and 8 a group.
    const n = 40;
    const x = normalValues(110_000 * n, 1);
    const zero = new Float32Array(n * n);
    const gram = kernels.accumulateGram(x, 110_000, n, zero);
    expect(gram).toEqual(reference.accumulateGram(x, 110_000, n, zero));
    const u = kernels.inverseCholesky(gram, n) ?? zero;
    const rows = 83_003;
    const w = x.subarray(0, rows * n);
    const grids = gridsOf(w, rows, n, { low: -8, high: 7, groupSize: n });
    const codes = kernels.gptqRows(w, rows, n, u, grids);
    expect(sameBytes(codes, reference.gptqRows(w, rows, n, u, grids))).toBe(true);
    const few = 35_001;
    const part = [w.subarray(0, few * n), few, n, gram, new Int8Array(few * n)] as const;
    const own = { ...grids, scales: grids.scales.subarray(0, few) };
    const descended = kernels.descendRows(...part, own, 1);
    expect(sameBytes(descended, reference.descendRows(...part, own, 1))).toBe(true);
    // Inputs, what a pass needs besides, and nothing for the whole: twice 16 MB is above all of it.
    expect(kernels.memoryBytes()).toBeLessThan(2 ** 25);
  });

  it('give up the memory of a large matrix', () => {
    const n = 3000; // 36 MB
    const h = new Float32Array(n * n);
    for (let i = 0; i < n; i++) h[i * n + i] = 4;
    const before = createWasmKernels('simd');
    const u = before.inverseCholesky(h, n);
    expect(u?.[n * n - 1]).toBe(0.5);
    expect(before.memoryBytes()).toBeLessThan(2 ** 20);
  });

  it('pause without another call getting in the way', async () => {
    const [rows, n] = [20, 100];
    const h = gramOf(n, 300, 0.01, 2);
    const w = normalValues(rows * n, 3);
    const grids = gridsOf(w, rows, n, { low: -8, high: 7, groupSize: 32 });
    const start = new Int8Array(rows * n);
    const u = reference.inverseCholesky(h, n) ?? h;
    const disturb = async (): Promise<void> => {
      await Promise.resolve();
      kernels.accumulateGram(w, rows, n, h);
      kernels.gptqRows(w, rows, n, u, grids);
    };
    const all = await Promise.all([
      kernels.inverseCholesky(h, n, disturb),
      kernels.gptqRows(w, rows, n, u, grids, disturb),
      kernels.descendRows(w, rows, n, h, start, grids, 3, disturb),
    ]);
    expect(all[0]).toEqual(u);
    expect(all[1]).toEqual(reference.gptqRows(w, rows, n, u, grids));
    expect(all[2]).toEqual(reference.descendRows(w, rows, n, h, start, grids, 3));
  });
});

describe('rowChunks', () => {
  const spans = (
    rows: number,
    columns: number,
    multiple: number,
    limit: number,
  ): [number, number, number][] =>
    [...rowChunks(rows, columns, multiple, limit)].map(({ row, from, to }) => [row, from, to]);

  it('takes as many whole rows as fit', () => {
    expect(spans(5, 3, 1, 7)).toEqual([
      [0, 0, 6],
      [2, 6, 12],
      [4, 12, 15],
    ]);
  });

  it('cuts long rows at multiples', () => {
    expect(spans(2, 10, 4, 7)).toEqual([
      [0, 0, 4],
      [0, 4, 8],
      [0, 8, 10],
      [1, 10, 14],
      [1, 14, 18],
      [1, 18, 20],
    ]);
  });

  it('gives nothing for nothing', () => {
    expect(spans(3, 0, 4, 7)).toEqual([]);
    expect(spans(0, 3, 4, 7)).toEqual([]);
  });
});
