/** Every compressible weight: size, error, and what it asks for itself. Only the rows in view exist. */
import { memo, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import type { ProfileResult } from '../../../core/profile/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { layerRows, sortRows } from '../../store/layers.ts';
import type { LayerOrder, LayerRow } from '../../store/layers.ts';
import { precisionOf, sparsityOf } from '../../store/recipe-edit.ts';
import { ORIGINAL, recipeOf } from '../../store/state.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { formatBytes, formatDecibels, formatPercent } from '../../ui/format.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { Heat } from '../../ui/heat.tsx';
import { formatMicros } from '../profile/profile-rows.ts';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { byTime } from './by-time.ts';
import { PrecisionSelect, SparsitySelect } from './override-selects.tsx';
import './layers.css';

const ROW_HEIGHT = 34;
type TableOrder = LayerOrder | 'time';

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
  const [order, setOrder] = useState<TableOrder>('model');
  const profile = useShownProfile();
  const times = profile?.layers ?? null;
  const rows = useMemo(() => {
    const made = layerRows(layers, recipe, variant);
    if (order === 'time') return times === null ? made : byTime(made, times);
    return sortRows(made, order);
  }, [layers, recipe, variant, order, times]);
  const widest = useMemo(() => Math.max(1e-9, ...rows.map((row) => row.share)), [rows]);
  const { indices, above, below } = useVirtualRows(scroller, {
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    // A small network is all there, for whoever searches the page or goes through it by keyboard.
    overscan: 24,
    initialHeight: 400,
  });
  if (rows.length === 0)
    return <p className="mute small panel-text">This model has no weights that a pass can compress.</p>;
  return (
    <div className="layers-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Layers, scrollable">
      <table className="table layers" aria-rowcount={rows.length + 1}>
        <LayersHead order={order} onOrder={setOrder} profile={profile} />
        <tbody>
          {above > 0 ? <Spacer height={above} /> : null}
          {indices.map((index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <Row
                key={row.layer.id}
                row={row}
                index={index}
                widest={widest}
                micros={times === null ? undefined : (times[row.layer.id] ?? null)}
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

/** Of what is on screen; the original's where the variant was not profiled. */
function useShownProfile(): ProfileResult | null {
  return useAppState(
    ({ profiles, currentId, lastId }) =>
      profiles[currentId ?? lastId ?? ORIGINAL] ?? profiles[ORIGINAL] ?? null,
  );
}

function LayersHead({
  order,
  onOrder,
  profile,
}: {
  readonly order: TableOrder;
  readonly onOrder: (order: TableOrder) => void;
  readonly profile: ProfileResult | null;
}): ReactElement {
  const original = useAppState(({ profiles }) => profiles[ORIGINAL] ?? null);
  const whose = profile === original ? 'original' : 'variant';
  const sortable = (key: TableOrder, text: string, help?: string): ReactElement => (
    <th
      scope="col"
      title={help}
      aria-sort={order === key ? (key === 'model' ? 'ascending' : 'descending') : 'none'}
    >
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
        {profile === null ? (
          <th scope="col" className="wide-only">
            Share
          </th>
        ) : (
          sortable('time', 'Time', `In a profiled run of the ${whose}, which is slower than a timed one`)
        )}
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
  micros,
  precision,
  sparsity,
  selected,
}: {
  readonly row: LayerRow;
  readonly index: number;
  readonly widest: number;
  /** Of a profiled run; null = the layer took none of it, undefined = nothing was profiled. */
  readonly micros: number | null | undefined;
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
      {micros === undefined ? (
        <td className="wide-only">
          {row.share > 0 && row.share < 0.001 ? '<0.1 %' : formatPercent(row.share)}
        </td>
      ) : (
        <td>{micros === null ? <span className="mute">–</span> : formatMicros(micros)}</td>
      )}
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
