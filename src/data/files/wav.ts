/**
 * A .wav file as mono samples in −1..1. It must not know sets.
 * Source: Microsoft/IBM "Multimedia Programming Interface 1.0" (RIFF, fmt, data), WAVEFORMATEXTENSIBLE.
 */
import { PareError } from '../../core/errors.ts';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const NAMES: Readonly<Record<number, string>> = {
  2: 'ADPCM',
  6: 'A-law',
  7: 'µ-law',
  17: 'IMA ADPCM',
  85: 'MP3',
};
const MAX_CHANNELS = 64;

interface Format {
  readonly code: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

/** Channels are averaged. @throws PareError `malformed`, `truncated`, `unsupported` in one sentence */
export function readWav(bytes: Uint8Array, path: string): { sampleRate: number; samples: Float32Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || mark(0) !== 'RIFF' || mark(8) !== 'WAVE') {
    throw new PareError('malformed', `${path} is not a WAV file: it does not begin with RIFF and WAVE.`);
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = mark(at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (name === 'fmt ') format = readFormat(view, start, size, path);
    if (name === 'data') {
      if (format === undefined)
        throw new PareError('malformed', `${path} has samples before it says their format.`);
      // Recorders that stream write 0 or the largest number for "until the end".
      const open = size === 0xffffffff || size === 0;
      if (!open && start + size > bytes.length) {
        throw new PareError(
          'truncated',
          `${path} has ${bytes.length - start} of the ${size} bytes of sound that it says.`,
          {
            hint: 'The file is cut short.',
          },
        );
      }
      return decode(view, start, open ? bytes.length - start : size, format, path);
    }
    at = start + size + (size % 2);
  }
  throw new PareError('truncated', `${path} is a WAV file without sound in it.`);
}

function readFormat(view: DataView, start: number, size: number, path: string): Format {
  if (size < 16 || start + size > view.byteLength)
    throw new PareError('truncated', `${path} ends within its header.`);
  let code = view.getUint16(start, true);
  if (code === EXTENSIBLE && size >= 26) code = view.getUint16(start + 24, true);
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  const known =
    (code === PCM && [8, 16, 24, 32].includes(bits)) || (code === FLOAT && [32, 64].includes(bits));
  if (!known) {
    const what = code === PCM || code === FLOAT ? `${bits} bits` : (NAMES[code] ?? `format ${code}`);
    throw new PareError(
      'unsupported',
      `${path} holds ${what} sound; 8 to 32 bit integers and 32 or 64 bit floats can be read.`,
      {
        hint: 'Convert it to 16-bit PCM.',
      },
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS || sampleRate < 1) {
    throw new PareError('malformed', `${path} says ${channels} channels at ${sampleRate} Hz.`);
  }
  return { code, channels, sampleRate, bits };
}

function decode(
  view: DataView,
  start: number,
  size: number,
  { code, channels, sampleRate, bits }: Format,
  path: string,
): { sampleRate: number; samples: Float32Array } {
  const width = bits / 8;
  const frames = Math.floor(size / (width * channels));
  if (frames === 0) throw new PareError('truncated', `${path} is a WAV file without sound in it.`);
  const value = sampleReader(view, code, bits);
  const samples = new Float32Array(frames);
  for (let f = 0, at = start; f < frames; f++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += width) sum += value(at);
    samples[f] = sum / channels;
  }
  if (code === FLOAT && !samples.every(Number.isFinite)) {
    throw new PareError('data-invalid', `${path} holds sound values that are not finite.`);
  }
  return { sampleRate, samples };
}

function sampleReader(view: DataView, code: number, bits: number): (at: number) => number {
  if (code === FLOAT)
    return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  switch (bits) {
    case 8:
      return (at) => (view.getUint8(at) - 128) / 128;
    case 16:
      return (at) => view.getInt16(at, true) / 32768;
    case 24:
      return (at) => ((view.getUint8(at + 2) << 24) | (view.getUint16(at, true) << 8)) / 2147483648;
    default:
      return (at) => view.getInt32(at, true) / 2147483648;
  }
}
