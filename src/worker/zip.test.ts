/** A zip made here opens with an independent reader and gives the same bytes. */
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { zipOf } from './zip.ts';

const bytes = (length: number, step: number) => Uint8Array.from({ length }, (_, i) => (i * step) & 255);

describe('zipOf', () => {
  it('keeps names and bytes, over several slices and for an empty file', async () => {
    const large = bytes(5_000_000, 7);
    const seen: number[] = [];
    const zip = await zipOf(
      [
        { name: 'net.pare.onnx', blob: new Blob([bytes(1000, 3)]) },
        { name: 'net.pare.onnx.data', blob: new Blob([large]) },
        { name: 'empty', blob: new Blob([]) },
      ],
      (fraction) => {
        seen.push(fraction);
        return Promise.resolve();
      },
    );
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(files)).toEqual(['net.pare.onnx', 'net.pare.onnx.data', 'empty']);
    expect(files['net.pare.onnx']).toEqual(bytes(1000, 3));
    // Not toEqual: it compares five million numbers one by one.
    expect(Buffer.compare(files['net.pare.onnx.data'], large)).toBe(0);
    expect(files.empty.length).toBe(0);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  });

  it('says that a file has moved since it was opened', async () => {
    const gone = new Blob(['gone']);
    gone.arrayBuffer = () => Promise.reject(new DOMException('moved', 'NotReadableError'));
    const moved = { size: 4, slice: () => gone } as unknown as Blob;
    const packing = zipOf([{ name: 'a', blob: moved }], () => Promise.resolve());
    await expect(packing).rejects.toMatchObject({ code: 'not-a-file' });
  });

  it('gives the same bytes for the same files', async () => {
    const make = () => zipOf([{ name: 'a', blob: new Blob([bytes(10, 1)]) }], () => Promise.resolve());
    expect(await (await make()).arrayBuffer()).toEqual(await (await make()).arrayBuffer());
  });
});
