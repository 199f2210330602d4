/** Non-maximum suppression: of boxes that overlap and say the same, the best stays. It must not know models. */
import type { Detection } from './types.ts';

/** Candidates that are looked at, best first: overlaps are compared in pairs. */
const MOST_CANDIDATES = 2000;
/** Of one class in one picture; evaluation looks at no more. Source: COCO evaluation, maxDets = 100. */
const MOST_KEPT = 100;

/** Greedy and class by class, best score first. Boxes whose numbers are not finite fall out. */
export function suppress(detections: readonly Detection[], iou: number): Detection[] {
  const best = detections
    .filter(({ box, score }) => box.every(Number.isFinite) && Number.isFinite(score))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_CANDIDATES);
  const keptByClass = new Map<number, Detection[]>();
  const kept: Detection[] = [];
  for (const candidate of best) {
    let same = keptByClass.get(candidate.classIndex);
    if (same === undefined) keptByClass.set(candidate.classIndex, (same = []));
    if (same.length >= MOST_KEPT) continue;
    if (same.some(({ box }) => overlap(box, candidate.box) > iou)) continue;
    same.push(candidate);
    kept.push(candidate);
  }
  return kept;
}

/** Intersection over union. */
export function overlap(a: Detection['box'], b: Detection['box']): number {
  const shared = sharedArea(a, b);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

export function sharedArea(a: Detection['box'], b: Detection['box']): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

export function area(box: Detection['box']): number {
  return (box[2] - box[0]) * (box[3] - box[1]);
}
