/** Numbers of a goal in words. Text only; it must not know where a number comes from. */

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // 999.5 rounds up to a thousand: one unit further.
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${figure(value)} ${units[unit] ?? ''}`;
}

export function millisText(millis: number): string {
  return `${figure(millis)} ms`;
}

/** A value of the task's metric: '71.4 %', or '0.042' where the metric is no fraction. */
export function metricText(value: number, unit: 'fraction' | 'plain'): string {
  return unit === 'fraction' ? `${trimmed(value * 100, 2)} %` : figure(value);
}

/** A difference of two values, without a sign: '0.5 pt', '0.042'. */
export function amountText(difference: number, unit: 'fraction' | 'plain'): string {
  const size = Math.abs(difference);
  return unit === 'fraction' ? `${trimmed(size * 100, 2)} pt` : figure(size);
}

/** '1.5×'. */
export function timesText(factor: number): string {
  return `${trimmed(factor, 2)}×`;
}

/** Three significant digits without an exponent and without idle zeros. */
function figure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const whole = Math.floor(Math.log10(Math.abs(value)));
  return trimmed(value, Math.min(12, Math.max(0, 2 - whole)));
}

function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}
