/**
 * Zips made by hand, so that each lie a zip can tell may be told. Tests only.
 * Source: PKWARE APPNOTE 4.3.7 (local header), 4.3.12 (central directory), 4.3.14–16 (ends), 4.5.3 (zip64).
 */
import { deflateSync } from 'fflate';
import { crc32 } from '../files/crc32.ts';

export interface ZipEntry {
  readonly name: string | Uint8Array;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Sizes after the data, as streaming writers do it. */
  readonly descriptor?: boolean;
  readonly zip64?: boolean;
  /** What the directory claims instead of the truth. */
  readonly claim?: { readonly size?: number; readonly checksum?: number; readonly method?: number };
  readonly encrypted?: boolean;
  /** Bit 11: the name is UTF-8. */
  readonly utf8?: boolean;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function buildZip(entries: readonly ZipEntry[]): Uint8Array {
  const body = new Writer();
  const directory = new Writer();
  for (const entry of entries) addEntry(entry, body, directory);
  const start = body.length;
  body.bytes(directory.finish());
  const size = body.length - start;
  if (entries.some(({ zip64 }) => zip64 === true)) {
    const end64 = body.length;
    body.u32(0x06064b50).u64(44).u16(45).u16(45).u32(0).u32(0);
    body.u64(entries.length).u64(entries.length).u64(size).u64(start);
    body.u32(0x07064b50).u32(0).u64(end64).u32(1);
    body.u32(0x06054b50).u16(0).u16(0).u16(0xffff).u16(0xffff).u32(0xffffffff).u32(0xffffffff).u16(0);
  } else {
    body.u32(0x06054b50).u16(0).u16(0).u16(entries.length).u16(entries.length).u32(size).u32(start).u16(0);
  }
  return body.finish();
}

function addEntry(entry: ZipEntry, body: Writer, directory: Writer): void {
  const name = typeof entry.name === 'string' ? bytesOf(entry.name) : entry.name;
  const packed = entry.deflate === true ? deflateSync(entry.data) : entry.data;
  const method = entry.claim?.method ?? (entry.deflate === true ? 8 : 0);
  const size = entry.claim?.size ?? entry.data.length;
  const checksum = entry.claim?.checksum ?? crc32(entry.data);
  const flags =
    (entry.encrypted === true ? 1 : 0) +
    (entry.descriptor === true ? 8 : 0) +
    (entry.utf8 === false ? 0 : 0x800);
  const at = body.length;
  const later = entry.descriptor === true;
  body.u32(0x04034b50).u16(20).u16(flags).u16(method).u32(0x00210000);
  body
    .u32(later ? 0 : checksum)
    .u32(later ? 0 : packed.length)
    .u32(later ? 0 : size);
  body.u16(name.length).u16(0).bytes(name).bytes(packed);
  if (later) body.u32(0x08074b50).u32(checksum).u32(packed.length).u32(size);
  const big = entry.zip64 === true;
  directory.u32(0x02014b50).u16(20).u16(20).u16(flags).u16(method).u32(0x00210000).u32(checksum);
  directory.u32(big ? 0xffffffff : packed.length).u32(big ? 0xffffffff : size);
  directory
    .u16(name.length)
    .u16(big ? 28 : 0)
    .u16(0)
    .u16(0)
    .u16(0)
    .u32(0)
    .u32(big ? 0xffffffff : at);
  directory.bytes(name);
  if (big) directory.u16(1).u16(24).u64(size).u64(packed.length).u64(at);
}

/** Little-endian numbers one after the other. */
export class Writer {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  bytes(part: Uint8Array): this {
    this.#parts.push(part);
    this.length += part.length;
    return this;
  }

  u16(value: number): this {
    return this.bytes(Uint8Array.of(value & 255, (value >>> 8) & 255));
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(Math.floor(value / 65536) & 0xffff);
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32));
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
