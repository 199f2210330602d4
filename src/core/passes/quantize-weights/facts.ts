/** What the report says of a whole step: which methods were really used, on which samples. It must not know graphs. */
import type { CalibrationSamples } from '../../calibration/types.ts';
import type { DoneMethod } from './encode.ts';
import type { Done } from './pass.ts';

const WORDS: Readonly<Record<DoneMethod, string>> = {
  nearest: 'nearest codes',
  hqq: 'HQQ',
  gptq: 'GPTQ',
  descent: 'descent on your inputs',
  'gptq-descent': 'GPTQ, then descent',
  assumed: 'descent on assumed inputs (no samples)',
};

const USES_SAMPLES: ReadonlySet<DoneMethod | 'fp16'> = new Set(['gptq', 'descent', 'gptq-descent']);

export function factsOf(
  done: readonly Done[],
  samples: CalibrationSamples | undefined,
): Readonly<Record<string, number | string>> {
  const facts: Record<string, number | string> = { 'weights encoded': done.length };
  for (const [method, words] of Object.entries(WORDS)) {
    const count = done.filter((one) => one.method === method).length;
    if (count > 0) facts[`rounded by ${words}`] = count;
  }
  const usesSamples = done.some(({ method }) => USES_SAMPLES.has(method));
  if (usesSamples && samples !== undefined) {
    facts['rounded on'] = samples.description;
    if (samples.origin === 'synthetic') facts['warning'] = 'made-up inputs stood in for samples of your data';
  }
  const reasons = new Map<string, number>();
  for (const { noMoments } of done) {
    if (noMoments !== undefined) reasons.set(noMoments, (reasons.get(noMoments) ?? 0) + 1);
  }
  if (reasons.size > 0) {
    facts['not rounded on samples'] = [...reasons].map(([why, count]) => `${count}: ${why}`).join('; ');
  }
  const flushed = done.reduce((sum, one) => sum + one.flushed, 0);
  if (flushed > 0) facts['values too small for fp16, now 0'] = flushed;
  return facts;
}
