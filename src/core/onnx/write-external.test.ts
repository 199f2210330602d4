/** Weights in files of their own: found, bounded, written again, and beyond what memory holds. */
import { describe, expect, it } from 'vitest';
import { PartsSource } from '../bytes/parts-source.ts';
import { MemorySource, partsLength, spanOf } from '../bytes/spans.ts';
import type { ByteSource } from '../bytes/source.ts';
import { floatTensor } from './build.ts';
import { openDraft } from './draft.ts';
import type { Tensor } from './ir.ts';
import { readModel } from './read.ts';
import { tensorBytes, tensorFloats } from './tensor-data.ts';
import { assertValid, verifyModel } from './verify.ts';
import { reencodeModel, sizeOf, sizesOf, writeModel } from './write.ts';
import { hollowTensor, withWeights } from './testing/weight-sum.ts';

const code = (c: string): unknown => expect.objectContaining({ code: c });

describe('external data', () => {
  const values = Float32Array.from({ length: 600 }, (_, i) => i);
  const file = (): ByteSource => {
    const bytes = new Uint8Array(3000);
    bytes.set(new Uint8Array(values.buffer), 64);
    return new MemorySource(bytes);
  };
  const external = (location: string, offset = 64, length: number | undefined = 2400): Tensor => ({
    ...floatTensor('w', [600], []),
    data: {
      kind: 'external',
      location,
      offset,
      entries: [
        { key: 'location', value: location },
        { key: 'offset', value: String(offset) },
        ...(length === undefined ? [] : [{ key: 'length', value: String(length) }]),
      ],
    },
  });
  const source = (...tensors: Tensor[]): ByteSource =>
    new PartsSource(reencodeModel(withWeights(...tensors)));

  it('is read from the file of that path or, without folders, of that name', () => {
    for (const [location, given] of [
      ['w.data', 'w.data'],
      ['./weights/w.data', 'weights/w.data'],
      ['weights\\w.data', 'w.data'],
      ['w.data', './w.data'],
    ]) {
      const opened = readModel(source(external(location)), { files: new Map([[given, file()]]) });
      expect([...tensorFloats(opened.graph.initializers[0])]).toEqual([...values]);
    }
  });

  it('takes the length from the dims when the file does not say it', () => {
    const opened = readModel(source(external('w.data', 64, undefined)), {
      files: new Map([['w.data', file()]]),
    });
    expect(tensorBytes(opened.graph.initializers[0]).byteLength).toBe(2400);
  });

  it.each([
    '/etc/passwd',
    '../w.data',
    'a/../../w.data',
    '..\\w.data',
    'C:\\w.data',
    'https://a.b/w',
    'w\0.data',
    '',
  ])('refuses the location %j', (location) => {
    expect(() => readModel(source(external(location)), { missingExternal: 'allow' })).toThrow(
      code('external-unsafe-path'),
    );
  });

  it('refuses a missing file by name and a range outside the file', () => {
    const files = new Map([['w.data', file()]]);
    expect(() => readModel(source(external('w.data')))).toThrow(
      expect.objectContaining({
        code: 'external-missing',
        message: expect.stringContaining('w.data') as string,
      }),
    );
    expect(() => readModel(source(external('w.data', 700)), { files })).toThrow(code('external-range'));
    const twice = new Map([
      ['a/w.data', file()],
      ['b/w.data', file()],
    ]);
    expect(() => readModel(source(external('w.data')), { files: twice })).toThrow(code('external-missing'));
  });

  it('keeps its files while nothing is changed', () => {
    const bytes = source(external('w.data'));
    const written = writeModel(readModel(bytes, { files: new Map([['w.data', file()]]) }));
    expect(partsLength(written.model)).toBe(bytes.size);
    expect(written.data.map((d) => [d.name, partsLength(d.parts)])).toEqual([['w.data', 3000]]);
    expect(sizesOf(readModel(bytes, { files: new Map([['w.data', file()]]) }))).toEqual({
      modelBytes: bytes.size,
      dataBytes: 3000,
    });
  });

  it('is written to one new file after a change, or into the model', () => {
    const opened = readModel(
      source(external('old.data'), floatTensor('v', [300], new Float32Array(300).fill(7))),
      {
        files: new Map([['old.data', file()]]),
      },
    );
    const draft = openDraft(opened);
    draft.setMetadata('a', 'b');
    const changed = draft.finish();
    const kept = writeModel(changed, { dataFileName: 'new.data' });
    expect(kept.data.map((d) => d.name)).toEqual(['new.data']);
    expect(sizesOf(changed)).toMatchObject({ dataBytes: partsLength(kept.data[0].parts) });
    const again = readModel(new PartsSource(kept.model), {
      files: new Map([['new.data', new PartsSource(kept.data[0].parts)]]),
    });
    assertValid(again);
    expect([...tensorFloats(again.graph.initializers[0])]).toEqual([...values]);
    expect(tensorFloats(again.graph.initializers[1])[299]).toBe(7);
    for (const { data } of again.graph.initializers) {
      expect(data.kind === 'external' && data.offset % 64).toBe(0);
    }
    for (const externalize of ['never', 'above-2GiB'] as const) {
      const single = writeModel(changed, { externalize });
      expect(single.data).toEqual([]);
      expect(partsLength(single.model)).toBe(sizeOf(changed, { externalize }));
      expect([...tensorFloats(readModel(new PartsSource(single.model)).graph.initializers[0])]).toEqual([
        ...values,
      ]);
    }
  });

  it('cannot be copied from a file that was not given', () => {
    const opened = readModel(source(external('w.data')), { missingExternal: 'allow' });
    expect(() => writeModel(opened, { externalize: 'never' })).toThrow(code('external-missing'));
    expect(verifyModel(opened).errors).toEqual([]);
  });
});

