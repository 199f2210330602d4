/**
 * Layer-adaptive magnitude scores: which layer gives how many weights when a share of the whole model is pruned.
 * It must not know graphs.
 *
 * score(w) = w² / Σ w'² over all w' of the layer with |w'| ≥ |w|. Sorted by magnitude the scores of a layer do not
 * fall, and its largest weight has score 1, so pruning the lowest scores of the model prunes each layer from its
 * smallest weight on and empties none.
 * Source: Lee et al., "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021 (arXiv:2010.07611).
 */

/** Scores in order of magnitude, smallest first. The sums run in float64 from the largest weight down. */
export function lampScores(values: Float32Array): Float32Array {
  const scores = sortedMagnitudes(values);
  let sum = 0;
  for (let i = scores.length - 1; i >= 0; i--) {
    const square = scores[i] * scores[i];
    sum += square;
    scores[i] = sum === 0 ? 0 : square / sum;
  }
  return scores;
}

/** A float32 without its sign, and the digits by which its bits are sorted: 11, 11 and 9 bits. */
const MAGNITUDE_BITS = 0x7fffffff;
const DIGIT_BITS = 11;
const DIGITS = 3;
const DIGIT_VALUES = 2 ** DIGIT_BITS;

/**
 * |values| in ascending order, in an array of its own; no NaN. The bits of numbers ≥ 0 are ordered as the numbers
 * themselves, so that they are sorted digit by digit: several times as fast as comparing.
 */
export function sortedMagnitudes(values: Float32Array): Float32Array {
  let from = new Uint32Array(values.buffer, values.byteOffset, values.length).map(
    (bits) => bits & MAGNITUDE_BITS,
  );
  let to = new Uint32Array(values.length);
  for (let digit = 0; digit < DIGITS; digit++) {
    const shift = digit * DIGIT_BITS;
    const next = placesOf(from, shift);
    for (const bits of from) to[next[(bits >>> shift) & (DIGIT_VALUES - 1)]++] = bits;
    [from, to] = [to, from];
  }
  return new Float32Array(from.buffer);
}

/** Where the first number of each digit goes. */
function placesOf(numbers: Uint32Array, shift: number): Uint32Array {
  const places = new Uint32Array(DIGIT_VALUES);
  for (const bits of numbers) places[(bits >>> shift) & (DIGIT_VALUES - 1)]++;
  let start = 0;
  places.forEach((count, value) => {
    places[value] = start;
    start += count;
  });
  return places;
}

/**
 * How many weights each layer keeps when `prune` weights of lowest score go. Among equal scores earlier layers give
 * first; every layer keeps at least one weight, so that fewer than `prune` may go.
 * @param layers scores of each layer, ascending (lampScores).
 * @param threshold the prune-th lowest score of all layers together.
 */
export function keptCounts(layers: readonly Float32Array[], prune: number, threshold: number): number[] {
  const below = layers.map((scores) => lowerBound(scores, threshold, false));
  let rest = prune - below.reduce((a, b) => a + b, 0);
  return layers.map((scores, i) => {
    const equal = lowerBound(scores, threshold, true) - below[i];
    const more = Math.max(0, Math.min(equal, rest));
    rest -= more;
    return Math.max(1, scores.length - below[i] - more);
  });
}

/** Bits of the float32 1: no score is larger. */
const ONE_BITS = 0x3f800000;

/**
 * What `keptCounts` gives, without the scores of all layers in one array: the threshold is found by halving over the
 * bit patterns of float32, which order numbers ≥ 0 as the numbers themselves.
 */
export function keptCountsOf(layers: readonly Float32Array[], prune: number): number[] {
  if (prune === 0) return layers.map((scores) => scores.length);
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  let low = 0;
  let high = ONE_BITS;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    bits[0] = middle;
    let reached = 0;
    for (const scores of layers) reached += lowerBound(scores, value[0], true);
    if (reached >= prune) high = middle;
    else low = middle + 1;
  }
  bits[0] = low;
  return keptCounts(layers, prune, value[0]);
}

/** Number of entries < value, or ≤ value. */
function lowerBound(sorted: Float32Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (orEqual ? sorted[middle] <= value : sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
