/** Every compressible weight: size, error, and what it asks for itself. Only the rows in view exist. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { layerRows, sortRows } from '../../store/layers.ts';
import type { LayerOrder, LayerRow } from '../../store/layers.ts';
import { precisionOf, sparsityOf } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { formatBytes, formatDecibels, formatPercent } from '../../ui/format.ts';
import { Heat } from '../../ui/heat.tsx';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { PrecisionSelect, SparsitySelect } from './override-selects.tsx';
import './layers.css';

const ROW_HEIGHT = 34;
const NO_LAYERS: readonly LayerSummary[] = [];

export function LayersTable(): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const layers = useAppState((state) => state.model?.layers ?? NO_LAYERS);
  // The table follows a moving slider when there is time; the figures go first.
  const recipe = useDeferredValue(useAppState(recipeOf));
  const precision = precisionOf(recipe);
  const sparsity = sparsityOf(recipe);
  const selected = useAppState((state) => state.view.layerId);
  const variant = useDeferredValue(useCurrentEntry()?.summary ?? null);
  const [order, setOrder] = useState<LayerOrder>('model');
  const rows = useMemo(
    () => sortRows(layerRows(layers, recipe, variant), order),
    [layers, recipe, variant, order],
  );
  const widest = useMemo(() => Math.max(1e-9, ...rows.map((row) => row.share)), [rows]);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's methods are called during render, as it is meant to be used
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    initialRect: { width: 700, height: 400 },
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  if (rows.length === 0)
    return <p className="mute small panel-text">This model has no weights that a pass can compress.</p>;
  return (
    <div className="layers-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Layers, scrollable">
      <table className="table layers" aria-rowcount={rows.length + 1}>
        <LayersHead order={order} onOrder={setOrder} />
        <tbody>
          {above > 0 ? <Spacer height={above} /> : null}
          {items.map(({ index }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <Row
                key={row.layer.id}
                row={row}
                index={index}
                widest={widest}
                precision={precision}
                sparsity={sparsity}
                selected={row.layer.id === selected}
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
    <tr aria-hidden="true" className="layers-spacer">
      <td colSpan={7} style={{ height }} />
    </tr>
  );
}

function LayersHead({
  order,
  onOrder,
}: {
  readonly order: LayerOrder;
  readonly onOrder: (order: LayerOrder) => void;
}): ReactElement {
  const sortable = (key: LayerOrder, text: string): ReactElement => (
    <th scope="col" aria-sort={order === key ? (key === 'model' ? 'ascending' : 'descending') : 'none'}>
      <button type="button" className="sort" onClick={() => onOrder(order === key ? 'model' : key)}>
        {text}
        <span aria-hidden="true">{order === key && key !== 'model' ? ' ↓' : ''}</span>
      </button>
    </th>
  );
  return (
    <thead>
      <tr aria-rowindex={1}>
        {sortable('model', 'Layer')}
        <th scope="col">Op</th>
        {sortable('bytes', 'Weights')}
        <th scope="col" className="wide-only">
          Share
        </th>
        {sortable('error', 'Error')}
        <th scope="col">Precision</th>
        <th scope="col">Sparsity</th>
      </tr>
    </thead>
  );
}

const Row = memo(function Row({
  row,
  index,
  widest,
  precision,
  sparsity,
  selected,
}: {
  readonly row: LayerRow;
  readonly index: number;
  readonly widest: number;
  readonly precision: string;
  readonly sparsity: number;
  readonly selected: boolean;
}): ReactElement {
  const { store } = useApp();
  const { layer } = row;
  const select = (): void => store.setState((state) => ({ view: { ...state.view, layerId: layer.id } }));
  return (
    <tr aria-rowindex={index + 2} className={selected ? 'selected' : ''} onClick={select}>
      <th scope="row" className="layer-name">
        <button type="button" className="layer-select" aria-pressed={selected} title={layer.label}>
          {layer.label}
        </button>
      </th>
      <td
        className="layer-op"
        title={`${layer.op.replace(' dw', ' depthwise')}, weights ${layer.dims.join(' × ')}`}
      >
        {layer.op}
      </td>
      <td className="layer-bytes">
        <span
          className="bar"
          style={{ width: `${Math.max(3, (row.share / widest) * 46)}px` }}
          aria-hidden="true"
        />
        {formatBytes(layer.weightBytes)}
      </td>
      <td className="wide-only">
        {row.share > 0 && row.share < 0.001 ? '<0.1 %' : formatPercent(row.share)}
      </td>
      <td>
        {row.sqnrDb === undefined ? (
          <span className="mute">–</span>
        ) : (
          <Heat sqnrDb={row.sqnrDb} text={formatDecibels(row.sqnrDb)} />
        )}
      </td>
      {layer.frozen === undefined ? (
        <>
          <td>
            <PrecisionSelect row={row} general={precision} />
          </td>
          <td>
            <SparsitySelect row={row} general={sparsity} />
          </td>
        </>
      ) : (
        <td colSpan={2} className="layer-skipped" title={layer.frozen}>
          left alone: {layer.frozen}
        </td>
      )}
    </tr>
  );
});
