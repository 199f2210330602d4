/**
 * Reads protobuf messages over a source, field by field, without copying. It must not know ONNX.
 *
 * Hostile input: every length is checked against the end of the message that holds it, nothing is allocated from a
 * length before that check, varints stop at ten bytes, groups are refused, and a budget bounds what one file can
 * make the reader build.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
import { ByteWindow } from '../bytes/window.ts';
import type { ByteSource, ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { OwnedSpan } from './original.ts';

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_LENGTH = 2;
export const WIRE_FIXED32 = 5;

/** Protobuf itself refuses more than 100 nested messages. */
export const MAX_DEPTH = 100;

/**
 * A message becomes an object of some hundred bytes; a hostile file of empty ones would fill the heap. Real models have
 * some hundred thousand messages of ten bytes and more.
 */
const MAX_MESSAGES = 2_000_000;
const MIN_BYTES_PER_MESSAGE = 4;
/** So many in any file, however small. */
const FREE_MESSAGES = 10_000;
/** Names, attribute numbers and dims, all together. */
const MAX_ITEMS = 8_000_000;

const redownload = 'The file is cut off or damaged. Download or export it again.';

/** What one file is read with: the window on its bytes and the budget of what may be built from it. */
export class WireInput {
  readonly source: ByteSource;
  readonly window: ByteWindow;
  #messages: number;
  #items = MAX_ITEMS;

  constructor(source: ByteSource) {
    this.source = source;
    this.window = new ByteWindow(source);
    this.#messages = Math.min(MAX_MESSAGES, FREE_MESSAGES + source.size / MIN_BYTES_PER_MESSAGE);
  }

