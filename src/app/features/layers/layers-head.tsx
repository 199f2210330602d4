/** Heads of the layers table: what can be sorted by says so. */
import type { ReactElement } from 'react';
import type { ProfileResult } from '../../../core/profile/types.ts';
import type { LayerOption } from '../../../core/search/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import type { LayerOrder } from '../../store/layers.ts';
import { ORIGINAL } from '../../store/state.ts';
import { optionHelp, optionName } from '../sensitivity/heat-scale.ts';
import type { HeatColumns } from './heat-columns.ts';

/** `damage`: by the heat-map's chosen column; without a heat-map the order of the model. */
export type TableOrder = LayerOrder | 'time' | 'damage';

export function LayersHead({
  order,
  onOrder,
  profile,
  heat,
}: {
  readonly order: TableOrder;
  readonly onOrder: (order: TableOrder) => void;
  readonly profile: ProfileResult | null;
  readonly heat: HeatColumns | null;
}): ReactElement {
  // The heat-map's own order means nothing without it.
  const shown = order === 'damage' && heat === null ? 'model' : order;
  const sorted = (key: TableOrder, text: string, className?: string, help?: string): ReactElement => (
    <Sortable
      text={text}
      className={className}
      help={help}
      sorted={shown === key ? (key === 'model' ? 'ascending' : 'descending') : 'none'}
      onSort={() => onOrder(shown === key ? 'model' : key)}
    />
  );
  return (
    <thead>
      <tr aria-rowindex={1}>
        {sorted('model', 'Layer')}
        {heat === null ? (
          <>
            <th scope="col" className="col-op">
              Op
            </th>
            {sorted('bytes', 'Weights', 'col-bytes')}
            <TimeHead profile={profile} sorted={sorted} />
            {sorted('error', 'Error', 'col-error')}
          </>
        ) : (
          <>
            {sorted('bytes', 'Weights', 'col-bytes')}
            {heat.options.map((option) => (
              <HeatHead key={option} option={option} heat={heat} order={shown} onOrder={onOrder} />
            ))}
          </>
        )}
        <th scope="col" className="col-precision">
          Precision
        </th>
        {heat === null ? (
          <th scope="col" className="col-sparsity">
            Sparsity
          </th>
        ) : null}
      </tr>
    </thead>
  );
}

function Sortable({
  text,
  className,
  help,
  sorted,
  onSort,
}: {
  readonly text: string;
  readonly className: string | undefined;
  readonly help: string | undefined;
  readonly sorted: 'ascending' | 'descending' | 'none';
  readonly onSort: () => void;
}): ReactElement {
  return (
    <th scope="col" className={className} title={help} aria-sort={sorted}>
      <button type="button" className="sort" onClick={onSort}>
        {text}
        <span aria-hidden="true">{sorted === 'descending' ? ' ↓' : ''}</span>
      </button>
    </th>
  );
}

function TimeHead({
  profile,
  sorted,
}: {
  readonly profile: ProfileResult | null;
  readonly sorted: (key: TableOrder, text: string, className?: string, help?: string) => ReactElement;
}): ReactElement {
  const original = useAppState(({ profiles }) => profiles[ORIGINAL] ?? null);
  if (profile === null) {
    return (
      <th scope="col" className="col-share wide-only">
        Share
      </th>
    );
  }
  const whose = profile === original ? 'original' : 'variant';
  return sorted(
    'time',
    'Time',
    'col-share',
    `In a profiled run of the ${whose}, which is slower than a timed one`,
  );
}

/** Sorting by an option also chooses it for the graph. */
function HeatHead({
  option,
  heat,
  order,
  onOrder,
}: {
  readonly option: LayerOption;
  readonly heat: HeatColumns;
  readonly order: TableOrder;
  readonly onOrder: (order: TableOrder) => void;
}): ReactElement {
  const { store } = useApp();
  const active = order === 'damage' && heat.chosen === option;
  return (
    <Sortable
      text={optionName(option)}
      className="col-heat"
      help={`${optionHelp(option)}. ${heat.metricText}`}
      sorted={active ? 'descending' : 'none'}
      onSort={() => {
        store.setState((state) => ({ view: { ...state.view, heat: option } }));
        onOrder(active ? 'model' : 'damage');
      }}
    />
  );
}
