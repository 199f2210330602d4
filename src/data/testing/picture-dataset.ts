/** A set of pictures held in memory. Tests only. */
import type { Dataset, Label, Picture } from '../types.ts';

export function pictureDataset(
  pictures: readonly Picture[],
  labels: readonly (Label | null)[],
  masks: readonly Picture[] = [],
): Dataset {
  const names = labels.flatMap((label) => {
    if (label?.kind === 'class') return [label.name];
    return label?.kind === 'boxes' ? label.boxes.map(({ className }) => className) : [];
  });
  return {
    name: 'pictures',
    kind: 'images',
    sources: [
      { name: 'image', kind: 'image', dataType: 'uint8', dims: [pictures[0].height, pictures[0].width, 3] },
    ],
    length: pictures.length,
    classes: [...new Set(names)].sort(),
    texts: new Map(),
    problems: [],
    info: (index) => ({ key: `${index}.png`, label: labels[index] ?? null, groups: {} }),
    read: (index) => {
      const mask = masks[index];
      const values = [['image', { kind: 'image', picture: pictures[index] }] as const];
      return Promise.resolve(
        new Map(
          mask === undefined ? values : [...values, ['mask', { kind: 'image', picture: mask }] as const],
        ),
      );
    },
    readBytes: (index) => Promise.resolve(new Uint8Array(pictures[index].rgba)),
    summary: () => {
      throw new Error('Not needed here.');
    },
  };
}

/** One colour all over. */
export function plainPicture(width: number, height: number, colour: readonly number[]): Picture {
  return {
    width,
    height,
    rgba: Uint8Array.from({ length: width * height * 4 }, (_, i) => [...colour, 255][i % 4]),
  };
}
