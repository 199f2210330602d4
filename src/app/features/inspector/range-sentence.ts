/** What the spread of channel ranges means for the choice of scales, in a sentence. */

/** Below this a single scale wastes less than two bits in the quietest channel. */
const MUCH = 4;
/** More than any format has bits for. */
const BEYOND = 2 ** 16;

/**
 * With one scale for all, a channel whose range is r times smaller uses only 1/r of the codes: log2 r bits are lost.
 * Null where the weight has no channels to compare.
 */
export function rangeSentence(ratio: number | null): string | null {
  if (ratio === null || Number.isNaN(ratio)) return null;
  if (!Number.isFinite(ratio)) return 'At least one channel holds only zeros; it needs no bits at all.';
  if (ratio > BEYOND)
    return 'At least one channel is all but zero beside the others: one scale for all would erase it.';
  const times = ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1);
  const bits = Math.log2(ratio).toFixed(1);
  if (ratio < MUCH)
    return `Channel ranges differ ${times}×: one scale for all costs ${bits} bits in the quietest channel.`;
  return `Channel ranges differ ${times}×. One scale for all loses ${bits} bits in the quietest channel: use one scale per channel or per block.`;
}
