import { describe, expect, it } from 'vitest';
import { concatParts, MemorySource, spanOf } from '../bytes/spans.ts';
import type { BytePart } from '../bytes/source.ts';
import { decodeUtf8, MAX_DEPTH, MessageCursor, WireInput } from './wire.ts';
import { joinSmallParts, LengthSink, PartSink, utf8Length, varintLength } from './wire-write.ts';

const cursor = (...data: number[]): MessageCursor =>
  new MessageCursor(new WireInput(new MemorySource(Uint8Array.from(data))), 'Test', 0, data.length, 0);
const code = (c: string): unknown => expect.objectContaining({ code: c });

describe('reading fields', () => {
  it('walks every wire type', () => {
    // field 1 varint 300; field 2 fixed64; field 3 "hi"; field 4 fixed32 1.5; field 1000 varint 1
    const c = cursor(
      8,
      0xac,
      2,
      17,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      26,
      2,
      104,
      105,
      37,
      0,
      0,
      0xc0,
      0x3f,
      0xc0,
      0x3e,
      1,
    );
    expect(c.next() && [c.field, c.number(), c.int64()]).toEqual([1, 300, 300n]);
    expect(c.next() && [c.field, c.wire, c.valueLength]).toEqual([2, 1, 8]);
    expect(c.next() && [c.field, c.text()]).toEqual([3, 'hi']);
    expect(c.next() && [c.field, c.float()]).toEqual([4, 1.5]);
    expect(c.next() && [c.field, c.number()]).toEqual([1000, 1]);
    expect(c.next()).toBe(false);
  });

  it('reads negative and largest int64', () => {
    const ones = Array.from({ length: 9 }, () => 0xff);
    const c = cursor(8, ...ones, 1, 8, ...ones.slice(1), 0x7f);
    expect(c.next() && c.int64()).toBe(-1n);
    expect(c.next() && c.int64()).toBe(2n ** 63n - 1n);
  });

  it.each([
    ['a number that never ends', [8, ...Array.from({ length: 11 }, () => 0x80)], 'malformed'],
    ['a number cut off by the end of the file', [8, 0x80], 'truncated'],
    ['a length beyond the file', [10, 5, 1], 'truncated'],
    ['a length of 2^63', [10, ...Array.from({ length: 9 }, () => 0xff), 0x7f], 'truncated'],
    ['a fixed value cut off', [13, 0, 0], 'truncated'],
    ['field 0', [0, 1], 'malformed'],
    ['a group', [11, 12], 'malformed'],
    ['wire type 6', [14], 'malformed'],
    ['a field number over 2^29', [0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0], 'malformed'],
  ])('refuses %s', (_, data, expected) => {
    expect(() => {
      const c = cursor(...data);
      while (c.next());
    }).toThrow(code(expected));
  });

  it('refuses a length beyond the message around it, and says where', () => {
    const outer = cursor(10, 3, 10, 9, 0, 8, 1);
    outer.next();
    const inner = outer.enter('Inner');
    expect(() => inner.next()).toThrow(
      expect.objectContaining({
        code: 'malformed',
        at: 'byte 2',
        message: expect.stringContaining('Inner') as string,
      }),
    );
  });

  it('refuses nesting beyond what protobuf allows', () => {
    const input = new WireInput(new MemorySource(new Uint8Array(1)));
    expect(() => new MessageCursor(input, 'Test', 0, 1, MAX_DEPTH)).not.toThrow();
    expect(() => new MessageCursor(input, 'Test', 0, 1, MAX_DEPTH + 1)).toThrow(code('too-deep'));
  });

  it('reads packed numbers, and refuses one that leaves its field', () => {
    const c = cursor(10, 3, 1, 0xac, 2);
    c.next();
    const found: bigint[] = [];
    c.varints(found);
    expect(found).toEqual([1n, 300n]);
    const cut = cursor(10, 2, 1, 0xac, 2);
    cut.next();
    expect(() => cut.varints([])).toThrow(code('malformed'));
  });

  it('keeps a byte order mark and refuses what is not UTF-8', () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
    expect(decodeUtf8(Uint8Array.of(0x61, 0xff))).toBeUndefined();
    const c = cursor(10, 1, 0xff);
    c.next();
    expect(() => c.text()).toThrow(code('malformed'));
  });
});

describe('writing fields', () => {
  it('measures what it writes', () => {
    const texts = ['', 'a', 'ä', '漢字', '😀', 'x😀y', '\ud800', 'a'.repeat(200)];
    const values = [
      0,
      1,
      127,
      128,
      16_383,
      16_384,
      2 ** 31,
      2 ** 32,
      Number.MAX_SAFE_INTEGER,
      -1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ];
    const length = new LengthSink();
    const parts = new PartSink();
    for (const sink of [length, parts]) {
      texts.forEach((t, i) => sink.text(i + 1, t));
      values.forEach((v, i) => sink.varint(i * 1000 + 1, v));
      sink.float(15, 1.5);
      sink.bytes(16, new Uint8Array(40_000));
      sink.fields(spanOf(Uint8Array.of(8, 1)));
      sink.message(2000, (inner) => inner.message(1, (innermost) => innermost.varint(1, 300)));
    }
    expect(concatParts(parts.finish()).byteLength).toBe(length.length);
    for (const t of texts) expect(utf8Length(t)).toBe(new TextEncoder().encode(t).byteLength);
  });

  it('reads back what it writes', () => {
    const sink = new PartSink();
    const values = [0n, 1n, 127n, 128n, 2n ** 32n, -1n, -(2n ** 63n), 2n ** 63n - 1n];
    for (const v of values) sink.varint(1, v);
    const data = concatParts(sink.finish());
    const c = cursor(...data);
    const found: bigint[] = [];
    while (c.next()) found.push(c.int64());
    expect(found).toEqual(values);
    expect(values.map(varintLength)).toEqual([1, 1, 1, 2, 5, 10, 10, 9]);
  });

  it('merges neighbours of one file and joins runs of small parts', () => {
    const file = new MemorySource(Uint8Array.from({ length: 100_000 }, (_, i) => i % 251));
    const span = (start: number, length: number): BytePart => ({ source: file, start, length });
    const parts = [
      Uint8Array.of(1),
      span(0, 10),
      span(10, 20_000),
      Uint8Array.of(2),
      span(50_000, 5),
      Uint8Array.of(3),
    ];
    const joined = joinSmallParts(parts);
    expect(joined).toHaveLength(3);
    expect(joined[1]).toMatchObject({ start: 0, length: 20_010 });
    expect(Buffer.compare(concatParts(joined), concatParts(parts))).toBe(0);
  });
});
