/** One profiled run along time: a lane a kind and thread. Zoomed by buttons, keys and wheel; every operation reachable. */
import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { ProfileEvent, ProfileResult } from '../../../core/profile/types.ts';
import { formatMicros } from './profile-rows.ts';
import { colourRanks, panned, revealed, timelineLayout, wholeRun, zoomed } from './timeline-layout.ts';
import type { TimeWindow, TimelineLayout } from './timeline-layout.ts';

const WIDTH = 800;
const LANE_HEIGHT = 26;
const AXIS_HEIGHT = 16;
const ZOOM = 1.6;
const PAN = 0.25;
const COLOURS = 5;

export function Timeline({ profile }: { readonly profile: ProfileResult }): ReactElement {
  const { events } = profile;
  const whole = useMemo(() => wholeRun(events), [events]);
  const [chosen, setWindow] = useState<TimeWindow | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const window = chosen ?? whole;
  const layout = useMemo(() => timelineLayout(events, window, WIDTH), [events, window]);
  const ranks = useMemo(() => colourRanks(events, COLOURS), [events]);
  const order = useMemo(() => operationsInOrder(events), [events]);
  const event = selected === null ? undefined : events[selected];
  const step = (by: 1 | -1): void => {
    const at = selected === null ? (by === 1 ? -1 : order.length) : order.indexOf(selected);
    const next = order[Math.min(order.length - 1, Math.max(0, at + by))];
    const target = next === undefined ? undefined : events[next];
    if (next === undefined || target === undefined) return;
    setSelected(next);
    setWindow(revealed(window, whole, target));
  };
  const onKeyDown = (key: KeyboardEvent): void => {
    const moved = windowAfter(key.key, window, whole);
    if (moved === undefined) return;
    key.preventDefault();
    setWindow(moved);
  };
  if (events.length === 0) return <p className="mute small">The runtime gave no single run to draw.</p>;
  return (
    <div className="timeline">
      <div className="timeline-tools">
        <Tool label="Zoom in" text="+" onClick={() => setWindow(zoomed(window, whole, ZOOM))} />
        <Tool label="Zoom out" text="−" onClick={() => setWindow(zoomed(window, whole, 1 / ZOOM))} />
        <Tool label="Earlier" text="←" onClick={() => setWindow(panned(window, whole, -PAN))} />
        <Tool label="Later" text="→" onClick={() => setWindow(panned(window, whole, PAN))} />
        <Tool label="All of the run" text="All" onClick={() => setWindow(null)} />
        <Tool label="Previous operation" text="Previous" onClick={() => step(-1)} />
        <Tool label="Next operation" text="Next" onClick={() => step(1)} />
      </div>
      <div
        className="timeline-frame"
        tabIndex={0}
        role="group"
        aria-label="Timeline. Plus and minus zoom, arrows move, 0 shows the whole run."
        onKeyDown={onKeyDown}
      >
        <Drawing
          events={events}
          layout={layout}
          window={window}
          whole={whole}
          ranks={ranks}
          selected={selected}
          onSelect={setSelected}
        />
      </div>
      <p className="small timeline-detail" aria-live="polite">
        {event === undefined ? (
          <span className="mute">Click an operation, or step through them, to see what it is.</span>
        ) : (
          eventText(event, whole)
        )}
      </p>
      <Legend ranks={ranks} hidden={layout.hidden} />
    </div>
  );
}

function Tool({
  label,
  text,
  onClick,
}: {
  readonly label: string;
  readonly text: string;
  readonly onClick: () => void;
}): ReactElement {
  return (
    <Button variant="default" size="compact-xs" aria-label={label} title={label} onClick={onClick}>
      {text}
    </Button>
  );
}

