/** What turns a detector's outputs into boxes. A new head is one more file and one more line in `decoders.ts`. Types only. */
import type { Detection } from '../types.ts';
import type { RowView } from '../values.ts';

export interface DecodeSetup {
  /** Least score of a box that counts. */
  readonly scoreThreshold: number;
  /** How many classes the labels know; 0 where they are numbers. */
  readonly classes: number;
  /** The model's input, pixels. Absent = unknown. */
  readonly inputWidth?: number;
  readonly inputHeight?: number;
}

export interface BoxDecoder {
  readonly id: 'boxes' | 'yunet' | 'ssd';
  /** Outputs that it reads, by role; those in `optional` may be missing. */
  readonly roles: readonly string[];
  readonly optional: readonly string[];
  /**
   * Boxes of one sample before suppression, in pixels of the model's input.
   * @param outputs one sample's part of each output, by role.
   * @returns a sentence when shapes do not fit.
   */
  decode(outputs: ReadonlyMap<string, RowView>, setup: DecodeSetup): Detection[] | string;
}
