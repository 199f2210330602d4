/** Layers in the order of the time they take, longest first. Pure. */
import type { LayerRow } from '../../store/layers.ts';

/** @param micros time by layer id; layers without one come last, in the model's order */
export function byTime(
  rows: readonly LayerRow[],
  micros: Readonly<Record<string, number>>,
): readonly LayerRow[] {
  return rows.toSorted((a, b) => (micros[b.layer.id] ?? -1) - (micros[a.layer.id] ?? -1));
}
