/** Lines of the latency lab in words, and which of them is the fastest beyond doubt. Pure. */
import type { Interval, LatencyMeasurement } from '../../../core/metrics/types.ts';
import type { LabLine } from '../../store/data-state.ts';
import { ORIGINAL } from '../../store/state.ts';
import { speedVerdict } from '../../store/verdict.ts';
import type { Tone } from '../../store/verdict.ts';
import { formatMillis } from '../../ui/format.ts';

export interface LabRow {
  readonly key: string;
  readonly name: string;
  /** Milliseconds; null where nothing could be timed. */
  readonly median: number | null;
  readonly interval: Interval | null;
  readonly medianText: string;
  /** '7.8–8.1' */
  readonly intervalText: string;
  readonly p90: string;
  readonly p99: string;
  /** 'faster, 1.25×', 'no difference', 'too noisy'; '–' for the original, which has nothing to be faster than. */
  readonly speedup: string;
  readonly speedupRange: string;
  readonly tone: Tone;
  readonly noise: string;
  readonly load: string;
  readonly firstRun: string;
  readonly runs: number;
  readonly reason: string | null;
}

export function labRows(lines: readonly LabLine[]): readonly LabRow[] {
  return lines.map((line) => {
    const { latency, entryId, reason } = line;
    const name = settingName(line);
    const key = `${line.provider}/${line.threads}`;
    return latency === null ? emptyRow(key, name, reason) : fullRow(key, name, latency, entryId === ORIGINAL);
  });
}

export function settingName({ provider, threads }: Pick<LabLine, 'provider' | 'threads'>): string {
  if (provider === 'webgpu') return 'WebGPU';
  return `WASM, ${threads === 1 ? '1 thread' : `${threads} threads`}`;
}

function emptyRow(key: string, name: string, reason: string | null): LabRow {
  return {
    key,
    name,
    median: null,
    interval: null,
    medianText: '–',
    intervalText: '',
    p90: '–',
    p99: '–',
    speedup: '–',
    speedupRange: '',
    tone: 'neutral',
    noise: '',
    load: '–',
    firstRun: '–',
    runs: 0,
    reason: reason ?? 'not measured',
  };
}

function fullRow(key: string, name: string, latency: LatencyMeasurement, original: boolean): LabRow {
  const side = original ? 'original' : 'variant';
  const interval = latency[`${side}Interval`];
  const verdict = original ? null : speedVerdict(latency);
  return {
    key,
    name,
    median: latency[`${side}Millis`],
    interval,
    medianText: formatMillis(latency[`${side}Millis`]),
    intervalText: `${bare(interval.low)}–${bare(interval.high)}`,
    p90: formatMillis(latency[`${side}P90Millis`]),
    p99: formatMillis(latency[`${side}P99Millis`]),
    speedup: verdict?.text ?? '–',
    speedupRange: verdict?.range ?? '',
    tone: verdict?.tone ?? 'neutral',
    noise: latency.noise.word,
    load: formatMillis(latency.createMillis[side]),
    firstRun: formatMillis(latency.firstRunMillis[side]),
    runs: latency.runs,
    reason: null,
  };
}

/** Without the unit, which stands beside it. */
const bare = (millis: number): string => formatMillis(millis).replace(/ (ms|s)$/, '');

/** The row whose interval lies below all others; null where two overlap or there is nothing to compare. */
export function fastestOf(rows: readonly LabRow[]): LabRow | null {
  const timed = rows.filter((row) => row.interval !== null);
  if (timed.length < 2) return null;
  const best = timed.reduce((a, b) => ((a.median ?? Infinity) <= (b.median ?? Infinity) ? a : b));
  const apart = timed.every(
    (row) => row === best || (row.interval?.low ?? -Infinity) > (best.interval?.high ?? Infinity),
  );
  return apart ? best : null;
}

export function labSentence(rows: readonly LabRow[]): string {
  const timed = rows.filter((row) => row.interval !== null);
  if (timed.length === 0) return 'Nothing could be timed.';
  if (timed.length === 1) return 'There is one way to run it here, so there is nothing to compare.';
  const fastest = fastestOf(rows);
  return fastest === null
    ? 'No way is the fastest beyond doubt: the intervals of the best overlap.'
    : `${fastest.name} is the fastest: its interval lies below all others.`;
}
