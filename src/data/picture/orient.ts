/** Turns a picture upright as its EXIF orientation says. It must not know formats. */
import type { Picture } from '../types.ts';

/**
 * Orientations 1..8: 2 mirrored, 3 half turn, 4 flipped, 5 transposed, 6 quarter turn clockwise to show, 7 transposed
 * along the other diagonal, 8 quarter turn counter-clockwise to show. Source: Exif 2.3, 4.6.4 A.
 */
export function upright(picture: Picture, orientation: number): Picture {
  if (orientation <= 1 || orientation > 8) return picture;
  const { width, height } = picture;
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  // Where the first pixel of the result lies in the source, and what one step right or down in the result is there.
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const stepX = fromRight ? -1 : 1;
  const stepY = fromBottom ? -width : width;
  const start = (fromRight ? width - 1 : 0) + (fromBottom ? (height - 1) * width : 0);
  const right = swapped ? stepY : stepX;
  const down = swapped ? stepX : stepY;
  const source = new Uint32Array(
    picture.rgba.byteOffset % 4 === 0 ? picture.rgba.buffer : picture.rgba.slice().buffer,
    picture.rgba.byteOffset % 4 === 0 ? picture.rgba.byteOffset : 0,
    width * height,
  );
  const out = new Uint32Array(width * height);
  let at = 0;
  for (let y = 0; y < outHeight; y++) {
    let from = start + y * down;
    for (let x = 0; x < outWidth; x++, from += right) out[at++] = source[from];
  }
  return { width: outWidth, height: outHeight, rgba: new Uint8Array(out.buffer) };
}
