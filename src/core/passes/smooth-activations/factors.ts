/**
 * Factors per channel between a normalization and the weights that read it, as powers of two. Pure arithmetic; it must
 * not know graphs.
 *
 * SmoothQuant: s_j = max|X_j|^α / max|W_j|^(1−α), X / s, W · s. Source: Xiao et al. 2022, arXiv:2211.10438.
 * AWQ: s_j = E|X_j|^α with the α of a grid that leaves the least error Σ_j E[x_j²] Σ_k (Q(w_kj s_j)/s_j − w_kj)² at 4 bits,
 * one scale an output channel; √E[x²] stands for E|x|. Source: Lin et al. 2023, arXiv:2306.00978.
 */

/** One reader's weights: rows are output channels, columns the shared input channels. */
export interface ReaderWeights {
  readonly rows: number;
  readonly columns: number;
  readonly at: (row: number, column: number) => number;
}

/** Beyond 2^±12 a channel is dead or broken, not an outlier. */
const MAX_EXPONENT = 12;
/** Steps of α on [0, 1], as in the paper. */
const GRID = 20;
const LARGEST_CODE = 7;

export function smoothExponents(
  absmax: Float32Array,
  readers: readonly ReaderWeights[],
  strength: number,
): Int32Array {
  const weights = columnMaxima(readers, absmax.length);
  return centred(
    Float64Array.from(absmax, (x, j) =>
      x > 0 && weights[j] > 0 ? strength * Math.log2(x) - (1 - strength) * Math.log2(weights[j]) : NaN,
    ),
  );
}

export function awqExponents(meanSquare: Float32Array, readers: readonly ReaderWeights[]): Int32Array {
  let best = new Int32Array(meanSquare.length);
  let least = roundingError(meanSquare, readers, best);
  for (let step = 1; step <= GRID; step++) {
    const alpha = step / GRID;
    const exponents = centred(
      Float64Array.from(meanSquare, (x) => (x > 0 ? (alpha * Math.log2(x)) / 2 : NaN)),
    );
    const error = roundingError(meanSquare, readers, exponents);
    if (error >= least) continue;
    least = error;
    best = exponents;
  }
  return best;
}

/** Rounded to whole exponents around their mean, so that the common scale stays; 0 where there is nothing to go by. */
function centred(logs: Float64Array): Int32Array<ArrayBuffer> {
  const known = logs.filter((log) => Number.isFinite(log));
  const mean = known.reduce((sum, log) => sum + log, 0) / Math.max(1, known.length);
  return Int32Array.from(logs, (log) =>
    Number.isFinite(log) ? Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, Math.round(log - mean))) : 0,
  );
}

function columnMaxima(readers: readonly ReaderWeights[], columns: number): Float64Array {
  const most = new Float64Array(columns);
  for (const { rows, at } of readers) {
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < columns; j++) most[j] = Math.max(most[j], Math.abs(at(r, j)));
    }
  }
  return most;
}

/** Error of the outputs, inputs taken as uncorrelated, at 4 bits with one scale an output channel. */
function roundingError(
  meanSquare: Float32Array,
  readers: readonly ReaderWeights[],
  exponents: Int32Array,
): number {
  const factors = Float64Array.from(exponents, (e) => 2 ** e);
  let error = 0;
  for (const { rows, columns, at } of readers) {
    for (let r = 0; r < rows; r++) {
      let largest = 0;
      for (let j = 0; j < columns; j++) largest = Math.max(largest, Math.abs(at(r, j)) * factors[j]);
      const scale = largest / LARGEST_CODE;
      if (scale === 0) continue;
      for (let j = 0; j < columns; j++) {
        const w = at(r, j);
        const rounded = (Math.round((w * factors[j]) / scale) * scale) / factors[j];
        error += meanSquare[j] * (rounded - w) ** 2;
      }
    }
  }
  return error;
}
