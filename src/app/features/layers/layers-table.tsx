/**
 * Every compressible weight: size, error, and what it asks for itself; or, as a heat-map, what each precision does to it.
 * Only the rows in view exist.
 */
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import type { ProfileResult } from '../../../core/profile/types.ts';
import { useAppState } from '../../store/context.ts';
import { layerRows, sortRows } from '../../store/layers.ts';
import type { LayerRow } from '../../store/layers.ts';
import { precisionOf, sparsityOf } from '../../store/recipe-edit.ts';
import { ORIGINAL, recipeOf } from '../../store/state.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { GuiltyBar } from '../sensitivity/guilty-bar.tsx';
import type { Columns } from '../sensitivity/guilty-bar.tsx';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { byTime } from './by-time.ts';
import { byDamage, heatOf } from './heat-columns.ts';
import type { HeatColumns } from './heat-columns.ts';
import { LayerTableRow } from './layer-row.tsx';
import { LayersHead } from './layers-head.tsx';
import type { TableOrder } from './layers-head.tsx';
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
  const profile = useShownProfile();
  const times = profile?.layers ?? null;
  const [columns, setColumns] = useState<Columns>('heat');
  const [order, setOrder] = useState<TableOrder>('damage');
  const heat = useHeat(columns);
  const rows = useRows(order, times, heat);
  const widest = useMemo(() => Math.max(1e-9, ...rows.map((row) => row.share)), [rows]);
  const { indices, above, below } = useVirtualRows(scroller, {
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    // A small network is all there, for whoever searches the page or goes through it by keyboard.
    overscan: 24,
    initialHeight: 400,
  });
  if (layers.length === 0)
    return <p className="mute small panel-text">This model has no weights that a pass can compress.</p>;
  const width = heat === null ? 7 : 3 + heat.options.length;
  return (
    <>
      <GuiltyBar columns={columns} onColumns={setColumns} />
      <div
        className="layers-scroll"
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="Layers, scrollable"
      >
        <table
          className={`table layers ${heat === null ? '' : 'layers-heat'}`}
          aria-rowcount={rows.length + 1}
        >
          <LayersHead order={order} onOrder={setOrder} profile={profile} heat={heat} />
          <tbody>
            {above > 0 ? <Spacer height={above} columns={width} /> : null}
            {indices.map((index) => {
              const row = rows[index];
              return row === undefined ? null : (
                <LayerTableRow
                  key={row.layer.id}
                  row={row}
                  index={index}
                  widest={widest}
                  micros={times === null ? undefined : (times[row.layer.id] ?? null)}
                  precision={precision}
                  sparsity={sparsity}
                  selected={row.layer.id === selected}
                  heat={heat}
                />
              );
            })}
            {below > 0 ? <Spacer height={below} columns={width} /> : null}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }): ReactElement {
  return (
    <tr aria-hidden="true" className="layers-spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

/** The heat-map's columns where there is a report and it is asked for. */
function useHeat(columns: Columns): HeatColumns | null {
  const report = useAppState((state) => state.sensitivity);
  const chosen = useAppState((state) => state.view.heat);
  return useMemo(
    () => (report === null || columns !== 'heat' ? null : heatOf(report, chosen)),
    [report, chosen, columns],
  );
}

function useRows(
  order: TableOrder,
  times: ProfileResult['layers'] | null,
  heat: HeatColumns | null,
): readonly LayerRow[] {
  const layers = useAppState((state) => state.model?.layers ?? NO_LAYERS);
  const recipe = useDeferredValue(useAppState(recipeOf));
  const variant = useDeferredValue(useCurrentEntry()?.summary ?? null);
  return useMemo(() => {
    const made = layerRows(layers, recipe, variant);
    if (order === 'damage') return heat === null ? made : byDamage(made, heat);
    if (order === 'time') return times === null ? made : byTime(made, times);
    return sortRows(made, order);
  }, [layers, recipe, variant, order, times, heat]);
}

/** Of what is on screen; the original's where the variant was not profiled. */
function useShownProfile(): ProfileResult | null {
  return useAppState(
    ({ profiles, currentId, lastId }) =>
      profiles[currentId ?? lastId ?? ORIGINAL] ?? profiles[ORIGINAL] ?? null,
  );
}
