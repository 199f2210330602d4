/** The drawing itself, by recharts: points, the front, the ghost. Loaded apart, because recharts is the heaviest part of the page. */
import { memo } from 'react';
import type { ReactElement } from 'react';
import {
  CartesianGrid,
  ErrorBar,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
  useChartHeight,
  useChartWidth,
} from 'recharts';
import type { MetricId } from '../../../core/metrics/tasks/types.ts';
import type { ChartPoint, Tradeoff } from '../../store/points.ts';
import type { CostAxis, GainAxis } from '../../store/state.ts';
import { metricWords } from '../../store/metric-text.ts';
import { axisOf, costName, costText, gainName, gainText, shortTick } from './axes.ts';

interface ChartProps {
  readonly tradeoff: Tradeoff;
  readonly cost: CostAxis;
  readonly gain: GainAxis;
  readonly onSelect: (id: string) => void;
}

interface GhostDatum {
  readonly cost: number;
  readonly gain: number;
  readonly ghost: true;
}

type Datum = ChartPoint | GhostDatum;

/** The smallest spread an axis shows: below it differences are noise or rounding. */
const LEAST_SPREAD = { accuracy: 0.02, agreement: 0.002 } as const;
const LEAST_COST_SPREAD = 0.2;

export const TradeoffChart = memo(function TradeoffChart({
  tradeoff,
  cost,
  gain,
  onSelect,
}: ChartProps): ReactElement {
  const { points, front, ghost, metric } = tradeoff;
  const ghosts: GhostDatum[] = ghost === null ? [] : [{ cost: ghost.cost, gain: ghost.gain, ghost: true }];
  const costs = [
    ...ghosts.map((point) => point.cost),
    ...points.flatMap((point) => {
      const [below, above] = point.costSpread ?? [0, 0];
      return [point.cost - below, point.cost + above];
    }),
  ];
  const gains = [
    ...ghosts.map((point) => point.gain),
    ...points.flatMap((point) => {
      const [below, above] = point.gainSpread ?? [0, 0];
      return [point.gain - below, point.gain + above];
    }),
  ];
  const unbounded = { floor: 0, ceiling: Number.POSITIVE_INFINITY, count: 6 };
  const x =
    cost === 'size'
      ? axisOf([0, ...costs], { ...unbounded, least: 1 })
      : axisOf([1, ...costs], { ...unbounded, least: LEAST_COST_SPREAD });
  const y = axisOf(gains, gainBounds(gain, metric, gains));
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 700, height: 220 }}>
      <ScatterChart margin={{ top: 24, right: 18, bottom: 2, left: 2 }} accessibilityLayer={false}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          type="number"
          dataKey="cost"
          domain={[...x.domain]}
          ticks={[...x.ticks]}
          interval={0}
          tickFormatter={(value: number) => shortTick(costText(cost, value))}
          tick={AXIS_TEXT}
          stroke="var(--line-strong)"
          tickLine={false}
          height={38}
          label={{ value: costName(cost), position: 'insideBottom', offset: 0, ...AXIS_TEXT }}
        />
        <YAxis
          type="number"
          dataKey="gain"
          domain={[...y.domain]}
          ticks={[...y.ticks]}
          interval={0}
          tickFormatter={(value: number) => gainTick(gain, metric, value)}
          tick={AXIS_TEXT}
          axisLine={false}
          tickLine={false}
          width={58}
        />
        <Tooltip
          cursor={false}
          isAnimationActive={false}
          content={<PointTip cost={cost} gain={gain} metric={metric} />}
        />
        <Scatter
          data={[...front]}
          line={{ stroke: 'var(--accent)', strokeWidth: 2 }}
          shape={<Nothing />}
          legendType="none"
          isAnimationActive={false}
          tooltipType="none"
        />
        <Scatter
          data={[...points]}
          shape={<Dot onSelect={onSelect} />}
          isAnimationActive={false}
          onClick={(datum: unknown) => {
            const id = idOf(datum);
            if (id !== undefined) onSelect(id);
          }}
        >
          <ErrorBar dataKey="gainSpread" direction="y" width={4} stroke="var(--accent)" strokeWidth={1.2} />
          {cost === 'latency' ? (
            <ErrorBar dataKey="costSpread" direction="x" width={4} stroke="var(--accent)" strokeWidth={1.2} />
          ) : null}
        </Scatter>
        <Scatter data={ghosts} shape={<GhostDot />} isAnimationActive={false} />
      </ScatterChart>
    </ResponsiveContainer>
  );
});

const AXIS_TEXT = { fill: 'var(--mute)', fontSize: 11 } as const;

