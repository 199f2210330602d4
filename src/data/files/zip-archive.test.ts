/** Every way to write a zip that is in use, and every lie that one can tell. */
import { describe, expect, it } from 'vitest';
import { Writer, buildZip, bytesOf } from '../testing/build-zip.ts';
import type { ZipEntry } from '../testing/build-zip.ts';
import { errorOf, memoryFile } from '../testing/open-test-set.ts';
import type { DataFile } from '../types.ts';
import { MAX_FILE_BYTES } from './inflate.ts';
import { openZip } from './zip-archive.ts';
import type { ZipArchive } from './zip-archive.ts';

const text = bytesOf('one two three, one two three, one two three');
const zeros = new Uint8Array(2_000_000);

function open(entries: readonly ZipEntry[]): Promise<ZipArchive> {
  return openZip(memoryFile('set.zip', buildZip(entries)), () => Promise.resolve());
}

describe('entries', () => {
  const ways: [string, Partial<ZipEntry>][] = [
    ['stored', {}],
    ['deflated', { deflate: true }],
    ['with sizes after the data', { deflate: true, descriptor: true }],
    ['zip64', { deflate: true, zip64: true }],
    ['stored, zip64', { zip64: true }],
  ];
  it.each(ways)('%s are read', async (_, how) => {
    const archive = await open([
      { name: 'a.txt', data: text, ...how },
      { name: 'b.txt', data: bytesOf('b'), ...how },
    ]);
    expect(archive.names).toEqual(['a.txt', 'b.txt']);
    expect(await archive.read(0, MAX_FILE_BYTES)).toEqual(text);
    expect(await archive.read(1, MAX_FILE_BYTES)).toEqual(bytesOf('b'));
    expect(archive.size(0)).toBe(text.length);
  });

  it('larger than one piece are streamed', async () => {
    const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >>> (i % 13));
    const archive = await open([{ name: 'noise', data: noise, deflate: true }]);
    expect(await archive.read(0, MAX_FILE_BYTES)).toEqual(noise);
  });

  it('that are stored can be read in ranges, packed ones cannot', async () => {
    const archive = await open([
      { name: 'a', data: text },
      { name: 'b', data: text, deflate: true },
    ]);
    const stored = await archive.stored(0);
    expect(await stored?.read(4, 7)).toEqual(bytesOf('two'));
    expect((await errorOf(() => stored!.read(0, text.length + 1))).code).toBe('truncated');
    expect(await archive.stored(1)).toBeUndefined();
  });

  it('have names in UTF-8 with its flag and in CP437 without', async () => {
    const archive = await open([
      { name: 'größe/猫.png', data: text },
      // CP437: 0x84 is ä, 0xe1 is ß.
      { name: Uint8Array.of(0x84, 0xe1, 0x2e, 0x70, 0x6e, 0x67), data: text, utf8: false },
    ]);
    expect(archive.names).toEqual(['größe/猫.png', 'äß.png']);
  });

  it('folders are no entries', async () => {
    const archive = await open([
      { name: 'a/', data: new Uint8Array(0) },
      { name: 'a/b', data: text },
    ]);
    expect(archive.names).toEqual(['a/b']);
  });
});

