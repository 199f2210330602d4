/** Short ways to make findings. It must not know what is looked for. */
import type { Finding } from './types.ts';

/** More places than this help nobody; the rest is counted. */
const SHOWN_PLACES = 8;

/** @param where all places, repeated ones are counted once. */
export function finding(
  parts: Omit<Finding, 'where' | 'more'> & { readonly where: readonly string[] },
): Finding {
  const all = [...new Set(parts.where)];
  return { ...parts, where: all.slice(0, SHOWN_PLACES), more: Math.max(0, all.length - SHOWN_PLACES) };
}

export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? noun : plural}`;
}

/** 0.0123 → '1.2 %'; never '0 %' for something. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return 'less than 0.1 %';
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} %`;
}

/** Three significant digits, for sentences. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(2);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
