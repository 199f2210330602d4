/**
 * The page's colours as a canvas needs them: resolved from the sheet by probe elements, anew when the scheme changes.
 * It must not know what they are used for.
 */

export interface GraphColours {
  readonly panel: string;
  readonly ink: string;
  readonly mute: string;
  readonly line: string;
  readonly edge: string;
  readonly accent: string;
  readonly accentWeak: string;
  readonly heatLow: Rgb;
  readonly heatHigh: Rgb;
  readonly badges: Readonly<Record<BadgeKind, string>>;
}

export type Rgb = readonly [red: number, green: number, blue: number];
export type BadgeKind = 'fp32' | 'fp16' | 'int8' | 'int4';

const PROBES = [
  'panel',
  'ink',
  'mute',
  'line-strong',
  'base',
  'accent-fill',
  'accent-weak',
  'heat-low',
  'heat-high',
  'fp32',
  'fp16',
  'int8',
  'int4',
] as const;

/** @param host an element in the page; probes are put into it and taken out again */
export function readColours(host: HTMLElement): GraphColours {
  const found: Partial<Record<(typeof PROBES)[number], string>> = {};
  for (const name of PROBES) {
    // One each: where every change is a (very short) transition, a second colour of one element is not there at once.
    const probe = document.createElement('span');
    probe.style.color = `var(--${name})`;
    host.append(probe);
    found[name] = getComputedStyle(probe).color;
    probe.remove();
  }
  const of = (name: (typeof PROBES)[number]): string => found[name] ?? 'rgb(128, 128, 128)';
  return {
    panel: of('panel'),
    ink: of('ink'),
    mute: of('mute'),
    line: of('line-strong'),
    edge: of('base'),
    accent: of('accent-fill'),
    accentWeak: of('accent-weak'),
    heatLow: rgbOf(of('heat-low')),
    heatHigh: rgbOf(of('heat-high')),
    badges: { fp32: of('fp32'), fp16: of('fp16'), int8: of('int8'), int4: of('int4') },
  };
}

/** 'rgb(1, 2, 3)' as browsers compute it. */
export function rgbOf(text: string): Rgb {
  const [red = 128, green = 128, blue = 128] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

export function mixed(low: Rgb, high: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2): number => Math.round(low[i] + (high[i] - low[i]) * share);
  return [at(0), at(1), at(2)];
}

export const cssOf = ([red, green, blue]: Rgb): string => `rgb(${red}, ${green}, ${blue})`;

/**
 * Black or white, whichever stands out more. Relative luminance and its threshold: WCAG 2.2; at 0.179 both have the
 * same contrast.
 */
export function inkOn(rgb: Rgb): string {
  const linear = rgb.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? '#111317' : '#ffffff';
}

/** Which colour of the four a precision as tables write it has: 'int8 ch', 'int4 b32', 'palette64'. */
export function badgeKind(precision: string): BadgeKind {
  if (precision.startsWith('fp16')) return 'fp16';
  if (precision.startsWith('int8') || /^palette(64|256)/.test(precision)) return 'int8';
  return /^(int[234]|palette)/.test(precision) ? 'int4' : 'fp32';
}