function windowAfter(key: string, window: TimeWindow, whole: TimeWindow): TimeWindow | undefined {
  switch (key) {
    case '+':
    case '=':
      return zoomed(window, whole, ZOOM);
    case '-':
      return zoomed(window, whole, 1 / ZOOM);
    case 'ArrowLeft':
      return panned(window, whole, -PAN);
    case 'ArrowRight':
      return panned(window, whole, PAN);
    case '0':
      return whole;
    default:
      return undefined;
  }
}

function operationsInOrder(events: readonly ProfileEvent[]): readonly number[] {
  return events
    .map((event, index) => ({ event, index }))
    .filter(({ event }) => event.category !== 'session')
    .sort((a, b) => a.event.start - b.event.start)
    .map(({ index }) => index);
}

function eventText({ name, op, provider, start, duration }: ProfileEvent, whole: TimeWindow): string {
  const what = [op ?? '', provider ?? ''].filter((part) => part !== '').join(', ');
  return `${name}${what === '' ? '' : ` (${what})`}: ${formatMicros(duration)}, begins after ${formatMicros(start - whole.from)}`;
}

function Drawing({
  events,
  layout,
  window,
  whole,
  ranks,
  selected,
  onSelect,
}: {
  readonly events: readonly ProfileEvent[];
  readonly layout: TimelineLayout;
  readonly window: TimeWindow;
  readonly whole: TimeWindow;
  readonly ranks: ReadonlyMap<string, number>;
  readonly selected: number | null;
  readonly onSelect: (index: number | null) => void;
}): ReactElement {
  const height = AXIS_HEIGHT + layout.lanes.length * LANE_HEIGHT;
  const span = window.to - window.from;
  return (
    <svg
      className="timeline-svg"
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label={`From ${formatMicros(window.from - whole.from)} to ${formatMicros(window.to - whole.from)} of a run of ${formatMicros(whole.to - whole.from)}`}
    >
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <text
          key={share}
          className="timeline-tick"
          x={share * WIDTH}
          y={AXIS_HEIGHT - 5}
          textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
        >
          {formatMicros(window.from - whole.from + share * span)}
        </text>
      ))}
      {layout.lanes.map((lane, i) => (
        <g key={lane.name} transform={`translate(0 ${AXIS_HEIGHT + i * LANE_HEIGHT})`}>
          <line className="timeline-line" x1="0" x2={WIDTH} y1="0.5" y2="0.5" />
          {lane.rects.map((rect, j) => {
            const event = rect.index === null ? undefined : events[rect.index];
            return (
              <rect
                key={j}
                className={`${colourClass(event, ranks)} ${rect.index !== null && rect.index === selected ? 'timeline-selected' : ''}`}
                x={rect.x}
                y={9}
                width={Math.max(0.8, rect.width)}
                height={LANE_HEIGHT - 11}
                onClick={() => onSelect(rect.index)}
              >
                <title>
                  {event === undefined
                    ? `${rect.count} operations too short to be drawn apart: zoom in`
                    : eventText(event, whole)}
                </title>
              </rect>
            );
          })}
          <text className="timeline-lane" x="2" y="8">
            {lane.name}
          </text>
        </g>
      ))}
    </svg>
  );
}

function colourClass(event: ProfileEvent | undefined, ranks: ReadonlyMap<string, number>): string {
  if (event?.category === 'session') return 'op-session';
  const rank = event?.op === undefined ? undefined : ranks.get(event.op);
  return `op-colour-${rank ?? 'rest'}`;
}

function Legend({
  ranks,
  hidden,
}: {
  readonly ranks: ReadonlyMap<string, number>;
  readonly hidden: number;
}): ReactElement {
  return (
    <p className="mute small timeline-legend">
      {[...ranks].map(([op, rank]) => (
        <span key={op}>
          <i className={`op-colour-${rank}`} aria-hidden="true" />
          {op}
        </span>
      ))}
      <span>
        <i className="op-colour-rest" aria-hidden="true" />
        other
      </span>
      {hidden > 0 ? <span>{hidden} short ones are not drawn: zoom in.</span> : null}
    </p>
  );
}
