/** What the scorers share: a record before it knows its place in the set, and how a picture was fitted. Types and small helpers only. */
import type { HostTensor } from '../../onnx/graph-runner.ts';
import type { RowView } from './values.ts';
import { rowOf } from './values.ts';
import type { BoxesRecord, ClassRecord, MaskRecord, NumbersRecord, TextRecord } from './types.ts';

/** A record without its index; the scorer of all tasks puts it in. */
export type Outcome =
  | Omit<ClassRecord, 'index'>
  | Omit<TextRecord, 'index'>
  | Omit<NumbersRecord, 'index'>
  | Omit<BoxesRecord, 'index'>
  | Omit<MaskRecord, 'index'>;

/**
 * From pixels of the model's input back to pixels of the original picture:
 * original = (input − offset) / scale, cut at the picture's edges.
 */
export interface PictureMapping {
  /** Input pixels for one pixel of the original picture. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Input pixels left of and above the picture; negative where a crop cut it. */
  readonly offsetX: number;
  readonly offsetY: number;
  /** The original picture, pixels. */
  readonly width: number;
  readonly height: number;
  /** The model's input, pixels: where boxes come as fractions, and how many cells a grid has. */
  readonly inputWidth: number;
  readonly inputHeight: number;
}

/** One sample of the named output, or a sentence. */
export function outputRow(
  outputs: ReadonlyMap<string, HostTensor>,
  name: string,
  row: number,
  rows: number,
): RowView | string {
  const tensor = outputs.get(name);
  return tensor === undefined ? `the model has no output "${name}"` : rowOf(tensor, row, rows);
}
