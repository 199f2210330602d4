/**
 * How many samples are set aside for methods to look at where the description says nothing, and how many a choice needs
 * to be confirmed: the same numbers in the page and on the command line. It must not know sets or who asks.
 */

/** More than this of the samples is never set aside by itself: accuracy is measured on the rest. */
const RESERVED_SHARE = 0.2;

/**
 * @param shared samples that would be evaluated: without excluded ones and those that are held back
 * @param wanted at most so many, at least 1
 * @returns at least 1, and at least 1 fewer than `shared`; 0 where there are fewer than two to share
 */
export function samplesToSetAside(shared: number, wanted: number): number {
  if (shared < 2) return 0;
  return Math.min(wanted, Math.max(1, Math.floor(RESERVED_SHARE * shared)));
}

/**
 * Pairs that each half must have. With fewer, one half cannot tell a loss of several points: at 100 pairs of which 5
 * disagree the interval is 4 points wide on either side.
 */
export const LEAST_HALF = 100;
