/**
 * Where the events of one profiled run stand in a drawing: lanes, and rectangles whose number has a bound whatever the
 * profile holds. Pure geometry; it must not know React.
 */
import type { ProfileEvent } from '../../../core/profile/types.ts';

/** Microseconds that are in view. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

export interface TimelineRect {
  /** 0..width */
  readonly x: number;
  readonly width: number;
  /** Position in `events`; null where several events share a rectangle. */
  readonly index: number | null;
  /** How many events it stands for. */
  readonly count: number;
}

export interface TimelineLane {
  readonly name: string;
  readonly rects: readonly TimelineRect[];
}

export interface TimelineLayout {
  readonly lanes: readonly TimelineLane[];
  /** Events that are in view but not drawn, because the bound was reached. */
  readonly hidden: number;
}

/** A drawing with more rectangles than this is slow to make and cannot be read. */
export const MOST_RECTS = 600;
const MOST_LANES = 8;
/** In the units of `width`: narrower rectangles cannot be pointed at and are drawn together. */
const LEAST_WIDTH = 2;
/** Below this many microseconds there is nothing more to see. */
const LEAST_SPAN = 1;

export function wholeRun(events: readonly ProfileEvent[]): TimeWindow {
  let from = Infinity;
  let to = -Infinity;
  for (const { start, duration } of events) {
    from = Math.min(from, start);
    to = Math.max(to, start + duration);
  }
  return from < to ? { from, to } : { from: 0, to: LEAST_SPAN };
}

/** A smaller or larger part of the run around `at` (0..1 of the window), never beyond the whole. */
export function zoomed(window: TimeWindow, whole: TimeWindow, factor: number, at = 0.5): TimeWindow {
  const span = clamp((window.to - window.from) / factor, LEAST_SPAN, whole.to - whole.from);
  const centre = window.from + at * (window.to - window.from);
  return placed(centre - at * span, span, whole);
}

/** Moved by a share of what is in view. */
export function panned(window: TimeWindow, whole: TimeWindow, share: number): TimeWindow {
  const span = window.to - window.from;
  return placed(window.from + share * span, span, whole);
}

/** Moved just so far that the event is in view. */
export function revealed(window: TimeWindow, whole: TimeWindow, event: ProfileEvent): TimeWindow {
  if (event.start >= window.from && event.start + event.duration <= window.to) return window;
  const span = window.to - window.from;
  return placed(event.start + event.duration / 2 - span / 2, span, whole);
}

function placed(from: number, span: number, whole: TimeWindow): TimeWindow {
  const start = clamp(from, whole.from, Math.max(whole.from, whole.to - span));
  return { from: start, to: start + span };
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export function timelineLayout(
  events: readonly ProfileEvent[],
  window: TimeWindow,
  width: number,
): TimelineLayout {
  const lanes = new Map<string, { rects: TimelineRect[]; end: number }>();
  const threads = threadNumbers(events);
  const order = events.map((_, index) => index).sort((a, b) => startOf(events, a) - startOf(events, b));
  const scale = width / (window.to - window.from);
  for (const index of order) {
    const event = events[index];
    if (event === undefined || event.start > window.to || event.start + event.duration < window.from)
      continue;
    const left = clamp((event.start - window.from) * scale, 0, width);
    const right = clamp((event.start + event.duration - window.from) * scale, left, width);
    const lane = laneFor(lanes, laneName(event, threads), left);
    add(lane, { x: left, width: right - left, index, count: 1 });
  }
  return bounded(lanes);
}

const startOf = (events: readonly ProfileEvent[], index: number): number => events[index]?.start ?? 0;

/** The runtime's own numbers of threads are addresses; counted from 1 they can be read. */
function threadNumbers(events: readonly ProfileEvent[]): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  for (const { category, thread } of events) {
    if (category === 'node' && thread !== undefined && !numbers.has(thread))
      numbers.set(thread, numbers.size + 1);
  }
  return numbers;
}

function laneName({ category, thread }: ProfileEvent, threads: ReadonlyMap<number, number>): string {
  switch (category) {
    case 'session':
      return 'whole run';
    case 'gpu':
      return 'GPU';
    case 'node':
      return threads.size < 2 || thread === undefined
        ? 'operations'
        : `operations, thread ${threads.get(thread) ?? 1}`;
    default:
      return category satisfies never;
  }
}

/** One lane a kind and thread; events that overlap (a run and what runs in it) stand below each other. */
function laneFor(
  lanes: Map<string, { rects: TimelineRect[]; end: number }>,
  base: string,
  left: number,
): { rects: TimelineRect[]; end: number } {
  for (let depth = 1; ; depth++) {
    const name = depth === 1 ? base : `${base} (${depth})`;
    const lane = lanes.get(name);
    if (lane === undefined) {
      // The last lane takes whatever is left: the number of lanes has a bound too.
      const last = [...lanes.values()].at(-1);
      if (lanes.size >= MOST_LANES && last !== undefined) return last;
      const fresh = { rects: [], end: -Infinity };
      lanes.set(name, fresh);
      return fresh;
    }
    // Half a unit: neighbours that touch are no overlap.
    if (left >= lane.end - 0.5) return lane;
  }
}

function add(lane: { rects: TimelineRect[]; end: number }, rect: TimelineRect): void {
  const last = lane.rects.at(-1);
  lane.end = Math.max(lane.end, rect.x + rect.width);
  const narrow = rect.width < LEAST_WIDTH;
  if (narrow && last !== undefined && last.width < 2 * LEAST_WIDTH && rect.x < last.x + LEAST_WIDTH) {
    lane.rects[lane.rects.length - 1] = {
      x: last.x,
      width: Math.max(last.width, rect.x + rect.width - last.x),
      index: null,
      count: last.count + 1,
    };
    return;
  }
  lane.rects.push(rect);
}

/** The longest are kept where there are too many. */
function bounded(lanes: ReadonlyMap<string, { rects: readonly TimelineRect[] }>): TimelineLayout {
  const all = [...lanes.values()].flatMap(({ rects }) => rects);
  if (all.length <= MOST_RECTS) {
    return { lanes: [...lanes].map(([name, { rects }]) => ({ name, rects })), hidden: 0 };
  }
  const kept = new Set(all.toSorted((a, b) => b.width - a.width).slice(0, MOST_RECTS));
  const hidden = all.reduce((sum, rect) => sum + (kept.has(rect) ? 0 : rect.count), 0);
  return {
    lanes: [...lanes].map(([name, { rects }]) => ({ name, rects: rects.filter((rect) => kept.has(rect)) })),
    hidden,
  };
}

/** The operations that take most, for colours: position 0..most−1, the rest share the last colour. */
export function colourRanks(events: readonly ProfileEvent[], most: number): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { op, duration } of events) {
    if (op !== undefined) totals.set(op, (totals.get(op) ?? 0) + duration);
  }
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).slice(0, most);
  return new Map(ranked.map(([op], rank) => [op, rank]));
}
