/** A set of small arrays held in memory, so that a test can say what each sample is. Tests only. */
import type { Dataset, Label, RawValue } from '../types.ts';

/** @param labels one a sample; absent = none. */
export function arrayDataset(
  samples: readonly (readonly number[])[],
  dims?: readonly number[],
  labels: readonly Label[] = [],
  texts: Readonly<Record<string, string>> = {},
): Dataset {
  const names = labels.flatMap((label) => (label.kind === 'class' ? [label.name] : []));
  const classes = [...new Set(names)].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return {
    name: 'made',
    kind: 'arrays',
    sources: [{ name: 'x', kind: 'array', dataType: 'float32', dims: dims ?? [samples[0]?.length ?? 0] }],
    length: samples.length,
    classes,
    texts: new Map(Object.entries(texts)),
    problems: [],
    info: (index) => ({ key: `x[${index}]`, label: labels[index] ?? null, groups: {} }),
    read: (index) => {
      const values = samples[index];
      const value: RawValue = {
        kind: 'array',
        dataType: 'float32',
        dims: dims ?? [values.length],
        values: Float32Array.from(values),
      };
      return Promise.resolve(new Map([['x', value]]));
    },
    readBytes: (index) => Promise.resolve(new Uint8Array(Float32Array.from(samples[index]).buffer)),
    summary: () => {
      throw new Error('Not needed here.');
    },
  };
}
