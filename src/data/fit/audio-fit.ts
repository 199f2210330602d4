/**
 * A waveform as a model's input: resampled, cut or padded. It must not know files or models.
 *
 * Resampling: sinc interpolation under a Hann window, six zero crossings to each side, with the cut-off at 0.99 of the
 * lower rate's half, so that nothing above it folds back. Source: J. O. Smith, Digital Audio Resampling; the window
 * and the numbers are the defaults of torchaudio.
 */
import type { AudioFit } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { RawValue } from '../types.ts';
import { encode, store } from './values.ts';
import type { FeedType, ValueArray } from './values.ts';

const ZERO_CROSSINGS = 6;
const ROLL_OFF = 0.99;

/** @returns at most `length` samples of the waveform at its new rate. */
export function resampleAudio(
  samples: Float32Array,
  fromRate: number,
  toRate: number,
  length: number,
): Float32Array {
  if (fromRate === toRate) return samples.subarray(0, length);
  const count = Math.min(length, Math.ceil((samples.length * toRate) / fromRate));
  const cutOff = Math.min(fromRate, toRate) * ROLL_OFF;
  // Half the width of the kernel, in source samples.
  const reach = (ZERO_CROSSINGS * fromRate) / cutOff;
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const centre = (i * fromRate) / toRate;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let k = first; k <= last; k++) {
      const x = ((k - centre) * cutOff) / fromRate;
      const window = Math.cos((Math.PI * x) / (2 * ZERO_CROSSINGS)) ** 2;
      sum += samples[k] * window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
    }
    out[i] = (sum * cutOff) / fromRate;
  }
  return out;
}

/** Writes one waveform at `at`; what is missing at the end is silence. */
export function writeAudio(
  raw: Extract<RawValue, { readonly kind: 'audio' }>,
  fit: AudioFit,
  type: FeedType,
  out: ValueArray,
  at: number,
): void {
  if (elementCount(fit.dims) !== fit.length) {
    throw new PareError(
      'data-invalid',
      `The description gives ${fit.length} samples of sound; the model takes [${fit.dims.join(', ')}].`,
    );
  }
  const samples = resampleAudio(raw.samples, raw.sampleRate, fit.sampleRate, fit.length);
  for (let i = 0; i < fit.length; i++) {
    const x = i < samples.length ? samples[i] : 0;
    if (!Number.isFinite(x)) throw new PareError('data-invalid', `The sound holds NaN at sample ${i}.`);
    store(out, at + i, encode(type, x * fit.scale));
  }
}
