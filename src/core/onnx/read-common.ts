/** What the readers of all messages share: unmodelled fields, doc strings, small messages. It must not know graphs. */
import type { ByteSpan } from '../bytes/source.ts';
import { DATA_TYPES } from '../tensor/dtype.ts';
import type { DataType } from '../tensor/dtype.ts';
import type { MetadataEntry, OperatorSet } from './ir.ts';
import { markOriginal } from './original.ts';
import { malformed, WIRE_LENGTH, WIRE_VARINT } from './wire.ts';
import type { MessageCursor } from './wire.ts';

/** Collects unmodelled fields; neighbours become one span, so that a file of tiny unknown fields stays small in memory. */
export class Extras {
  readonly #spans: { source: ByteSpan['source']; start: number; length: number }[] = [];
  /** Values that cannot be modelled of fields that are: the last of a field counts, and only that one. */
  readonly #values = new Map<number, ByteSpan>();

  add(c: MessageCursor): void {
    const last = this.#spans.at(-1);
    const length = c.fieldEnd - c.fieldStart;
    if (last !== undefined && last.start + last.length === c.fieldStart) last.length += length;
    else this.#spans.push({ source: c.input.source, start: c.fieldStart, length });
  }

  /** Tells that a modelled field was read: keeps it when its value could not be understood, forgets earlier ones. */
  value(c: MessageCursor, understood: boolean): void {
    if (understood) this.#values.delete(c.field);
    else {
      const length = c.fieldEnd - c.fieldStart;
      this.#values.set(c.field, { source: c.input.source, start: c.fieldStart, length });
    }
  }

  /** The field's value is modelled after all. */
  forget(field: number): void {
    this.#values.delete(field);
  }

  get spans(): readonly ByteSpan[] {
    return this.#values.size === 0 ? this.#spans : [...this.#spans, ...this.#values.values()];
  }

  /** As an optional property. */
  get property(): { extras?: readonly ByteSpan[] } {
    const spans = this.spans;
    return spans.length === 0 ? {} : { extras: spans };
  }
}

/** A singular message that stands there twice would have to be merged; no exporter writes that. */
export function refuseTwice(c: MessageCursor, earlier: unknown): void {
  if (earlier !== undefined) throw malformed(`Field ${c.field} of ${c.name} is given twice.`, c.fieldStart);
}

/** A doc string, or '' and an extra when it is not UTF-8: text for people must not make a file unreadable. */
export function docText(c: MessageCursor, extras: Extras): string {
  const text = c.textOrNothing();
  extras.value(c, text !== undefined);
  return text ?? '';
}

/** The type of a DataType code; undefined for codes that the specification does not know. */
export function dataTypeOf(code: number): DataType | undefined {
  return DATA_TYPES[code];
}

export function readOperatorSet(c: MessageCursor): OperatorSet {
  let domain = '';
  let version = 0;
  const extras = new Extras();
  while (c.next()) {
    if (c.field === 1 && c.wire === WIRE_LENGTH) domain = c.text();
    else if (c.field === 2 && c.wire === WIRE_VARINT) version = c.number();
    else extras.add(c);
  }
  return markOriginal({ domain, version, verbatim: c.span, ...extras.property });
}

export function readEntry(c: MessageCursor): MetadataEntry {
  let key = '';
  let value = '';
  const extras = new Extras();
  while (c.next()) {
    if (c.field === 1 && c.wire === WIRE_LENGTH) key = c.text();
    else if (c.field === 2 && c.wire === WIRE_LENGTH) value = docText(c, extras);
    else extras.add(c);
  }
  return markOriginal({ key, value, verbatim: c.span, ...extras.property });
}
