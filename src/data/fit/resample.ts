/**
 * Antialiased bilinear resampling of 8-bit pictures, as Pillow's "bilinear": each target pixel weighs the source with a
 * triangle as wide as itself, first across, then down, rounded to 8 bits after each. It must not know models.
 *
 * With a triangle as wide as a source pixel (OpenCV's), which skips pixels when shrinking, MobileNetV1 scores 45.4 %
 * instead of the 45.0 % that its author gives.
 */

/** Weights of the source positions of each target position, flat: those of target i start at i · width. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
  readonly width: number;
}

/** For the targets [from, from + count) of `target`, which `source` positions become. */
function bilinearTaps(source: number, target: number, from: number, count: number): Taps {
  const scale = source / target;
  const radius = Math.max(1, scale);
  const width = Math.ceil(2 * radius) + 1;
  const taps = {
    first: new Int32Array(count),
    count: new Int32Array(count),
    weights: new Float64Array(count * width),
    width,
  };
  for (let i = 0; i < count; i++) {
    const centre = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - radius + 0.5));
    const end = Math.min(source, Math.floor(centre + radius + 0.5));
    let sum = 0;
    for (let x = first; x < end; x++) {
      const weight = Math.max(0, 1 - Math.abs(x + 0.5 - centre) / radius);
      taps.weights[i * width + x - first] = weight;
      sum += weight;
    }
    for (let k = 0; k < end - first; k++) taps.weights[i * width + k] /= sum;
    taps.first[i] = first;
    taps.count[i] = end - first;
  }
  return taps;
}

/** A part of a resized picture. */
export interface Window {
  /** The whole picture's new size. */
  readonly width: number;
  readonly height: number;
  /** What of it is wanted; inside it. */
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** RGBA in, interleaved RGB of the window out; alpha is dropped. Only what the window needs is computed. */
export function resampleRgb(
  source: { readonly width: number; readonly height: number; readonly rgba: Uint8ClampedArray | Uint8Array },
  window: Window,
): Uint8Array {
  const across = bilinearTaps(source.width, window.width, window.left, window.columns);
  const down = bilinearTaps(source.height, window.height, window.top, window.rows);
  const last = window.rows - 1;
  const firstRow = down.first[0];
  const endRow = down.first[last] + down.count[last];
  const lines = resampleAcross(source.rgba, source.width, firstRow, endRow, across);
  return resampleDown(lines, window.columns * 3, firstRow, down);
}

function resampleAcross(
  rgba: Uint8ClampedArray | Uint8Array,
  width: number,
  firstRow: number,
  endRow: number,
  taps: Taps,
): Uint8Array {
  const columns = taps.first.length;
  const out = new Uint8Array((endRow - firstRow) * columns * 3);
  let at = 0;
  for (let y = firstRow; y < endRow; y++) {
    for (let x = 0; x < columns; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let pixel = (y * width + taps.first[x]) * 4;
      const start = x * taps.width;
      const end = start + taps.count[x];
      for (let k = start; k < end; k++, pixel += 4) {
        const weight = taps.weights[k];
        red += weight * rgba[pixel];
        green += weight * rgba[pixel + 1];
        blue += weight * rgba[pixel + 2];
      }
      // Sums lie in 0..255 up to rounding errors, so that adding a half and cutting is rounding.
      out[at] = red + 0.5;
      out[at + 1] = green + 0.5;
      out[at + 2] = blue + 0.5;
      at += 3;
    }
  }
  return out;
}

function resampleDown(lines: Uint8Array, stride: number, firstRow: number, taps: Taps): Uint8Array {
  const rows = taps.first.length;
  const out = new Uint8Array(rows * stride);
  const sums = new Float64Array(stride);
  for (let y = 0; y < rows; y++) {
    sums.fill(0);
    for (let k = 0; k < taps.count[y]; k++) {
      const weight = taps.weights[y * taps.width + k];
      const from = (taps.first[y] + k - firstRow) * stride;
      for (let i = 0; i < stride; i++) sums[i] += weight * lines[from + i];
    }
    for (let i = 0; i < stride; i++) out[y * stride + i] = sums[i] + 0.5;
  }
  return out;
}
