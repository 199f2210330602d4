/** The machine and the way of measuring in one line, so that a figure can be repeated. */
import type { MeasureResult } from '../../../worker/api.ts';

export function machineLine({ machine, latency }: MeasureResult): string {
  const parts = [machine.runtime];
  if (latency !== null) {
    const threads = latency.threads === 1 ? '1 thread' : `${latency.threads} threads`;
    parts.push(`${latency.provider}, ${threads}, ${latency.runs} runs after ${latency.discarded} discarded`);
  }
  parts.push(`${browserOf(machine.userAgent)}, ${machine.cores} cores`);
  if (!machine.crossOriginIsolated) parts.push('not cross-origin isolated: one thread only');
  return parts.join(' · ');
}

/** Order matters: Edge and Opera also call themselves Chrome, Chrome also calls itself Safari. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/(?:Headless)?Chrom(?:e|ium)\/(\d+)/, 'Chromium'],
  [/Version\/(\d+).*Safari/, 'Safari'],
];

export function browserOf(userAgent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'unknown browser';
}