/** Shares and cosines end at 1; an error has no end, so that its least spread follows its size. */
function gainBounds(
  gain: GainAxis,
  metric: MetricId | null,
  values: readonly number[],
): Parameters<typeof axisOf>[1] {
  if (gain === 'agreement') return { floor: -1, ceiling: 1, least: LEAST_SPREAD.agreement, count: 4 };
  if (metric === null || metricWords(metric).fraction) {
    return { floor: 0, ceiling: 1, least: LEAST_SPREAD.accuracy, count: 4 };
  }
  const largest = Math.max(0, ...values);
  const least = largest === 0 ? 1 : LEAST_SPREAD.accuracy * largest;
  return { floor: 0, ceiling: Number.POSITIVE_INFINITY, least, count: 4 };
}

/** Enough digits to tell two ticks apart, no more. */
function gainTick(gain: GainAxis, metric: MetricId | null, value: number): string {
  if (metric !== null && !metricWords(metric).fraction) return String(Number(value.toPrecision(4)));
  return gain === 'accuracy' ? `${shortTick((value * 100).toFixed(2))} %` : shortTick(value.toFixed(5));
}

/** recharts hands the datum over with its own fields around it. */
function idOf(datum: unknown): string | undefined {
  if (typeof datum !== 'object' || datum === null) return undefined;
  if ('id' in datum && typeof datum.id === 'string') return datum.id;
  return 'payload' in datum ? idOf(datum.payload) : undefined;
}

interface ShapeProps {
  readonly cx?: number;
  readonly cy?: number;
  readonly payload?: ChartPoint;
}

/** This near to the lower edge a label under its point would run into the axis, in pixels. */
const LOW = 75;
/** From here on a label fits between the axis and its point. */
const ROOM = 160;
/** Widths of the labels with their distance from the point, in pixels of the font of 11. */
const LABEL_WIDTH = 90;
const GHOST_LABEL_WIDTH = 175;

function Nothing(): ReactElement {
  return <g />;
}

function Dot({
  cx = 0,
  cy = 0,
  payload,
  onSelect: _onSelect,
}: ShapeProps & { readonly onSelect: (id: string) => void }): ReactElement {
  const width = useChartWidth() ?? Infinity;
  const height = useChartHeight() ?? Infinity;
  if (payload === undefined) return <g />;
  const { original, current, onFront, title } = payload;
  const radius = current ? 8 : original ? 7 : onFront ? 5 : 4;
  const fill = onFront && !original ? 'var(--accent)' : 'var(--base)';
  const low = cy > height - LOW;
  const left = original || (low && cx > ROOM) || cx + LABEL_WIDTH > width;
  const label = original ? 'original' : current ? 'this variant' : '';
  return (
    <g className="point" data-variant={payload.id}>
      <circle cx={cx} cy={cy} r={14} fill="transparent" />
      <circle
        cx={cx}
        cy={cy}
        r={radius}
        fill={fill}
        stroke={current ? 'var(--ink)' : 'none'}
        strokeWidth={1.5}
      >
        <title>{title}</title>
      </circle>
      {/* The front bends up and to the left: there is room below a point, and above the original at its end. */}
      {label === '' ? null : (
        <text
          x={left ? cx - 12 : cx + 12}
          y={original || low ? cy - 12 : cy + 18}
          textAnchor={left ? 'end' : 'start'}
          className="point-label"
        >
          {label}
        </text>
      )}
    </g>
  );
}

function GhostDot({ cx = 0, cy = 0 }: ShapeProps): ReactElement {
  const width = useChartWidth() ?? Infinity;
  const right = cx + GHOST_LABEL_WIDTH <= width;
  // On a narrow screen neither side may have room: then the label ends with the chart.
  const left = !right && cx > GHOST_LABEL_WIDTH;
  const x = left ? cx - 14 : right ? cx + 14 : width - 4;
  return (
    <g className="ghost">
      <circle
        cx={cx}
        cy={cy}
        r={8}
        fill="none"
        stroke="var(--accent)"
        strokeWidth={1.6}
        strokeDasharray="3 3"
      />
      <text x={x} y={cy + 20} textAnchor={right ? 'start' : 'end'} className="point-label">
        predicted, not measured yet
      </text>
    </g>
  );
}

function PointTip({
  active,
  payload,
  cost,
  gain,
  metric,
}: {
  readonly active?: boolean;
  readonly payload?: readonly { readonly payload?: Datum }[];
  readonly cost: CostAxis;
  readonly gain: GainAxis;
  readonly metric: MetricId | null;
}): ReactElement | null {
  const point = payload?.[0]?.payload;
  if (active !== true || point === undefined) return null;
  const ghost = 'ghost' in point;
  return (
    <div className="tip">
      <b>{ghost ? 'Predicted' : point.title}</b>
      <span>{costText(cost, point.cost)}</span>
      <span>
        {gain === 'agreement' ? 'cosine' : metric === null ? 'accuracy' : metricWords(metric).name}{' '}
        {ghost ? 'about ' : ''}
        {gainText(gain, point.gain, metric)}
      </span>
      <span className="mute">
        {ghost ? 'height read off between measured neighbours' : gainName(gain, metric)}
      </span>
    </div>
  );
}
