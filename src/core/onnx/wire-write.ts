/**
 * Writes protobuf fields into a list of parts, or only adds their lengths up. Both sinks run the same encoders, so a
 * predicted size is the written size. It must not know ONNX.
 */
import { isSpan, partLength, partsLength } from '../bytes/spans.ts';
import type { BytePart, ByteSource, ByteSpan } from '../bytes/source.ts';
import { ByteWindow } from '../bytes/window.ts';
import { WIRE_FIXED32, WIRE_LENGTH, WIRE_VARINT } from './wire.ts';

/** What encoders write to. */
export interface FieldSink {
  varint(field: number, value: number | bigint): void;
  float(field: number, value: number): void;
  text(field: number, value: string): void;
  /** A length-delimited field of bytes; a span is passed on unread. */
  bytes(field: number, value: BytePart): void;
  /** Whole fields, tags included, as they are. */
  fields(span: ByteSpan): void;
  message(field: number, encode: (sink: FieldSink) => void): void;
}

/** Bytes of a varint. Negative int64 take ten. */
export function varintLength(value: number | bigint): number {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
    let length = 1;
    for (let v = value; v >= 128; v = Math.floor(v / 128)) length++;
    return length;
  }
  let length = 1;
  for (let v = BigInt.asUintN(64, BigInt(value)); v >= 128n; v >>= 7n) length++;
  return length;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0x80) length += c >= 0x800 ? 2 : 1;
    // A pair of surrogates is two units and four bytes: 2 + 2 − ... counted as 3 + 3, so take two back.
    if (c >= 0xd800 && c < 0xdc00 && i + 1 < text.length && isLow(text.charCodeAt(i + 1))) {
      length -= 2;
    }
  }
  return length;
}

function isLow(c: number): boolean {
  return c >= 0xdc00 && c < 0xe000;
}

const tagOf = (field: number, wire: number): number => field * 8 + wire;

/** Adds lengths up; never touches data. */
export class LengthSink implements FieldSink {
  length = 0;

  varint(field: number, value: number | bigint): void {
    this.length += varintLength(tagOf(field, WIRE_VARINT)) + varintLength(value);
  }

  float(field: number): void {
    this.length += varintLength(tagOf(field, WIRE_FIXED32)) + 4;
  }

  text(field: number, value: string): void {
    this.#delimited(field, utf8Length(value));
  }

  bytes(field: number, value: BytePart): void {
    this.#delimited(field, partLength(value));
  }

  fields(span: ByteSpan): void {
    this.length += span.length;
  }

  message(field: number, encode: (sink: FieldSink) => void): void {
    const inner = new LengthSink();
    encode(inner);
    this.#delimited(field, inner.length);
  }

  #delimited(field: number, length: number): void {
    this.length += varintLength(tagOf(field, WIRE_LENGTH)) + varintLength(length) + length;
  }
}

const utf8 = new TextEncoder();
const FIRST_SCRATCH_BYTES = 64;

/** Gathers parts: fresh bytes in between spans that are passed on unread. */
export class PartSink implements FieldSink {
  readonly #parts: BytePart[] = [];
  #scratch = new Uint8Array(FIRST_SCRATCH_BYTES);
  #used = 0;

  varint(field: number, value: number | bigint): void {
    this.#raw(tagOf(field, WIRE_VARINT));
    this.#raw(value);
  }

  float(field: number, value: number): void {
    this.#raw(tagOf(field, WIRE_FIXED32));
    this.#room(4);
    new DataView(this.#scratch.buffer).setFloat32(this.#used, value, true);
    this.#used += 4;
  }

  text(field: number, value: string): void {
    const bytes = utf8.encode(value);
    this.#raw(tagOf(field, WIRE_LENGTH));
    this.#raw(bytes.byteLength);
    this.#copy(bytes);
  }

  bytes(field: number, value: BytePart): void {
    this.#raw(tagOf(field, WIRE_LENGTH));
    this.#raw(partLength(value));
    this.#push(value);
  }

  fields(span: ByteSpan): void {
    this.#push(span);
  }

  message(field: number, encode: (sink: FieldSink) => void): void {
    const inner = new PartSink();
    encode(inner);
    const parts = inner.finish();
    this.#raw(tagOf(field, WIRE_LENGTH));
    this.#raw(partsLength(parts));
    for (const part of parts) this.#push(part);
  }

  finish(): readonly BytePart[] {
    this.#flush();
    return this.#parts;
  }

  /** Small fresh bytes are copied behind each other; spans and large buffers stay what they are. */
  #push(part: BytePart): void {
    if (!isSpan(part) && part.byteLength < JOIN_BYTES) {
      this.#copy(part);
      return;
    }
    if (partLength(part) === 0) return;
    this.#flush();
    this.#parts.push(part);
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#scratch.slice(0, this.#used));
    this.#used = 0;
  }

  #raw(value: number | bigint): void {
    this.#room(10);
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      let v = value;
      for (; v >= 128; v = Math.floor(v / 128)) this.#scratch[this.#used++] = (v % 128) + 128;
      this.#scratch[this.#used++] = v;
      return;
    }
    let v = BigInt.asUintN(64, BigInt(value));
    for (; v >= 128n; v >>= 7n) this.#scratch[this.#used++] = Number(v & 127n) + 128;
    this.#scratch[this.#used++] = Number(v);
  }

  #copy(bytes: Uint8Array): void {
    this.#room(bytes.byteLength);
    this.#scratch.set(bytes, this.#used);
    this.#used += bytes.byteLength;
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#scratch.byteLength) return;
    const grown = new Uint8Array(Math.max(this.#scratch.byteLength * 2, this.#used + bytes));
    grown.set(this.#scratch.subarray(0, this.#used));
    this.#scratch = grown;
  }
}

/** Below this a copy is cheaper than one more part: a Blob of ten thousand slices is slow to make and to read. */
const JOIN_BYTES = 16 * 1024;

/** Merges neighbours: spans that continue each other into one span, then runs of small parts into one buffer. */
export function joinSmallParts(parts: readonly BytePart[]): BytePart[] {
  const merged: BytePart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (last !== undefined && isSpan(part) && isSpan(last) && continues(last, part)) {
      merged[merged.length - 1] = {
        source: last.source,
        start: last.start,
        length: last.length + part.length,
      };
    } else if (partLength(part) > 0) merged.push(part);
  }
  const joined: BytePart[] = [];
  const windows = new Map<ByteSource, ByteWindow>();
  let run: BytePart[] = [];
  const endRun = (): void => {
    if (run.length === 1) joined.push(run[0]);
    else if (run.length > 1) joined.push(joinRun(run, windows));
    run = [];
  };
  for (const part of merged) {
    if (partLength(part) < JOIN_BYTES) run.push(part);
    else {
      endRun();
      joined.push(part);
    }
  }
  endRun();
  return joined;
}

function continues(a: ByteSpan, b: ByteSpan): boolean {
  return a.source === b.source && a.start + a.length === b.start;
}

/** Through windows: neighbours in a file cost one read together, not one each. */
function joinRun(run: readonly BytePart[], windows: Map<ByteSource, ByteWindow>): Uint8Array {
  const out = new Uint8Array(partsLength(run));
  let at = 0;
  for (const part of run) {
    if (isSpan(part)) {
      const window = windows.get(part.source) ?? new ByteWindow(part.source);
      windows.set(part.source, window);
      out.set(window.view(part.start, part.length), at);
    } else out.set(part, at);
    at += partLength(part);
  }
  return out;
}
