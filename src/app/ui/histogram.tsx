/** Weight histogram: before as bars, after as a line over the same range. */
import type { ReactElement } from 'react';
import { formatValue } from './format.ts';

export interface HistogramData {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

const WIDTH = 270;
const HEIGHT = 96;
const FLOOR = 84;

export function Histogram({
  before,
  after,
  label,
}: {
  readonly before: HistogramData;
  readonly after: HistogramData | null;
  readonly label: string;
}): ReactElement {
  const low = Math.min(before.low, after?.low ?? before.low);
  const high = Math.max(before.high, after?.high ?? before.high);
  const span = high > low ? high - low : 1;
  // Square root of the share: the tails of a weight histogram would vanish on a straight scale.
  const scale = (data: HistogramData): ((count: number) => number) => {
    const most = Math.max(1, ...data.counts);
    return (count) => Math.sqrt(count / most) * (FLOOR - 6);
  };
  const x = (value: number): number => ((value - low) / span) * (WIDTH - 12) + 6;
  const barHeight = scale(before);
  const step = (before.high - before.low) / Math.max(1, before.counts.length);
  return (
    <svg className="histogram" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <g className="histogram-before">
        {before.counts.map((count, i) => {
          const left = x(before.low + i * step);
          const width = Math.max(0.6, x(before.low + (i + 1) * step) - left - 0.8);
          const height = barHeight(count);
          return <rect key={i} x={left} y={FLOOR - height} width={width} height={height} />;
        })}
      </g>
      {after === null ? null : <path className="histogram-after" d={linePath(after, x, scale(after))} />}
      <line className="histogram-floor" x1="0" x2={WIDTH} y1={FLOOR + 0.5} y2={FLOOR + 0.5} />
      {low < 0 && high > 0 ? (
        <text x={x(0)} y={HEIGHT - 1} textAnchor="middle">
          0
        </text>
      ) : null}
      <text x="0" y={HEIGHT - 1}>
        {formatValue(low)}
      </text>
      <text x={WIDTH} y={HEIGHT - 1} textAnchor="end">
        {formatValue(high)}
      </text>
    </svg>
  );
}

function linePath(
  data: HistogramData,
  x: (value: number) => number,
  height: (count: number) => number,
): string {
  const step = (data.high - data.low) / Math.max(1, data.counts.length);
  return data.counts
    .map((count, i) => {
      const px = x(data.low + (i + 0.5) * step).toFixed(1);
      return `${i === 0 ? 'M' : 'L'}${px} ${(FLOOR - height(count)).toFixed(1)}`;
    })
    .join(' ');
}