describe('lies', () => {
  const lies: [string, ZipEntry, string, RegExp][] = [
    ['an encrypted entry', { name: 'a', data: text, encrypted: true }, 'unsupported', /a is encrypted/],
    [
      'another method',
      { name: 'a', data: text, claim: { method: 14 } },
      'unsupported',
      /packed by method 14/,
    ],
    ['a wrong checksum', { name: 'a', data: text, claim: { checksum: 1 } }, 'malformed', /checksum/],
    [
      'more bytes than claimed',
      { name: 'a', data: text, deflate: true, claim: { size: 3 } },
      'malformed',
      /3 bytes that it claims/,
    ],
    [
      'fewer bytes than claimed',
      { name: 'a', data: text, deflate: true, claim: { size: 999 } },
      'malformed',
      /999 bytes/,
    ],
    [
      'two sizes of a stored entry',
      { name: 'a', data: text, claim: { size: 999 } },
      'malformed',
      /two different sizes/,
    ],
    [
      'a claim above the bound',
      { name: 'a', data: text, deflate: true, claim: { size: 300_000_000 } },
      'too-large',
      /300 MB unpacked; up to 268 MB/,
    ],
    // 2,000,000 zeros deflate to about 2 kB, 1:1000 and more.
    ['a bomb', { name: 'a', data: zeros, deflate: true }, 'too-large', /looks like a zip bomb/],
    [
      'a bomb that claims less',
      { name: 'a', data: zeros, deflate: true, claim: { size: 100_000 } },
      'malformed',
      /does not unpack to the 100000 bytes/,
    ],
  ];
  it.each(lies)('%s is refused for that sample alone', async (_, entry, code, message) => {
    const archive = await open([entry, { name: 'good', data: text, deflate: true }]);
    const error = await errorOf(() => archive.read(0, MAX_FILE_BYTES));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await archive.read(1, MAX_FILE_BYTES)).toEqual(text);
  });

  it('cut at any byte gives a sentence or the right bytes, never something else', async () => {
    const whole = buildZip([
      { name: 'a', data: text, deflate: true },
      { name: 'b', data: text },
    ]);
    for (let length = 0; length < whole.length; length++) {
      const error = await errorOf(async () => {
        const archive = await openZip(memoryFile('cut.zip', whole.subarray(0, length)), () =>
          Promise.resolve(),
        );
        for (const i of archive.names.keys()) await archive.read(i, MAX_FILE_BYTES);
      });
      expect(['malformed', 'truncated']).toContain(error.code);
    }
  });

  it('flipped bytes give a sentence or the right bytes', async () => {
    const whole = buildZip([
      { name: 'a', data: text, deflate: true },
      { name: 'b', data: text },
    ]);
    let read = 0;
    for (let at = 0; at < whole.length; at++) {
      const flipped = whole.slice();
      flipped[at] ^= 0x41;
      try {
        const archive = await openZip(memoryFile('flipped.zip', flipped), () => Promise.resolve());
        for (const i of archive.names.keys()) {
          expect(await archive.read(i, MAX_FILE_BYTES)).toEqual(text);
          read++;
        }
      } catch (error) {
        expect(error).toHaveProperty('code');
      }
    }
    expect(read).toBeGreaterThan(0);
  });

  it('a text with the name of a zip is told', async () => {
    const error = await errorOf(() =>
      openZip(memoryFile('a.zip', 'hello, this is no zip'), () => Promise.resolve()),
    );
    expect(error.code).toBe('malformed');
    expect(error.message).toMatch(/a\.zip cannot be read as a zip/);
  });

  it('a directory of hundreds of megabytes is refused before it is read', async () => {
    // 400 MB that do not exist: zeros, and an end record that claims a directory of 300 MB at the start.
    const end = new Writer()
      .u32(0x06054b50)
      .u16(0)
      .u16(0)
      .u16(65_535)
      .u16(65_535)
      .u32(300_000_000)
      .u32(0)
      .u16(0)
      .finish();
    const bytes = 400_000_000;
    let most = 0;
    const file: DataFile = {
      path: 'huge.zip',
      bytes,
      read(from, to) {
        most = Math.max(most, to - from);
        const part = new Uint8Array(to - from);
        for (let at = Math.max(from, bytes - end.length); at < to; at++)
          part[at - from] = end[at - (bytes - end.length)];
        return Promise.resolve(part);
      },
    };
    const error = await errorOf(() => openZip(file, () => Promise.resolve()));
    expect(error).toMatchObject({ code: 'too-large' });
    expect(error.message).toMatch(/huge\.zip claims more entries than can be held/);
    expect(most).toBeLessThan(1_000_000);
  });
});
