/** A record as one number from 0 to 1, so that attempts can be compared sample by sample. It must not know attempts. */
import type { SampleRecord } from '../../core/metrics/tasks/types.ts';
import type { SampleScore } from './choose.ts';

/** @param spread of the labels, for values: an error as large as this scores 0. */
export function sampleScore(record: SampleRecord, spread: number): SampleScore {
  switch (record.kind) {
    case 'failed':
      return { score: 0, weight: 1 };
    case 'class':
      return { score: record.rank === 0 ? 1 : 0, weight: 1 };
    case 'text': {
      const weight = Math.max(1, record.length);
      return { score: Math.max(0, 1 - record.edits / weight), weight };
    }
    case 'numbers': {
      const errors = record.truth.map((x, i) => Math.abs(x - (record.predicted[i] ?? 0)));
      const mean = errors.reduce((a, b) => a + b, 0) / Math.max(1, errors.length);
      return { score: Math.max(0, 1 - mean / spread), weight: 1 };
    }
    case 'boxes':
      return { score: boxScore(record.truth, record.predicted), weight: 1 };
    case 'mask': {
      const present = record.classes.filter(([, , truth, predicted]) => truth + predicted > 0);
      const ious = present.map(([, both, truth, predicted]) => both / (truth + predicted - both));
      return { score: ious.reduce((a, b) => a + b, 0) / Math.max(1, ious.length), weight: 1 };
    }
    default:
      return record satisfies never;
  }
}

type Box = readonly [number, number, number, number];
interface Found {
  readonly classIndex: number;
  readonly score: number;
  readonly box: Box;
}

/** Predictions that are looked at: weak ones beyond these are noise. */
const MOST_BOXES = 100;
/** Least score that counts here: low thresholds are for whole precision curves. */
const LEAST_SCORE = 0.3;

/** F1 of boxes that meet a right one of their class by half or more (intersection over union). */
function boxScore(truth: readonly Found[], predicted: readonly Found[]): number {
  const said = predicted
    .filter(({ score }) => score >= LEAST_SCORE)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST_BOXES);
  if (truth.length === 0) return said.length === 0 ? 1 : 0;
  const free = new Set(truth);
  let hits = 0;
  for (const { classIndex, box } of said) {
    const meets = [...free].find(
      (other) => other.classIndex === classIndex && overlap(other.box, box) >= 0.5,
    );
    if (meets === undefined) continue;
    free.delete(meets);
    hits++;
  }
  return (2 * hits) / (truth.length + said.length);
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
  return both / (area(a) + area(b) - both);
}
