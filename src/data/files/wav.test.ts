/** Sounds of every width, and headers that lie. Expected values are code / 2^(bits − 1). */
import { describe, expect, it } from 'vitest';
import { buildWav } from '../testing/build-arrays.ts';
import { bytesOf } from '../testing/build-zip.ts';
import { errorOf } from '../testing/open-test-set.ts';
import { readWav } from './wav.ts';

const bytes = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer);

describe('samples', () => {
  const kinds: [string, Uint8Array, object][] = [
    ['8 bit', Uint8Array.of(128, 192, 0), { bits: 8 }],
    ['16 bit', bytes(Int16Array.of(0, 16384, -32768)), { bits: 16 }],
    ['24 bit', Uint8Array.of(0, 0, 0, 0, 0, 0x40, 0, 0, 0x80), { bits: 24 }],
    ['32 bit', bytes(Int32Array.of(0, 2 ** 30, -(2 ** 31))), { bits: 32 }],
    ['float 32', bytes(Float32Array.of(0, 0.5, -1)), { code: 3, bits: 32 }],
    ['float 64', bytes(Float64Array.of(0, 0.5, -1)), { code: 3, bits: 64 }],
    ['extensible 16 bit', bytes(Int16Array.of(0, 16384, -32768)), { bits: 16, extensible: true }],
    ['extensible float', bytes(Float32Array.of(0, 0.5, -1)), { code: 3, bits: 32, extensible: true }],
  ];
  it.each(kinds)('%s', (_, data, options) => {
    const { sampleRate, samples } = readWav(buildWav(data, { ...options, sampleRate: 8000 }), 'a.wav');
    expect(sampleRate).toBe(8000);
    expect([...samples]).toEqual([0, 0.5, -1]);
  });

  it('channels are averaged', () => {
    const data = bytes(Int16Array.of(16384, 0, -16384, -32768));
    expect([...readWav(buildWav(data, { channels: 2 }), 'a.wav').samples]).toEqual([0.25, -0.75]);
  });

  it('a length that streaming recorders leave open is the rest of the file', () => {
    const data = bytes(Int16Array.of(16384, 16384));
    for (const claim of [0, 0xffffffff]) {
      expect(readWav(buildWav(data, { claim }), 'a.wav').samples).toHaveLength(2);
    }
  });
});

const two = bytes(Int16Array.of(1, 2));
const wrong: [string, Uint8Array, string, RegExp][] = [
  ['another file', bytesOf('ID3 this is an MP3'), 'malformed', /a\.wav is not a WAV file/],
  ['cut short', buildWav(two, { claim: 100 }), 'truncated', /4 of the 100 bytes/],
  ['without sound', buildWav(new Uint8Array(0)), 'truncated', /without sound/],
  ['µ-law', buildWav(two, { code: 7, bits: 8 }), 'unsupported', /µ-law/],
  ['12 bits', buildWav(two, { bits: 12 }), 'unsupported', /12 bits/],
  ['no channels', buildWav(two, { channels: 0 }), 'malformed', /0 channels/],
  ['no rate', buildWav(two, { sampleRate: 0 }), 'malformed', /at 0 Hz/],
  ['NaN', buildWav(bytes(Float32Array.of(NaN)), { code: 3, bits: 32 }), 'data-invalid', /not finite/],
  ['the header alone', buildWav(two).subarray(0, 30), 'truncated', /./],
];
it.each(wrong)('%s: a sentence', async (_, file, code, message) => {
  const error = await errorOf(() => Promise.resolve().then(() => readWav(file, 'a.wav')));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});
