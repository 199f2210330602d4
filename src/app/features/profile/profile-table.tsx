/** Where the time goes, before and after, with what was counted of each layer. Only the rows in view exist. */
import { memo, useRef } from 'react';
import type { ReactElement } from 'react';
import { formatBytes, formatCount, formatPercent, groupThousands } from '../../ui/format.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { changeOf, formatMicros } from './profile-rows.ts';
import type { Grouping, ProfileColumn, ProfileOrder, ProfileRow } from './profile-rows.ts';

const ROW_HEIGHT = 30;

interface Column {
  readonly id: ProfileColumn;
  readonly title: string;
  readonly help?: string;
  readonly number: boolean;
  readonly cell: (row: ProfileRow) => string;
}

const text = (id: 'op' | 'provider' | 'layer', title: string): Column => ({
  id,
  title,
  number: false,
  cell: (row) => row[id],
});

const figure = (
  id: ProfileColumn,
  title: string,
  cell: (row: ProfileRow) => string,
  help?: string,
): Column => ({ id, title, number: true, cell, ...(help === undefined ? {} : { help }) });

const orDash = (value: number | null, format: (value: number) => string): string =>
  value === null ? '–' : format(value);

const COUNTED: readonly Column[] = [
  figure(
    'macs',
    'MACs',
    (row) => orDash(row.macs, formatCount),
    'Multiply-accumulates of one run, counted from the shapes',
  ),
  figure(
    'parameters',
    'Weights',
    (row) => orDash(row.parameters, formatCount),
    'How many numbers it has learnt',
  ),
  figure(
    'activationBytes',
    'Writes',
    (row) => orDash(row.activationBytes, formatBytes),
    'Bytes of activations that it writes in one run',
  ),
];

/** @param both whether there are two profiles to put side by side */
export function columnsFor(grouping: Grouping, both: boolean, sole: string): readonly Column[] {
  const before = figure('before', both ? 'Original' : sole, (row) => orDash(row.before, formatMicros));
  const times: readonly Column[] = both
    ? [
        before,
        figure('after', 'Variant', (row) => orDash(row.after, formatMicros)),
        figure('change', 'Change', (row) => orDash(changeOf(row), signedMicros)),
      ]
    : [sole === 'Original' ? before : figure('after', sole, (row) => orDash(row.after, formatMicros))];
  const share = figure('share', 'Share', (row) => formatPercent(row.share), 'Of the time of all operations');
  switch (grouping) {
    case 'layer':
      return [text('op', 'Op'), ...times, share, ...COUNTED];
    case 'op':
      return [
        figure('nodes', 'Nodes', (row) => groupThousands(row.nodes)),
        ...times,
        share,
        text('provider', 'Provider'),
      ];
    case 'node':
      return [text('op', 'Op'), ...times, share, text('provider', 'Provider'), text('layer', 'Layer')];
    default:
      return grouping satisfies never;
  }
}

function signedMicros(micros: number): string {
  return micros === 0 ? '0' : `${micros < 0 ? '−' : '+'}${formatMicros(Math.abs(micros))}`;
}

export function ProfileTable({
  rows,
  columns,
  what,
  order,
  onOrder,
}: {
  readonly rows: readonly ProfileRow[];
  readonly columns: readonly Column[];
  /** 'Layer', 'Operation', 'Node' */
  readonly what: string;
  readonly order: ProfileOrder;
  readonly onOrder: (order: ProfileOrder) => void;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { indices, above, below } = useVirtualRows(scroller, {
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    overscan: 8,
    initialHeight: 300,
  });
  const all: readonly Column[] = [
    { id: 'name', title: what, number: false, cell: (row) => row.name },
    ...columns,
  ];
  return (
    <div className="profile-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Times, scrollable">
      <table className="table profile-table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {all.map((column) => (
              <HeadCell key={column.id} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <Spacer height={above} span={all.length} /> : null}
          {indices.map((index) => {
            const row = rows[index];
            return row === undefined ? null : <Row key={row.key} row={row} index={index} columns={columns} />;
          })}
          {below > 0 ? <Spacer height={below} span={all.length} /> : null}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height, span }: { readonly height: number; readonly span: number }): ReactElement {
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={span} style={{ height }} />
    </tr>
  );
}

function HeadCell({
  column,
  order,
  onOrder,
}: {
  readonly column: Column;
  readonly order: ProfileOrder;
  readonly onOrder: (order: ProfileOrder) => void;
}): ReactElement {
  const active = order.column === column.id;
  // Numbers start with the largest, names with the first.
  const next = active ? !order.descending : column.number;
  return (
    <th
      scope="col"
      className={column.number ? 'number' : ''}
      title={column.help}
      aria-sort={active ? (order.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" className="sort" onClick={() => onOrder({ column: column.id, descending: next })}>
        {column.title}
        <span aria-hidden="true">{active ? (order.descending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}

const Row = memo(function Row({
  row,
  index,
  columns,
}: {
  readonly row: ProfileRow;
  readonly index: number;
  readonly columns: readonly Column[];
}): ReactElement {
  return (
    <tr aria-rowindex={index + 2}>
      <th scope="row" title={row.name}>
        {row.name}
      </th>
      {columns.map((column) => (
        <td
          key={column.id}
          className={column.number ? 'number' : ''}
          title={column.number ? undefined : column.cell(row)}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
});
