/** What the builders of sets hand back to `openDataset`: a set's parts and which files they are made of. */
import type { SetParts } from './indexed-set.ts';

export interface Picked {
  readonly parts: SetParts;
  /** Numbers of the files that the set uses; all others are told to be unused. */
  readonly used: readonly number[];
}
