/** Made-up inputs under the name that measuring knows: the same as calibration's. It must not run anything. */
export { largestInput, makeFeeds, MAX_INPUT_ELEMENTS } from '../core/calibration/made-up.ts';
export type { ValueRange } from '../core/calibration/made-up.ts';
