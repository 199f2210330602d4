import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FdSource } from '../../cli/fd-source.ts';
import { sha256Hex } from './hash.ts';
import { PartsSource } from './parts-source.ts';
import type { ByteSource } from './source.ts';
import {
  concatParts,
  hollowSpan,
  MemorySource,
  partsLength,
  readSpan,
  samePartBytes,
  slicesOf,
  spanOf,
  subSpan,
} from './spans.ts';
import { ByteWindow } from './window.ts';

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) % 256);
const truncated = expect.objectContaining({ code: 'truncated' }) as unknown;

/** Gives the byte offset % 251 at any offset, and counts reads: a file of any size without the memory. */
class PatternSource implements ByteSource {
  readonly size: number;
  reads = 0;

  constructor(size: number) {
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    this.reads++;
    return Uint8Array.from({ length }, (_, i) => (offset + i) % 251);
  }
}

describe('spans and parts', () => {
  it('gives views and refuses what leaves the source', () => {
    const source = new MemorySource(bytes(10));
    expect([...readSpan(subSpan(spanOf(source), 2, 3))]).toEqual([...bytes(10).subarray(2, 5)]);
    expect(() => source.read(8, 3)).toThrow(truncated);
    expect(() => source.read(-1, 1)).toThrow(truncated);
    expect(() => subSpan(spanOf(source), 5, 6)).toThrow(truncated);
  });

  it('gives plain arrays for a Buffer, whose slices would be views', () => {
    const buffer = Buffer.from([1, 2, 3, 4]);
    const part = new MemorySource(buffer).read(1, 2);
    const copy = part.slice();
    copy[0] = 9;
    expect([...buffer]).toEqual([1, 2, 3, 4]);
    expect(copy.buffer.byteLength).toBe(2);
  });

  it('joins, measures and slices parts', () => {
    const parts = [bytes(3), spanOf(bytes(5)), new Uint8Array(0)];
    expect(partsLength(parts)).toBe(8);
    expect([...concatParts(parts)]).toEqual([...bytes(3), ...bytes(5)]);
    expect([...slicesOf(parts, 2)].map((s) => s.length)).toEqual([2, 1, 2, 2, 1]);
  });

  it('compares part lists that are cut differently', () => {
    const all = bytes(10);
    expect(samePartBytes([all], [all.subarray(0, 4), spanOf(all.slice(4))])).toBe(true);
    expect(samePartBytes([all], [all.subarray(0, 9)])).toBe(false);
    const other = all.slice();
    other[9] ^= 1;
    expect(samePartBytes([all], [other.subarray(0, 3), other.subarray(3)])).toBe(false);
  });

  it('knows the length of hollow spans and refuses to read them', () => {
    expect(partsLength([hollowSpan(6e9), bytes(1)])).toBe(6e9 + 1);
    expect(() => readSpan(hollowSpan(1))).toThrow(/hollow/);
  });
});

describe('a source of parts', () => {
  it('reads inside and across parts', () => {
    const all = bytes(20);
    const source = new PartsSource([
      all.subarray(0, 3),
      new Uint8Array(0),
      spanOf(all.slice(3, 11)),
      all.subarray(11),
    ]);
    expect(source.size).toBe(20);
    for (let from = 0; from <= 20; from++) {
      for (let to = from; to <= 20; to++)
        expect([...source.read(from, to - from)]).toEqual([...all.subarray(from, to)]);
    }
    expect(() => source.read(19, 2)).toThrow(truncated);
  });

  it('finds bytes beyond 4 GiB', () => {
    const source = new PartsSource([
      hollowSpan(5e9),
      Uint8Array.of(1, 2, 3),
      hollowSpan(5e9),
      Uint8Array.of(4),
    ]);
    expect([...source.read(5e9, 3)]).toEqual([1, 2, 3]);
    expect([...source.read(1e10 + 3, 1)]).toEqual([4]);
  });
});

describe('a window', () => {
  it('reads neighbours in one go, anywhere in a file of 6 GB', () => {
    const source = new PatternSource(6e9);
    const window = new ByteWindow(source);
    const start = 5e9 + 3;
    for (let i = 0; i < 1000; i++) expect(window.byteAt(start + i)).toBe((start + i) % 251);
    expect([...window.view(start + 10, 4)]).toEqual([0, 1, 2, 3].map((i) => (start + 10 + i) % 251));
    expect(source.reads).toBe(1);
    expect(window.byteAt(6e9 - 1)).toBe((6e9 - 1) % 251);
    expect(() => window.byteAt(6e9)).toThrow(truncated);
    expect(() => window.view(6e9 - 2, 3)).toThrow(truncated);
  });
});

describe('SHA-256', () => {
  it('is that of Node, however the bytes are cut', () => {
    const all = bytes(100_000);
    const expected = createHash('sha256').update(all).digest('hex');
    expect(sha256Hex(all)).toBe(expected);
    expect(sha256Hex(new MemorySource(all))).toBe(expected);
    expect(sha256Hex([all.subarray(0, 1), spanOf(all.slice(1, 70_000)), all.subarray(70_000)])).toBe(
      expected,
    );
  });
});

describe('a file descriptor', () => {
  it('reads ranges and refuses folders and absent files', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pare-'));
    const path = join(dir, 'a.bin');
    writeFileSync(path, bytes(1000));
    const source = new FdSource(path);
    expect(source.size).toBe(1000);
    expect([...source.read(990, 10)]).toEqual([...bytes(1000).subarray(990)]);
    expect(() => source.read(990, 11)).toThrow(truncated);
    source.dispose();
    const notAFile = expect.objectContaining({ code: 'not-a-file' }) as unknown;
    expect(() => new FdSource(dir)).toThrow(notAFile);
    expect(() => new FdSource(join(dir, 'absent'))).toThrow(notAFile);
  });
});
