/** The timeline's geometry: positions, lanes, zoom, and the bound on rectangles. */
import { describe, expect, it } from 'vitest';
import type { ProfileEvent } from '../../../core/profile/types.ts';
import {
  MOST_RECTS,
  colourRanks,
  panned,
  revealed,
  timelineLayout,
  wholeRun,
  zoomed,
} from './timeline-layout.ts';

const event = (start: number, duration: number, over: Partial<ProfileEvent> = {}): ProfileEvent => ({
  name: `at ${start}`,
  category: 'node',
  start,
  duration,
  op: 'Conv',
  ...over,
});

describe('timelineLayout', () => {
  it('puts events where their time is, lanes by kind and thread', () => {
    const events = [
      event(0, 100, { category: 'session' }),
      event(10, 40, { thread: 10_537 }),
      event(50, 50, { thread: 10_990 }),
    ];
    const { lanes, hidden } = timelineLayout(events, { from: 0, to: 100 }, 200);
    expect(hidden).toBe(0);
    expect(lanes.map(({ name }) => name)).toEqual([
      'whole run',
      'operations, thread 1',
      'operations, thread 2',
    ]);
    // 10..50 µs of 100 on 200 units: 20..100
    expect(lanes[1].rects).toEqual([{ x: 20, width: 80, index: 1, count: 1 }]);
  });

  it('stacks what overlaps, leaves what touches in one lane, and cuts at the edges', () => {
    const events = [event(0, 100), event(10, 20), event(100, 50)];
    const { lanes } = timelineLayout(events, { from: 50, to: 150 }, 100);
    expect(lanes).toEqual([
      {
        name: 'operations',
        rects: [
          { x: 0, width: 50, index: 0, count: 1 },
          { x: 50, width: 50, index: 2, count: 1 },
        ],
      },
    ]);
    expect(timelineLayout(events, { from: 0, to: 150 }, 100).lanes.map(({ name }) => name)).toEqual([
      'operations',
      'operations (2)',
    ]);
  });

  it('draws what is too narrow to be seen together, and loses no event', () => {
    const events = Array.from({ length: 5000 }, (_, i) => event(i, 1));
    const { lanes, hidden } = timelineLayout(events, wholeRun(events), 1000);
    const drawn = lanes.flatMap(({ rects }) => rects);
    expect(drawn.length).toBeLessThanOrEqual(MOST_RECTS);
    expect(drawn.reduce((sum, { count }) => sum + count, 0) + hidden).toBe(5000);
    expect(drawn.some(({ index }) => index === null)).toBe(true);
  });

  it('is bounded for events that all overlap', () => {
    const events = Array.from({ length: 3000 }, (_, i) => event(i / 10, 10_000));
    const { lanes, hidden } = timelineLayout(events, wholeRun(events), 1000);
    expect(lanes.length).toBeLessThanOrEqual(8);
    const drawn = lanes.flatMap(({ rects }) => rects);
    expect(drawn.length).toBeLessThanOrEqual(MOST_RECTS);
    expect(drawn.reduce((sum, { count }) => sum + count, 0) + hidden).toBe(3000);
  });
});

describe('zoom and pan', () => {
  const whole = { from: 0, to: 100 };

  it('keeps the point under the pointer, and never leaves the run', () => {
    expect(zoomed(whole, whole, 2)).toEqual({ from: 25, to: 75 });
    expect(zoomed(whole, whole, 2, 0)).toEqual({ from: 0, to: 50 });
    expect(zoomed({ from: 25, to: 75 }, whole, 0.1)).toEqual(whole);
    expect(panned({ from: 80, to: 100 }, whole, 0.5)).toEqual({ from: 80, to: 100 });
    expect(panned({ from: 40, to: 60 }, whole, -0.5)).toEqual({ from: 30, to: 50 });
  });

  it('ends at one microsecond', () => {
    const deep = zoomed(whole, whole, 1e9);
    expect(deep.to - deep.from).toBe(1);
  });

  it('brings an event into view, and stays where it is in view', () => {
    const window = { from: 0, to: 20 };
    expect(revealed(window, whole, event(5, 5))).toBe(window);
    expect(revealed(window, whole, event(50, 10))).toEqual({ from: 45, to: 65 });
  });

  it('has a window without events', () => {
    expect(wholeRun([])).toEqual({ from: 0, to: 1 });
  });
});

describe('colourRanks', () => {
  it('gives colours to the operations that take most', () => {
    const events = [event(0, 5, { op: 'Relu' }), event(5, 9, { op: 'Conv' }), event(14, 2, { op: 'Add' })];
    expect([...colourRanks(events, 2)]).toEqual([
      ['Conv', 0],
      ['Relu', 1],
    ]);
  });
});