describe('beyond 4 GiB, without the memory', () => {
  const GB5 = 5_000_000_000;
  /** Zeros, made when they are read: reads of headers beside a weight touch its first bytes. */
  const zeros: ByteSource = { size: GB5, read: (_, length) => new Uint8Array(length) };
  const weight: Tensor = { ...hollowTensor('big', GB5 / 4), data: { kind: 'raw', bytes: spanOf(zeros) } };
  const big = withWeights(weight, floatTensor('small', [300], new Float32Array(300).fill(3)));

  it('writes a data file and reads it back at exact offsets', () => {
    expect(() => writeModel(big, { externalize: 'never' })).toThrow(code('too-large'));
    const written = writeModel(big);
    expect(written.data).toHaveLength(1);
    const data = new PartsSource(written.data[0].parts);
    expect(data.size).toBe(GB5 + 1200);
    expect(sizesOf(big)).toEqual({ modelBytes: partsLength(written.model), dataBytes: data.size });
    const again = readModel(new PartsSource(written.model), {
      files: new Map([[written.data[0].name, data]]),
    });
    assertValid(again);
    expect(again.graph.initializers.map((t) => (t.data.kind === 'external' ? t.data.offset : -1))).toEqual([
      0,
      GB5,
    ]);
    expect(tensorFloats(again.graph.initializers[1])[299]).toBe(3);
  });

  it('reads and passes on one message of 5 GB', () => {
    const source = new PartsSource(reencodeModel(big));
    const opened = readModel(source);
    assertValid(opened);
    const [first, second] = opened.graph.initializers;
    expect(first.data.kind === 'raw' && first.data.bytes.length).toBe(GB5);
    expect(second.verbatim!.start).toBeGreaterThan(GB5);
    expect(tensorFloats(second)[0]).toBe(3);
    expect(partsLength(writeModel(opened).model)).toBe(source.size);
    const draft = openDraft(opened);
    draft.main.setInitializer(floatTensor('small', [300], new Float32Array(300).fill(4)));
    const written = writeModel(draft.finish());
    expect(partsLength(written.data[0].parts)).toBe(GB5 + 1200);
  });
});
