/** Lines of the quantization table as text, and the sentences under it. It must not run anything. */
import type { TaskComparison } from '../../src/core/metrics/tasks/types.ts';
import type { Interval, LatencyMeasurement } from '../../src/core/metrics/types.ts';
import type { WeightBits } from './pare-variants.ts';

/** On the same samples: the variant less the peer, with the paired 95 % interval. */
export interface Against {
  readonly peer: string;
  readonly difference: number;
  readonly interval: Interval;
}

export interface QuantizationLine {
  readonly model: string;
  readonly variant: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  readonly peer: boolean;
  readonly n: number;
  readonly value: number;
  readonly comparison: TaskComparison | null;
  /** Against the best peer of this run; null of fp32 and of peers. */
  readonly against: Against | null;
  readonly bytes: number;
  readonly bits: WeightBits | null;
  readonly latency: LatencyMeasurement | null;
  readonly note: string;
}

const points = (fraction: number): string => `${fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(2)}`;
const pointsWithin = (difference: number, { low, high }: Interval): string =>
  `${points(difference)} [${points(low)}, ${points(high)}]`;

export function describeLine(line: QuantizationLine): string {
  const { variant, value, comparison, bytes, latency, note, bits, against } = line;
  const change = comparison === null ? '' : pointsWithin(comparison.difference, comparison.interval);
  const speed =
    latency === null
      ? ''
      : `${latency.speedup.toFixed(3)}x [${latency.speedupInterval.low.toFixed(3)}, ${latency.speedupInterval.high.toFixed(3)}]`;
  const width =
    bits === null ? '' : `${bits.scales.toFixed(2)} bits a weight, ${bits.file.toFixed(2)} with decoding; `;
  const peer =
    against === null ? '' : `${pointsWithin(against.difference, against.interval)} to ${against.peer}; `;
  return `  ${variant.padEnd(26)} ${(100 * value).toFixed(2).padStart(6)} %  ${change.padEnd(24)} ${String(bytes).padStart(9)} B  ${speed.padEnd(24)} ${peer}${width}${note}`;
}

/** How often peers are slower than the original, and whether Pare's automatic int8 is below the best of them. */
export function summaryOf(lines: readonly QuantizationLine[]): string[] {
  const sentences: string[] = [];
  const timed = lines.filter(({ peer, latency }) => peer && latency !== null);
  if (timed.length > 0) {
    const slower = timed.filter(({ latency }) => latency !== null && latency.speedupInterval.high < 1);
    sentences.push(
      `peers: ${slower.length} of ${timed.length} files slower than fp32 (upper bound < 1.00)${slower.length === 0 ? '' : `: ${slower.map(({ variant }) => variant).join(', ')}`}`,
    );
  }
  const auto = lines.find(({ variant }) => variant === 'pare int8 auto');
  if (auto !== undefined && auto.against !== null) {
    const { peer, difference, interval } = auto.against;
    sentences.push(
      `pare int8 auto less the best peer, ${peer}: ${pointsWithin(difference, interval)} pt on the same ${auto.n} samples${interval.high < 0 ? ': BELOW it' : ''}`,
    );
  }
  if (auto !== undefined && auto.latency !== null) {
    const { low } = auto.latency.speedupInterval;
    if (low < 1) sentences.push(`pare int8 auto: lower bound of its speed is ${low.toFixed(3)}x`);
  }
  return sentences;
}
