/** Whether a difference of two heaps means anything. Pure. */
import type { Verdict } from '../../store/verdict.ts';
import { formatChange } from '../../ui/format.ts';

/** The allocator rounds what it hands out: below this share nothing was saved or lost. */
const MEMORY_NOISE = 0.03;

export function memoryVerdict(value: number, baseline: number, resolutionBytes: number): Verdict {
  const difference = value - baseline;
  if (Math.abs(difference) <= Math.max(MEMORY_NOISE * baseline, resolutionBytes)) {
    return { tone: 'neutral', text: 'no difference to be seen' };
  }
  return { tone: difference > 0 ? 'bad' : 'good', text: formatChange(value, baseline) };
}
