/** One layer's row: what it is, its figures or its heat, and what it may be told. */
import { memo } from 'react';
import type { ReactElement } from 'react';
import { useApp } from '../../store/context.ts';
import type { LayerRow } from '../../store/layers.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { formatBytes, formatDecibels, formatPercent } from '../../ui/format.ts';
import { Heat } from '../../ui/heat.tsx';
import { formatMicros } from '../profile/profile-rows.ts';
import { DamageCell } from '../sensitivity/damage-cell.tsx';
import type { HeatColumns } from './heat-columns.ts';
import { PrecisionSelect, SparsitySelect } from './override-selects.tsx';

export const LayerTableRow = memo(function LayerTableRow({
  row,
  index,
  widest,
  micros,
  precision,
  sparsity,
  selected,
  heat,
}: {
  readonly row: LayerRow;
  readonly index: number;
  readonly widest: number;
  /** Of a profiled run; null = the layer took none of it, undefined = nothing was profiled. */
  readonly micros: number | null | undefined;
  readonly precision: string;
  readonly sparsity: number;
  readonly selected: boolean;
  readonly heat: HeatColumns | null;
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
      {heat === null ? <OpCell layer={layer} /> : null}
      <td className="layer-bytes">
        <span
          className="bar"
          style={{ width: `${Math.max(3, (row.share / widest) * 46)}px` }}
          aria-hidden="true"
        />
        {formatBytes(layer.weightBytes)}
      </td>
      {heat === null ? (
        <FigureCells row={row} micros={micros} />
      ) : (
        heat.options.map((option) => (
          <td key={option} className="heat-data">
            <DamageCell
              reading={heat.reading(layer.id, option)}
              metric={heat.metric}
              missing={heat.missing(layer.id) ?? layer.frozen}
            />
          </td>
        ))
      )}
      {layer.frozen === undefined ? (
        <>
          <td>
            <PrecisionSelect row={row} general={precision} />
          </td>
          {heat === null ? (
            <td>
              <SparsitySelect row={row} general={sparsity} />
            </td>
          ) : null}
        </>
      ) : (
        <td colSpan={heat === null ? 2 : 1} className="layer-skipped" title={layer.frozen}>
          left alone: {layer.frozen}
        </td>
      )}
    </tr>
  );
});

function OpCell({ layer }: { readonly layer: LayerSummary }): ReactElement {
  return (
    <td
      className="layer-op"
      title={`${layer.op.replace(' dw', ' depthwise')}, weights ${layer.dims.join(' × ')}`}
    >
      {layer.op}
    </td>
  );
}

function FigureCells({
  row,
  micros,
}: {
  readonly row: LayerRow;
  readonly micros: number | null | undefined;
}): ReactElement {
  return (
    <>
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
    </>
  );
}
