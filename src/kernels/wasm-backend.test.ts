/** What the conformance cases cannot see: memory stays bounded, a failed call leaves nothing behind. */
import { describe, expect, it } from 'vitest';
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
