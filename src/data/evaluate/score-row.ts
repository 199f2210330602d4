/** One row of a batch against its label. It must not know runtimes. */
import type { DataConfig } from '../../core/dataset/types.ts';
import type { PictureMapping } from '../../core/metrics/tasks/outcome.ts';
import type { Outputs, Scorer } from '../../core/metrics/tasks/scorer.ts';
import { truthOf } from '../../core/metrics/tasks/truth.ts';
import type { SampleRecord } from '../../core/metrics/tasks/types.ts';
import type { BatchRow } from '../fit/batcher.ts';
import { maskPixels } from './mask.ts';

/** @param position of the row in outputs of `rows` samples. */
export function scoreRow(
  scorer: Scorer,
  { task, classes }: Pick<DataConfig, 'task' | 'classes'>,
  outputs: Outputs,
  row: BatchRow,
  position: number,
  rows: number,
): SampleRecord {
  const { index, key, label } = row;
  const mask = maskPixels(row.mask);
  if (typeof mask === 'string') return { kind: 'failed', index, key, reason: mask };
  const truth = truthOf(task, classes, label, mask ?? undefined);
  const mapping = mappingOf(row);
  return scorer.score(
    outputs,
    position,
    rows,
    truth,
    index,
    mapping === undefined ? { key } : { key, mapping },
  );
}

/** How the row's picture was fitted, as decoders of boxes want it. */
export function mappingOf({ picture }: BatchRow): PictureMapping | undefined {
  if (picture === null) return undefined;
  return {
    ...picture.placement,
    width: picture.width,
    height: picture.height,
    inputWidth: picture.fit.width,
    inputHeight: picture.fit.height,
  };
}
