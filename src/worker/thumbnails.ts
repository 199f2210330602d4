/** Samples as small pictures, or as a line of text where they are none. It must not know sets or pages. */
import { drawnArray } from '../data/evaluate/preview.ts';
import type { Label, Picture, RawValue } from '../data/types.ts';
import type { Thumbnail } from './api.ts';

/** More numbers than this are no picture that fits a screen. */
const MOST_DRAWN = 3 * 1024 * 1024;

type Shown = Pick<Thumbnail, 'picture' | 'text'>;

/** The first picture in the sample, or an array that looks like one; else the first value in words. */
export function thumbnailOf(values: ReadonlyMap<string, RawValue>, side: number): Shown {
  const all = [...values.values()];
  const image = all.find((value) => value.kind === 'image');
  if (image !== undefined) return { picture: shrink(image.picture, side), text: null };
  const [first] = all;
  const drawn =
    first?.kind === 'array' && first.values.length <= MOST_DRAWN
      ? drawnArray(Array.from(first.values, Number), first.dims)
      : null;
  if (drawn !== null) return { picture: shrink(drawn, side), text: null };
  return { picture: null, text: first === undefined ? null : describeValue(first) };
}

/** The right answer in a few words. */
export function labelText(label: Label | null): string | null {
  switch (label?.kind) {
    case undefined:
      return null;
    case 'class':
      return label.name;
    case 'text':
      return label.text;
    case 'numbers':
      return numbersText(label.values, label.values.length);
    case 'boxes':
      return boxesText(label.boxes.map(({ className }) => className));
    case 'mask':
      return 'mask';
    default:
      return label satisfies never;
  }
}

function boxesText(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0 ? 'nothing' : [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
}

const SHOWN_NUMBERS = 6;
const SHOWN_CHARACTERS = 200;

function describeValue(value: RawValue): string {
  switch (value.kind) {
    case 'image':
      return `${value.picture.width} × ${value.picture.height} pixels`;
    case 'array': {
      const { dims, values } = value;
      const shown = Array.from({ length: Math.min(SHOWN_NUMBERS, values.length) }, (_, i) =>
        Number(values[i]),
      );
      return `[${dims.join(', ')}] ${numbersText(shown, values.length)}`;
    }
    case 'audio':
      return `${(value.samples.length / value.sampleRate).toFixed(2)} s at ${value.sampleRate} Hz`;
    case 'text':
      return value.text.length > SHOWN_CHARACTERS ? `${value.text.slice(0, SHOWN_CHARACTERS)}…` : value.text;
    default:
      return value satisfies never;
  }
}

function numbersText(values: readonly number[], all: number): string {
  const shown = values.slice(0, SHOWN_NUMBERS).map((value) => String(Number(value.toPrecision(4))));
  return shown.join(', ') + (all > SHOWN_NUMBERS ? ', …' : '');
}

/** Mean of the pixels that a target pixel covers; never larger than it is. */
export function shrink({ width, height, rgba }: Picture, side: number): NonNullable<Thumbnail['picture']> {
  const factor = Math.min(1, side / Math.max(width, height));
  const target = {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  };
  const pixels = new Uint8Array(target.width * target.height * 4);
  for (let y = 0; y < target.height; y++) {
    const top = Math.floor((y * height) / target.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / target.height));
    for (let x = 0; x < target.width; x++) {
      const left = Math.floor((x * width) / target.width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / target.width));
      const sums = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++) {
        for (let at = (row * width + left) * 4; at < (row * width + right) * 4; at++)
          sums[at & 3] += rgba[at];
      }
      const area = (bottom - top) * (right - left);
      for (let c = 0; c < 4; c++) pixels[(y * target.width + x) * 4 + c] = Math.round(sums[c] / area);
    }
  }
  return { ...target, rgba: pixels };
}
