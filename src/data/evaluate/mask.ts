/** A mask picture as one class index a pixel. It must not know models. */
import type { MaskPixels } from '../../core/metrics/tasks/truth.ts';
import type { RawValue } from '../types.ts';

/**
 * Grey pictures hold the class as their value. Coloured ones are read as the palette of PASCAL VOC, in which most
 * coloured masks are stored.
 * @returns null without a mask, a sentence when it cannot be read as classes.
 */
export function maskPixels(
  mask: Extract<RawValue, { readonly kind: 'image' | 'array' }> | null,
): MaskPixels | string | null {
  if (mask === null) return null;
  if (mask.kind === 'array') {
    const dims = mask.dims.filter((d) => d !== 1);
    if (dims.length !== 2)
      return `The mask has the shape [${mask.dims.join(', ')}]; rows and columns are expected.`;
    return { height: dims[0], width: dims[1], classes: Array.from(mask.values as ArrayLike<number>, Number) };
  }
  const { width, height, rgba } = mask.picture;
  const classes = new Uint8Array(width * height);
  let coloured = false;
  for (let i = 0; i < classes.length && !coloured; i++) {
    classes[i] = rgba[i * 4];
    coloured = rgba[i * 4] !== rgba[i * 4 + 1] || rgba[i * 4] !== rgba[i * 4 + 2];
  }
  if (!coloured) return { width, height, classes };
  const palette = vocPalette();
  for (let i = 0; i < classes.length; i++) {
    const colour = rgba[i * 4] * 65536 + rgba[i * 4 + 1] * 256 + rgba[i * 4 + 2];
    const index = palette.get(colour);
    if (index === undefined) {
      return `The mask holds the colour ${colourName(colour)}, which stands for no class; grey values or the palette of PASCAL VOC are expected.`;
    }
    classes[i] = index;
  }
  return { width, height, classes };
}

function colourName(colour: number): string {
  return `#${colour.toString(16).padStart(6, '0')}`;
}

let known: ReadonlyMap<number, number> | undefined;

/** Bits of the index, three at a time, from the top of red, green and blue. Source: PASCAL VOC devkit, VOClabelcolormap. */
function vocPalette(): ReadonlyMap<number, number> {
  known ??= new Map(
    Array.from({ length: 256 }, (_, index) => {
      const channel = (which: number): number => {
        let value = 0;
        for (let k = 0; k < 8; k++) value |= ((index >> (3 * k + which)) & 1) << (7 - k);
        return value;
      };
      return [channel(0) * 65536 + channel(1) * 256 + channel(2), index] as const;
    }),
  );
  return known;
}
