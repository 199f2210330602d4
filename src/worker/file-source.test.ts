import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileSource } from './file-source.ts';

/** A file of 6 GB that says which range was cut out of it; its bytes are offset % 251. */
function hugeFile(size: number): Blob {
  return {
    size,
    slice: (start: number, end: number) => ({ start, end }),
  } as unknown as Blob;
}

class FakeReader {
  static gone = false;

  readAsArrayBuffer({ start, end }: { start: number; end: number }): ArrayBuffer {
    if (FakeReader.gone) throw new DOMException('gone', 'NotReadableError');
    return Uint8Array.from({ length: end - start }, (_, i) => (start + i) % 251).buffer;
  }
}

describe('a file in a worker', () => {
  beforeEach(() => {
    FakeReader.gone = false;
    vi.stubGlobal('FileReaderSync', FakeReader);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is read in ranges, beyond 4 GiB too', () => {
    const source = new FileSource(hugeFile(6e9));
    expect(source.size).toBe(6e9);
    expect([...source.read(5e9, 3)]).toEqual([0, 1, 2].map((i) => (5e9 + i) % 251));
    expect(source.read(6e9, 0)).toHaveLength(0);
  });

  it('refuses ranges outside, and says when the browser cannot read it any more', () => {
    const source = new FileSource(hugeFile(100));
    expect(() => source.read(99, 2)).toThrow(expect.objectContaining({ code: 'truncated' }));
    FakeReader.gone = true;
    expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
  });
});
