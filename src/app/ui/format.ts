/**
 * Numbers as people read them. Pure text: it must not know what a number stands for beyond its unit.
 */

/** As in the sentences of core: one page, one way to write numbers. */
const SEPARATOR = ',';

/** Three significant figures without exponents, trailing zeros kept so that a column does not jump. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** Decimal units, as file managers and download bars show them: 3 612 345 → '3.61 MB'. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–';
  const size = Math.abs(bytes);
  if (size < 1000) return `${bytes.toFixed(0)} B`;
  // 999 950 would round to '1000 kB': step up one unit when the rounded figure reaches a thousand.
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (Math.abs(Number(significant(value))) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${significant(value)} ${units[unit] ?? ''}`;
}

export function formatMillis(millis: number): string {
  if (!Number.isFinite(millis)) return '–';
  if (Math.abs(millis) >= 10_000) return `${significant(millis / 1000)} s`;
  if (Math.abs(millis) > 0 && Math.abs(millis) < 1) return `${millis.toFixed(3)} ms`;
  return `${significant(millis)} ms`;
}

/** A fraction as a percentage. Never rounds a loss away: 0.9996 is '99.96 %', not '100.0 %'. */
export function formatPercent(fraction: number, digits = 1): string {
  if (!Number.isFinite(fraction)) return '–';
  for (let d = digits; d <= 6; d++) {
    const text = (fraction * 100).toFixed(d);
    const hidesLoss = Number(text) === 100 && fraction < 1;
    const hidesValue = Number(text) === 0 && fraction > 0;
    if (!hidesLoss && !hidesValue) return `${text} %`;
  }
  return fraction < 0.5 ? '< 0.0001 %' : '> 99.9999 %';
}

/** Difference of two fractions in percentage points, signed with a true minus. */
export function formatPoints(difference: number, digits = 1): string {
  if (!Number.isFinite(difference)) return '–';
  return `${signed(difference * 100, digits)} pt`;
}

/** '+1.2', '−1.2' or '0.0': a rounded zero carries no sign. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** Change against a baseline: '−74 %'. Empty where the baseline is zero. */
export function formatChange(value: number, baseline: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(baseline) || baseline === 0) return '';
  const change = (value - baseline) / baseline;
  const digits = Math.abs(change) < 0.1 ? 1 : 0;
  return `${signed(change * 100, digits)} %`;
}

/** 3 504 872 → '3.5 M'. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return '–';
  if (count < 10_000) return groupThousands(count);
  if (count < 999_500) return `${significant(count / 1e3)} k`;
  if (count < 999_500_000) return `${significant(count / 1e6)} M`;
  return `${significant(count / 1e9)} G`;
}

/** 12345 → '12,345'. */
export function groupThousands(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, SEPARATOR);
}

/** Two figures of a value without a unit: '−2,500', '0.98', '1.2e-7'. */
export function formatValue(value: number): string {
  const rounded = Number(value.toPrecision(2));
  const size = Math.abs(rounded);
  if (!Number.isFinite(value) || (size > 0 && size < 1e-4) || size >= 1e6) {
    return value.toPrecision(2).replace(/^-/, '−');
  }
  const sign = rounded < 0 ? '−' : '';
  return `${sign}${size >= 100 ? groupThousands(size) : String(size)}`;
}

export function formatDecibels(decibels: number): string {
  if (decibels === Number.POSITIVE_INFINITY) return 'exact';
  if (!Number.isFinite(decibels)) return '–';
  const text = Math.abs(decibels).toFixed(1);
  return `${decibels < 0 && Number(text) !== 0 ? '−' : ''}${text} dB`;
}

/** '2.10×'. */
export function formatFactor(factor: number): string {
  return Number.isFinite(factor) ? `${factor.toFixed(2)}×` : '–';
}

export function formatShape(shape: readonly (number | string)[] | null): string {
  if (shape === null) return 'unknown shape';
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${groupThousands(count)} ${count === 1 ? one : many}`;
}
