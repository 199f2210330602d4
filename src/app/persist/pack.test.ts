import { describe, expect, it } from 'vitest';
import { filesOf, indexOf, readsLike, writePack } from './pack.ts';

const quiet = () => Promise.resolve();

async function pack(files: { path: string; file: Blob }[], signal = new AbortController().signal) {
  const parts: Blob[] = [];
  const sink = { write: (piece: Blob) => Promise.resolve(void parts.push(piece)) };
  await writePack(files, sink, { signal, quiet });
  return { blob: new Blob(parts), sizes: parts.map(({ size }) => size) };
}

describe('a pack', () => {
  it('gives back every file, in order, empty ones and large ones among them', async () => {
    // Larger than the buffer of 4 MiB, so that it is written in pieces around its neighbours.
    const large = new Uint8Array(9_000_000).map((_, i) => i % 251);
    const files = [
      { path: 'a/first.txt', file: new Blob(['first'], { type: 'text/plain' }) },
      { path: 'empty', file: new Blob([]) },
      { path: 'large.bin', file: new Blob([large]) },
      { path: 'ünï.txt', file: new Blob(['last']) },
    ];
    const { blob, sizes } = await pack(files);
    expect(blob.size).toBe(indexOf(files).bytes);
    expect(Math.max(...sizes)).toBe(4 * 1024 * 1024);
    const back = filesOf(blob, indexOf(files));
    expect(back.map(({ path, file }) => [path, file.size, file.type])).toEqual(
      files.map(({ path, file }) => [path, file.size, file.type]),
    );
    expect(await back[0]?.file.text()).toBe('first');
    const bytes = Buffer.from((await back[2]?.file.arrayBuffer()) ?? new ArrayBuffer());
    expect(bytes.equals(large)).toBe(true);
    expect(await back[3]?.file.text()).toBe('last');
  });

  it('writes thousands of small files in few pieces', async () => {
    const files = Array.from({ length: 5000 }, (_, i) => ({ path: `${i}`, file: new Blob([String(i)]) }));
    const { sizes, blob } = await pack(files);
    expect(sizes).toHaveLength(1);
    expect(await filesOf(blob, indexOf(files))[4321]?.file.text()).toBe('4321');
  });

  it('stops when told to', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(pack([{ path: 'a', file: new Blob(['a']) }], abort.signal)).rejects.toThrow();
  });
});

describe('a pack that is read again', () => {
  const large = new Uint8Array(200_000).map((_, i) => i % 251);
  const files = [
    { path: 'a', file: new Blob([large]) },
    { path: 'b', file: new Blob(['end']) },
  ];

  it('is known by its size and both of its ends', async () => {
    expect(await readsLike(new Blob([large, 'end']), files)).toBe(true);
    expect(await readsLike(new Blob([large, 'en']), files)).toBe(false);
    expect(await readsLike(new Blob([large, 'eng']), files)).toBe(false);
    expect(await readsLike(new Blob([large.with(0, 7), 'end']), files)).toBe(false);
    expect(await readsLike(new Blob([]), [])).toBe(true);
  });

  it('is not taken for whole where it cannot be read', async () => {
    const broken = { size: 200_003, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('busy')) }) };
    await expect(readsLike(broken as unknown as Blob, files)).rejects.toThrow('busy');
  });
});