  /** @throws PareError `too-large` */
  spendMessage(at: number): void {
    if (--this.#messages < 0) throw tooLarge('too many messages for its size', at);
  }

  /** @throws PareError `too-large` */
  spendItem(at: number): void {
    if (--this.#items < 0) throw tooLarge(`more than ${MAX_ITEMS} names and numbers outside its tensors`, at);
  }
}

function tooLarge(what: string, at: number): PareError {
  return new PareError('too-large', `The file holds ${what}.`, {
    at: `byte ${at}`,
    hint: 'No real model is like this; the file is damaged, or was made to exhaust memory.',
  });
}

export function malformed(message: string, at: number): PareError {
  return new PareError('malformed', message, { at: `byte ${at}`, hint: redownload });
}

/** Walks the fields of one message. Call `next`, look at `field` and `wire`, take the value. */
export class MessageCursor {
  readonly input: WireInput;
  /** The name of the message in onnx.proto, for errors. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  field = 0;
  wire = 0;
  /** First byte of the field's tag. */
  fieldStart = 0;
  /** First byte of the value (behind the length, where there is one). */
  valueStart = 0;
  /** Bytes of the value. */
  valueLength = 0;
  #next: number;

  constructor(input: WireInput, name: string, start: number, end: number, depth: number) {
    this.input = input;
    this.name = name;
    this.start = start;
    this.end = end;
    this.depth = depth;
    this.#next = start;
    input.spendMessage(start);
    if (depth > MAX_DEPTH) {
      throw new PareError('too-deep', `Messages are nested more than ${MAX_DEPTH} deep.`, {
        at: `byte ${start}`,
        hint: 'No real model is like this; the file is damaged, or was made to exhaust the stack.',
      });
    }
  }

  /** The whole message, without its tag and length. */
  get span(): OwnedSpan {
    return new OwnedSpan(this.input.source, this.start, this.end - this.start);
  }

  /** The field's value. */
  get valueSpan(): ByteSpan {
    return { source: this.input.source, start: this.valueStart, length: this.valueLength };
  }

  /** First byte behind the field. */
  get fieldEnd(): number {
    return this.#next;
  }

  /** Moves to the next field; false at the end. @throws PareError `malformed`, `truncated` */
  next(): boolean {
    if (this.#next >= this.end) return false;
    this.fieldStart = this.#next;
    const tag = this.#tag();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0) throw malformed(`Field number 0 in ${this.name}.`, this.fieldStart);
    this.valueStart = this.#next;
    switch (this.wire) {
      case WIRE_VARINT:
        this.valueLength = this.#varintLength(this.valueStart);
        break;
      case WIRE_FIXED64:
        this.valueLength = 8;
        break;
      case WIRE_LENGTH: {
        this.valueLength = this.#length();
        this.valueStart = this.#next;
        break;
      }
      case WIRE_FIXED32:
        this.valueLength = 4;
        break;
      default:
        throw malformed(
          `Field ${this.field} of ${this.name} has wire type ${this.wire}, which ONNX does not use.`,
          this.fieldStart,
        );
    }
    this.#next = this.valueStart + this.valueLength;
    if (this.#next > this.end) throw this.#overrun();
    return true;
  }

  /** int64 of a varint field. */
  int64(): bigint {
    return this.#signed(this.valueStart, this.valueLength);
  }

  /** int64 as a number: exact below 2^53, rounded above. */
  number(): number {
    if (this.valueLength <= 4) return this.#small(this.valueStart, this.valueLength);
    return Number(this.int64());
  }

  /** float of a 32-bit field. */
  float(): number {
    const b = this.input.window.view(this.valueStart, 4);
    return new DataView(b.buffer, b.byteOffset, 4).getFloat32(0, true);
  }

  /** The value as a view that later reads may replace. */
  bytes(): Uint8Array {
    return this.input.window.view(this.valueStart, this.valueLength);
  }

  /** The value as a copy that is safe to keep. */
  ownBytes(): Uint8Array {
    return this.bytes().slice();
  }

  /** The value as text. @throws PareError `malformed` when it is not UTF-8. */
  text(): string {
    const text = this.textOrNothing();
    if (text === undefined) {
      throw malformed(`Field ${this.field} of ${this.name} must be UTF-8 text and is not.`, this.valueStart);
    }
    return text;
  }

  /** The value as text; undefined when it is not UTF-8. */
  textOrNothing(): string | undefined {
    return decodeUtf8(this.bytes());
  }

  /** A cursor on the message in this field. */
  enter(name: string): MessageCursor {
    return new MessageCursor(
      this.input,
      name,
      this.valueStart,
      this.valueStart + this.valueLength,
      this.depth + 1,
    );
  }

  /** Appends the varints of a repeated integer field, packed or not. */
  varints(into: bigint[]): void {
    const end = this.valueStart + this.valueLength;
    for (let at = this.valueStart; at < end;) {
      const length = this.#varintLength(at);
      if (at + length > end) throw malformed(`A packed number of ${this.name} leaves its field.`, at);
      this.input.spendItem(at);
      into.push(this.#signed(at, length));
      at += length;
    }
  }

  /** Appends the floats of a repeated float field, packed or not. */
  floats(into: number[]): void {
    if (this.valueLength % 4 !== 0) {
      throw malformed(
        `Packed floats of ${this.name} take ${this.valueLength} bytes, no multiple of 4.`,
        this.valueStart,
      );
    }
    const bytes = this.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < this.valueLength; at += 4) {
      this.input.spendItem(this.valueStart + at);
      into.push(view.getFloat32(at, true));
    }
  }

  #overrun(): PareError {
    // A message that itself ends before the file does is whole: then a number in it is wrong.
    const past = this.end === this.input.source.size;
    return new PareError(
      past ? 'truncated' : 'malformed',
      `Field ${this.field} of ${this.name} says it is ${this.valueLength} bytes long, but only ` +
        `${Math.max(0, this.end - this.valueStart)} are left in ${past ? 'the file' : 'the message around it'}.`,
      { at: `byte ${this.fieldStart}`, hint: redownload },
    );
  }

  #tag(): number {
    const length = this.#varintLength(this.#next);
    const tag = length <= 4 ? this.#small(this.#next, length) : Number(this.#varint(this.#next));
    if (tag > 0xffffffff) throw malformed(`A field number of ${this.name} is too large.`, this.#next);
    this.#next += length;
    return tag;
  }

  #length(): number {
    const at = this.#next;
    const length = this.#varintLength(at);
    const value = length <= 4 ? this.#small(at, length) : Number(this.#varint(at));
    this.#next += length;
    return value;
  }

  /** Bytes of the varint at `at`, which must end inside the message. */
  #varintLength(at: number): number {
    const window = this.input.window;
    for (let n = 1; n <= 10; n++) {
      if (at + n > this.end) {
        const atEnd = this.end === this.input.source.size;
        throw new PareError(atEnd ? 'truncated' : 'malformed', `${this.name} ends inside a number.`, {
          at: `byte ${at}`,
          hint: redownload,
        });
      }
      if (window.byteAt(at + n - 1) < 0x80) return n;
    }
    throw malformed(`A number in ${this.name} is longer than ten bytes.`, at);
  }

  /** A varint of at most four bytes (28 bits): plain integer arithmetic is exact. */
  #small(at: number, length: number): number {
    const window = this.input.window;
    let value = 0;
    let unit = 1;
    for (let i = 0; i < length; i++, unit *= 128) value += (window.byteAt(at + i) % 128) * unit;
    return value;
  }

  #signed(at: number, length: number): bigint {
    return length <= 4 ? BigInt(this.#small(at, length)) : BigInt.asIntN(64, this.#varint(at));
  }

  #varint(at: number): bigint {
    const window = this.input.window;
    let value = 0n;
    for (let shift = 0n; ; shift += 7n, at++) {
      const byte = window.byteAt(at);
      value |= BigInt(byte % 128) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }
}

const SHORT_TEXT_BYTES = 64;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes; undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  // Most names are short ASCII, for which the decoder's call costs more than the work. One call for the whole text:
  // adding letter by letter gives ropes, which the first lookup in a map has to flatten.
  if (bytes.byteLength <= SHORT_TEXT_BYTES && isAscii(bytes)) {
    return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  }
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.byteLength; i++) if (bytes[i] >= 0x80) return false;
  return true;
}
