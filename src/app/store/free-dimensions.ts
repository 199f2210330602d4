/** Sizes that a model leaves open and that a measurement therefore has to choose. Pure. */
import type { InputSummary } from '../../worker/api.ts';

export interface FreeDimension {
  /** The key of MeasureOptions.dimensions: the symbolic name, or 'input:axis' for one without a name. */
  readonly key: string;
  readonly label: string;
  /** Where it occurs, for the reader. */
  readonly where: string;
}

export function freeDimensions(inputs: readonly InputSummary[]): readonly FreeDimension[] {
  const found = new Map<string, { label: string; where: string[] }>();
  for (const input of inputs) {
    input.shape?.forEach((size, axis) => {
      if (typeof size === 'number' && size >= 0) return;
      const named = typeof size === 'string' && size !== '';
      const key = named ? size : `${input.name}:${axis}`;
      const entry = found.get(key) ?? { label: named ? size : `${input.name}, axis ${axis}`, where: [] };
      entry.where.push(`${input.name}[${axis}]`);
      found.set(key, entry);
    });
  }
  return [...found].map(([key, { label, where }]) => ({ key, label, where: where.join(', ') }));
}
