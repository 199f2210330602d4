/** A comparison in one plain sentence. It must not know how it was computed. */
import type { Interval } from '../types.ts';
import type { Verdict } from './types.ts';

const MINUS = '−';

/** −1,234.5: a real minus sign, thousands apart. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  const isZero = Number(text) === 0;
  const [whole, part] = text.split('.');
  const sign = isZero ? (digits === 0 ? '' : '±') : value < 0 ? MINUS : '+';
  return `${sign}${thousands(whole)}${part === undefined ? '' : `.${part}`}`;
}

export function thousands(whole: number | string): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** One digit for points; more where the interval is so narrow that one would hide it. */
function digitsFor(width: number): number {
  if (!(width > 0)) return 1;
  return Math.min(6, Math.max(1, Math.ceil(-Math.log10(width)) + 1));
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  better: 'better',
  worse: 'worse',
  indistinguishable: 'not distinguishable',
};

/** Fractions are said in points (hundredths), everything else in the unit of the labels. */
export function comparisonSentence(
  difference: number,
  { low, high }: Interval,
  n: number,
  noun: string,
  verdict: Verdict,
  unit: 'fraction' | 'plain',
  unanswered = 0,
): string {
  const missing = unanswered === 0 ? '' : `; no answer on ${thousands(unanswered)} that the original answers`;
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    return `${signed(difference, 3)} on a single sample: too few for an interval${missing}`;
  }
  const scale = unit === 'fraction' ? 100 : 1;
  const digits = digitsFor((high - low) * scale);
  const say = (value: number): string => signed(value * scale, digits);
  const suffix = unit === 'fraction' ? ' pt' : '';
  return `${say(difference)}${suffix}, between ${say(low)} and ${say(high)} on ${thousands(n)} ${noun}: ${VERDICTS[verdict]}${missing}`;
}
