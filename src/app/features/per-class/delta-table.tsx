/** Classes or groups with what they lost and gained. Only the rows in view exist: there may be ten thousand. */
import { memo, useRef } from 'react';
import type { ReactElement } from 'react';
import type { GroupDelta, MetricId } from '../../../core/metrics/tasks/types.ts';
import { groupThousands } from '../../ui/format.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { barGeometry, deltaNote } from './delta-rows.ts';
import type { DeltaOrder } from './delta-rows.ts';
import { formatBetween, formatDifference, formatMetric } from '../../store/metric-text.ts';

const ROW_HEIGHT = 34;
const BAR_WIDTH = 90;
const BAR_HEIGHT = 14;

export function DeltaTable({
  rows,
  what,
  metric,
  higherIsBetter,
  scale,
  order,
  onOrder,
  nameOf,
}: {
  readonly rows: readonly GroupDelta[];
  /** 'Class', or the name of a column. */
  readonly what: string;
  readonly metric: MetricId;
  readonly higherIsBetter: boolean;
  readonly scale: number;
  readonly order: DeltaOrder;
  readonly onOrder: (order: DeltaOrder) => void;
  /** A row's name for people. */
  readonly nameOf: (row: GroupDelta) => string;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { indices, above, below } = useVirtualRows(scroller, {
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    overscan: 8,
    initialHeight: 300,
  });
  return (
    <div
      className="delta-scroll"
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label={`By ${what}, scrollable`}
    >
      <table className="table deltas" aria-rowcount={rows.length + 1}>
        <Head what={what} order={order} onOrder={onOrder} />
        <tbody>
          {above > 0 ? <Spacer height={above} /> : null}
          {indices.map((index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <Row
                key={index}
                row={row}
                name={nameOf(row)}
                index={index}
                metric={metric}
                higherIsBetter={higherIsBetter}
                scale={scale}
              />
            );
          })}
          {below > 0 ? <Spacer height={below} /> : null}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height }: { readonly height: number }): ReactElement {
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={6} style={{ height }} />
    </tr>
  );
}

function Head({
  what,
  order,
  onOrder,
}: {
  readonly what: string;
  readonly order: DeltaOrder;
  readonly onOrder: (order: DeltaOrder) => void;
}): ReactElement {
  const direction = (
    active: boolean,
    way: 'ascending' | 'descending',
  ): 'ascending' | 'descending' | 'none' => (active ? way : 'none');
  const worst = order === 'worst';
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" aria-sort={direction(order === 'name', 'ascending')}>
          <button type="button" className="sort" onClick={() => onOrder('name')}>
            {what}
          </button>
        </th>
        <th scope="col" className="number" aria-sort={direction(order === 'count', 'descending')}>
          <button type="button" className="sort" onClick={() => onOrder('count')}>
            n
          </button>
        </th>
        <th scope="col" className="number">
          Original
        </th>
        <th scope="col" className="number">
          Variant
        </th>
        <th scope="col" aria-sort={direction(worst || order === 'best', worst ? 'ascending' : 'descending')}>
          <button type="button" className="sort" onClick={() => onOrder(worst ? 'best' : 'worst')}>
            Difference<span aria-hidden="true">{worst ? ' ↑' : order === 'best' ? ' ↓' : ''}</span>
          </button>
        </th>
        <th scope="col">Verdict</th>
      </tr>
    </thead>
  );
}

const Row = memo(function Row({
  row,
  name,
  index,
  metric,
  higherIsBetter,
  scale,
}: {
  readonly row: GroupDelta;
  readonly name: string;
  readonly index: number;
  readonly metric: MetricId;
  readonly higherIsBetter: boolean;
  readonly scale: number;
}): ReactElement {
  const worse = higherIsBetter ? row.difference < 0 : row.difference > 0;
  const tone = !row.significant ? 'tone-neutral' : worse ? 'tone-bad' : 'tone-good';
  return (
    <tr aria-rowindex={index + 2}>
      <th scope="row" title={name}>
        {name}
      </th>
      <td className="number">{groupThousands(row.n)}</td>
      <td className="number">{formatMetric(metric, row.baseline)}</td>
      <td className="number">{formatMetric(metric, row.value)}</td>
      <td className="delta-cell">
        <ErrorBar row={row} scale={scale} />
        <span>{formatDifference(metric, row.difference)}</span>
        <small className="mute">[{formatBetween(metric, row.interval)}]</small>
      </td>
      <td className={tone}>
        {row.significant ? `${worse ? 'lost' : 'gained'}, significant` : deltaNote(row)}
      </td>
    </tr>
  );
});

/** The interval as a line with its value, zero in the middle. The numbers beside it say the same. */
function ErrorBar({ row, scale }: { readonly row: GroupDelta; readonly scale: number }): ReactElement {
  const { low, high, value, zero } = barGeometry(row, scale);
  const x = (share: number): number => 3 + share * (BAR_WIDTH - 6);
  const middle = BAR_HEIGHT / 2;
  return (
    <svg className="error-bar" width={BAR_WIDTH} height={BAR_HEIGHT} aria-hidden="true">
      <line className="error-zero" x1={x(zero)} x2={x(zero)} y1="0" y2={BAR_HEIGHT} />
      <line className="error-line" x1={x(low)} x2={x(high)} y1={middle} y2={middle} />
      <circle className="error-value" cx={x(value)} cy={middle} r="3" />
    </svg>
  );
}
