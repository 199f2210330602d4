/** What it means when two runtimes give different outputs for the same file. It must not run anything. */
import { count, figure, finding } from './finding.ts';
import type { Finding, ParityRow } from './types.ts';

/**
 * Two orders of adding in float32 differ by about 2⁻²⁴ · √(products per output · layers): 10⁻⁶ to 10⁻⁵ of the signal, that
 * is 100 to 120 dB. A thousand times that is no rounding any more.
 */
const FLOAT_NOISE_DB = 60;
/** Halves have 11 bits: about 66 dB for one product, some 50 after a whole network. */
const HALF_NOISE_DB = 40;
/** The noise is a tenth of the signal. */
const BROKEN_DB = 20;

/** @param half the variant computes in 16-bit floats where the GPU can. */
export function withFinding(row: ParityRow, half: boolean): ParityRow {
  const found = row.failed === undefined ? differenceFinding(row, half) : failureFinding(row, row.failed);
  return found === undefined ? row : { ...row, finding: found };
}

function failureFinding({ who }: ParityRow, reason: string): Finding {
  return finding({
    hazard: 'parity',
    severity: 'error',
    what: `The ${who} does not run: ${reason}`,
    where: [],
    why: 'Somebody with this runtime would get an error instead of an answer.',
    fix: 'Choose the target that the model is meant for, so that the file is written in a form it reads.',
    source: 'measured',
  });
}

/** Below 0 dB the difference is larger than the outputs themselves: zeros would be closer. */
function nothingLeft({
  who,
  against,
  sqnrDb,
}: Pick<ParityRow, 'who' | 'against' | 'sqnrDb'>): Finding | undefined {
  if (sqnrDb === null || !(sqnrDb < 0)) return undefined;
  return finding({
    hazard: 'parity',
    severity: 'error',
    what: `Outputs of the ${who} have nothing in common with those of the ${against}: signal to noise ${figure(sqnrDb)} dB, so that zeros would be closer.`,
    where: [],
    why: 'Either compression has ruined the model, or this file was made from another one, another training of it for instance. These outputs do not tell which.',
    fix: 'Make sure that this is the file’s own original. If it is, choose more bits, or leave the layers that are most sensitive in floats.',
    source: 'measured',
  });
}

function differenceFinding(
  { who, against, sqnrDb, maxError, notFinite }: ParityRow,
  half: boolean,
): Finding | undefined {
  // Between variant and original quantization itself makes noise: that is agreement, not parity.
  if (who.startsWith('variant') !== against.startsWith('variant')) {
    return nothingLeft({ who, against, sqnrDb });
  }
  const noise = half && who.startsWith('variant') ? HALF_NOISE_DB : FLOAT_NOISE_DB;
  if (notFinite === 0 && (sqnrDb === null || sqnrDb >= noise)) return undefined;
  const broken = notFinite > 0 || (sqnrDb !== null && sqnrDb < BROKEN_DB);
  const numbers =
    notFinite > 0
      ? `${count(notFinite, 'number')} ${notFinite === 1 ? 'is' : 'are'} NaN or infinite on one side only`
      : `signal to noise ${figure(sqnrDb ?? 0)} dB, largest difference ${figure(maxError)}`;
  return finding({
    hazard: 'parity',
    severity: broken ? 'error' : 'warning',
    what: `The ${who} gives other outputs than the ${against}: ${numbers}.`,
    where: [],
    why: `The same file on the same inputs should differ by rounding only (more than ${noise} dB). What is tested on one runtime would not hold on the other.`,
    fix: who.startsWith('original')
      ? 'The difference is in the runtime or in the driver of this device, not in what Pare did. Measure accuracy on the runtime that will be used.'
      : 'Measure accuracy on the runtime that will be used, or leave the layers that differ in floats.',
    source: 'measured',
  });
}
