/**
 * From what was seen on the samples to the grid of each planned value. Values that share a grid get the widest of their
 * ranges; a Relu or Clip that a grid takes over limits it. It must not know graphs.
 */
import { chooseRange, gridOf } from '../../calibration/ranges.ts';
import type { CodeGrid, CodeScheme, RangeMethod } from '../../calibration/ranges.ts';
import type { Statistics, ValueRange } from '../../calibration/types.ts';
import type { PlannedValue } from './plan.ts';

export interface Grids {
  readonly grids: ReadonlyMap<string, CodeGrid>;
  /** Values without a range, and why. */
  readonly missing: ReadonlyMap<string, string>;
}

/** @param methodOf the way to choose the range of a value. */
export function chooseGrids(
  values: readonly PlannedValue[],
  statistics: Statistics,
  scheme: CodeScheme,
  methodOf: (value: string) => RangeMethod,
): Grids {
  const missing = new Map<string, string>();
  const groups = new Map<
    number,
    { range: ValueRange; bounds: ValueRange | undefined; grid: CodeGrid | undefined }
  >();
  for (const value of values) {
    const range = rangeOf(value, statistics, scheme, methodOf(value.name));
    if (typeof range === 'string') {
      missing.set(value.name, range);
      continue;
    }
    const known = groups.get(value.group);
    groups.set(value.group, {
      range: known === undefined ? range : union(known.range, range),
      // What one member takes over from its Relu would cut the others' values off.
      bounds: known === undefined ? value.bounds : joined(known.bounds, value.bounds),
      grid: known?.grid ?? value.grid,
    });
  }
  const grids = new Map<string, CodeGrid>();
  for (const { name, group } of values) {
    const found = groups.get(group);
    if (found === undefined || missing.has(name)) continue;
    // A prescribed grid serves the others only if it holds their values too.
    const prescribed = found.grid !== undefined && holds(found.grid, found.range) ? found.grid : undefined;
    grids.set(name, prescribed ?? gridOf(found.range, scheme, found.bounds));
  }
  return { grids, missing };
}

function rangeOf(
  { name, bounds }: PlannedValue,
  { histograms, ranges, missing }: Statistics,
  scheme: CodeScheme,
  method: RangeMethod,
): ValueRange | string {
  const histogram = histograms.get(name);
  const seen = ranges.get(name);
  if (histogram === undefined) return missing.get(name) ?? 'it was not seen on the samples';
  const range = chooseRange(histogram, method, scheme, seen);
  if (!Number.isFinite(range.min) || !Number.isFinite(range.max)) return 'it is not finite on the samples';
  if (bounds === undefined) return range;
  return { min: Math.max(range.min, bounds.min), max: Math.min(range.max, bounds.max) };
}

const union = (a: ValueRange, b: ValueRange): ValueRange => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

/** What holds both; without bounds on one side there are none. */
function joined(a: ValueRange | undefined, b: ValueRange | undefined): ValueRange | undefined {
  return a === undefined || b === undefined ? undefined : union(a, b);
}

/** Half a step may be missing at either end. */
function holds({ type, scale, zeroPoint }: CodeGrid, { min, max }: ValueRange): boolean {
  const low = type === 'int8' ? -128 : 0;
  const at = (code: number): number => (code - zeroPoint) * scale;
  return min >= at(low - 0.5) && max <= at(low + 255.5);
}
