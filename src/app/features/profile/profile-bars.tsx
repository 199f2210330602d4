/** The rows that take most, as bars: original above, variant below. The table says the same in numbers. */
import type { ReactElement } from 'react';
import '../inspector/inspector.css';
import { formatMicros } from './profile-rows.ts';
import type { ProfileRow } from './profile-rows.ts';

const MOST_BARS = 10;
const WIDTH = 720;
const NAME_WIDTH = 210;
const VALUE_WIDTH = 70;
const NAME_LETTERS = 30;

export function ProfileBars({
  rows,
  both,
}: {
  /** Largest first. */
  readonly rows: readonly ProfileRow[];
  readonly both: boolean;
}): ReactElement | null {
  const shown = rows.slice(0, MOST_BARS);
  const longest = Math.max(...shown.map((row) => Math.max(row.before ?? 0, row.after ?? 0)));
  if (shown.length === 0 || longest <= 0) return null;
  const step = both ? 30 : 20;
  const thick = both ? 9 : 11;
  const length = (micros: number): number => (micros / longest) * (WIDTH - NAME_WIDTH - VALUE_WIDTH);
  const first = shown[0];
  return (
    <figure
      className="profile-figure"
      tabIndex={0}
      aria-label="Bar chart, scrollable where the screen is narrow"
    >
      <svg
        className="profile-bars"
        viewBox={`0 0 ${WIDTH} ${shown.length * step}`}
        role="img"
        aria-label={`Bar chart of the ${shown.length} that take most; first ${first?.name ?? ''}. The table below has the numbers.`}
      >
        {shown.map((row, i) => (
          <g key={row.key} transform={`translate(0 ${i * step})`}>
            <text className="bar-name" x={NAME_WIDTH - 8} y={step / 2 + 4} textAnchor="end">
              {shortened(row.name)}
              <title>{row.name}</title>
            </text>
            {both ? (
              <>
                <Bar className="bar-before" y={4} thick={thick} micros={row.before} length={length} />
                <Bar className="bar-after" y={5 + thick} thick={thick} micros={row.after} length={length} />
              </>
            ) : (
              <Bar
                className={row.after === null ? 'bar-before' : 'bar-after'}
                y={4}
                thick={thick}
                micros={row.after ?? row.before}
                length={length}
              />
            )}
          </g>
        ))}
      </svg>
      {both ? (
        <figcaption className="mute small legend">
          <span className="legend-before">original</span>
          <span className="legend-variant">variant</span>
        </figcaption>
      ) : null}
    </figure>
  );
}

function Bar({
  className,
  y,
  thick,
  micros,
  length,
}: {
  readonly className: string;
  readonly y: number;
  readonly thick: number;
  readonly micros: number | null;
  readonly length: (micros: number) => number;
}): ReactElement | null {
  if (micros === null) return null;
  const width = Math.max(1, length(micros));
  return (
    <>
      <rect className={className} x={NAME_WIDTH} y={y} width={width} height={thick} rx="2" />
      <text className="bar-value" x={NAME_WIDTH + width + 5} y={y + thick - 1}>
        {formatMicros(micros)}
      </text>
    </>
  );
}

/** The end of a path says more than its beginning. */
function shortened(name: string): string {
  return name.length <= NAME_LETTERS ? name : `…${name.slice(1 - NAME_LETTERS)}`;
}
