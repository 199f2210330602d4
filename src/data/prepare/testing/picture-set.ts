/** A set of pictures in memory, to look for copies in. Tests and benchmarks only. */
import type { Dataset, Label, Picture } from '../../types.ts';

export interface MadeSample {
  readonly key: string;
  readonly picture: Picture;
  /** As stored; absent = the pixels. */
  readonly bytes?: Uint8Array;
  readonly label?: Label;
}

export function pictureSet(samples: readonly MadeSample[]): Dataset {
  const classes = [
    ...new Set(samples.flatMap(({ label }) => (label?.kind === 'class' ? [label.name] : []))),
  ].sort();
  const sources = [{ name: 'image', kind: 'image' }] as const;
  return {
    name: 'made',
    kind: 'images',
    sources,
    length: samples.length,
    classes,
    texts: new Map(),
    problems: [],
    info: (i) => ({ key: samples[i].key, label: samples[i].label ?? null, groups: {} }),
    read: (i) =>
      Promise.resolve(new Map([['image', { kind: 'image', picture: samples[i].picture } as const]])),
    readBytes: (i) => Promise.resolve(samples[i].bytes ?? Uint8Array.from(samples[i].picture.rgba)),
    summary: () => {
      throw new Error('not needed here');
    },
  };
}
