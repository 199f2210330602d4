/** What one layer asks for itself. "As the recipe" is the default; a choice here is a recipe edit like any other. */
import type { ReactElement } from 'react';
import { useApp } from '../../store/context.ts';
import { edit } from '../../store/edits.ts';
import type { LayerRow } from '../../store/layers.ts';
import { PRECISION_PARAM, PRUNE, QUANTIZE, SPARSITY_PARAM } from '../../store/pass-names.ts';
import { PRECISION_STOPS, withLayerParam } from '../../store/recipe-edit.ts';

const SPARSITY_CHOICES = [0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const;

interface SelectProps<T> {
  readonly row: LayerRow;
  /** What the recipe asks of every layer. Handed down, not read from the store: the table may lag behind a moving slider. */
  readonly general: T;
}

const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

export function PrecisionSelect({ row, general }: SelectProps<string>): ReactElement {
  const { store } = useApp();
  const shown = row.skippedBy[QUANTIZE] === undefined ? (row.precision ?? general) : 'fp32';
  return (
    <select
      className={`select pill pill-${shown} ${row.precision === undefined ? '' : 'own'}`}
      aria-label={`Precision of ${row.layer.label}`}
      title={
        row.skippedBy[QUANTIZE] ??
        (row.donePrecision === undefined ? undefined : `made as ${row.donePrecision}`)
      }
      value={row.precision ?? ''}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => {
        const value = event.currentTarget.value;
        edit(store, (draft) =>
          withLayerParam(draft, QUANTIZE, row.layer.id, PRECISION_PARAM, value === '' ? undefined : value),
        );
      }}
    >
      <option value="">
        {row.skippedBy[QUANTIZE] === undefined ? (row.donePrecision ?? general) : 'skipped'}
      </option>
      {PRECISION_STOPS.map((stop) => (
        <option key={stop} value={stop}>
          {stop}, set here
        </option>
      ))}
    </select>
  );
}

export function SparsitySelect({ row, general }: SelectProps<number>): ReactElement {
  const { store } = useApp();
  const own = row.sparsity;
  const odd = own !== undefined && !SPARSITY_CHOICES.some((choice) => choice === own);
  return (
    <select
      className={`select pill ${own === undefined ? '' : 'own'}`}
      aria-label={`Sparsity of ${row.layer.label}`}
      title={row.skippedBy[PRUNE]}
      value={own === undefined ? '' : String(own)}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => {
        const value = event.currentTarget.value;
        edit(store, (draft) =>
          withLayerParam(
            draft,
            PRUNE,
            row.layer.id,
            SPARSITY_PARAM,
            value === '' ? undefined : Number(value),
          ),
        );
      }}
    >
      <option value="">
        {row.skippedBy[PRUNE] === undefined ? percent(row.doneSparsity ?? general) : 'skipped'}
      </option>
      {odd ? <option value={String(own)}>{percent(own)}, set here</option> : null}
      {SPARSITY_CHOICES.map((choice) => (
        <option key={choice} value={String(choice)}>
          {percent(choice)}, set here
        </option>
      ))}
    </select>
  );
}
