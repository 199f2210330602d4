/**
 * Mean average precision as COCO defines it: boxes matched greedily by score at the IoUs .50 … .95, precision made
 * monotone and read at 101 recalls, at most 100 boxes of a class in a picture, crowds neither right nor wrong.
 * Source: the COCO detection evaluation (cocodataset.org, "Detection Evaluation"); checked against its reference.
 * It must not know models.
 */
import { figuresOf } from './classes.ts';
import { area, overlap, sharedArea } from './suppress.ts';
import type { BoxesRecord, ClassFigures, Detection } from './types.ts';

const MOST_BOXES = 100;
const IOUS = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);
const RECALLS = Array.from({ length: 101 }, (_, i) => i / 100);
/** Keeps 0 / 0 away, as the reference does. */
const EPSILON = 2.220446049250313e-16;

const WRONG = 0;
const RIGHT = 1;
const IGNORED = 2;

/** All boxes of one class over the set, best score first, already matched. */
interface ClassMatches {
  readonly classIndex: number;
  /** Position of the picture among the records. */
  readonly pictures: Uint32Array;
  /** By IoU, then box: wrong, right or ignored. */
  readonly states: readonly Uint8Array[];
  /** Pictures that hold objects of the class, and how many that count. */
  readonly objectPictures: Uint32Array;
  readonly objectCounts: Uint32Array;
}

export interface BoxMatches {
  readonly pictures: number;
  readonly classes: readonly ClassMatches[];
  /** Boxes times IoUs, what one evaluation costs. */
  readonly cost: number;
}

export interface ClassPrecision {
  readonly classIndex: number;
  readonly objects: number;
  /** Means over the IoUs, and at .50; NaN for a class without objects. */
  readonly ap: number;
  readonly ap50: number;
}

/** Matches once; figures of any weighting of the pictures are then cheap. */
export function matchBoxes(records: readonly BoxesRecord[]): BoxMatches {
  const byClass = new Map<number, PictureMatches[]>();
  for (const [picture, { truth, predicted }] of records.entries()) {
    const truths = groupByClass(truth);
    const predictions = groupByClass(predicted);
    for (const classIndex of new Set([...truths.keys(), ...predictions.keys()])) {
      let list = byClass.get(classIndex);
      if (list === undefined) byClass.set(classIndex, (list = []));
      list.push(matchPicture(picture, truths.get(classIndex) ?? [], predictions.get(classIndex) ?? []));
    }
  }
  const classes = [...byClass]
    .sort(([a], [b]) => a - b)
    .map(([classIndex, list]) => joinPictures(classIndex, list));
  const cost = classes.reduce((sum, each) => sum + each.pictures.length * IOUS.length, 0);
  return { pictures: records.length, classes, cost };
}

function groupByClass<T extends Detection>(boxes: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const box of boxes) {
    const group = groups.get(box.classIndex);
    if (group === undefined) groups.set(box.classIndex, [box]);
    else group.push(box);
  }
  return groups;
}

interface PictureMatches {
  readonly picture: number;
  readonly objects: number;
  readonly scores: readonly number[];
  /** By IoU, then box. */
  readonly states: readonly Uint8Array[];
}

function matchPicture(
  picture: number,
  truth: BoxesRecord['truth'],
  predicted: readonly Detection[],
): PictureMatches {
  const boxes = predicted.toSorted((a, b) => b.score - a.score).slice(0, MOST_BOXES);
  const scores = boxes.map(({ score }) => score);
  if (truth.length === 0) {
    const allWrong = new Uint8Array(boxes.length).fill(WRONG);
    return { picture, objects: 0, scores, states: IOUS.map(() => allWrong) };
  }
  // What is ignored comes last: a box takes it only when nothing else fits.
  const objects = truth.toSorted((a, b) => Number(a.crowd === true) - Number(b.crowd === true));
  const overlaps = boxes.map(({ box }) => objects.map((object) => overlapWith(object, box)));
  return {
    picture,
    objects: objects.filter(({ crowd }) => crowd !== true).length,
    scores,
    states: IOUS.map((iou) => matchAt(iou, overlaps, objects)),
  };
}

/** A crowd is one region for many objects: how much of the box lies in it counts. */
function overlapWith(object: BoxesRecord['truth'][number], box: Detection['box']): number {
  if (object.crowd !== true) return overlap(object.box, box);
  const own = area(box);
  return own > 0 ? sharedArea(object.box, box) / own : 0;
}

function matchAt(
  iou: number,
  overlaps: readonly (readonly number[])[],
  objects: BoxesRecord['truth'],
): Uint8Array {
  const taken = new Uint8Array(objects.length);
  return Uint8Array.from(overlaps, (row) => {
    let best = Math.min(iou, 1 - 1e-10);
    let match = -1;
    for (const [g, object] of objects.entries()) {
      const crowd = object.crowd === true;
      if (taken[g] === 1 && !crowd) continue;
      if (match >= 0 && crowd && objects[match].crowd !== true) break;
      if (row[g] < best) continue;
      best = row[g];
      match = g;
    }
    if (match < 0) return WRONG;
    taken[match] = 1;
    return objects[match].crowd === true ? IGNORED : RIGHT;
  });
}

function joinPictures(classIndex: number, list: readonly PictureMatches[]): ClassMatches {
  const boxes = list.flatMap(({ picture, scores }, at) =>
    scores.map((score, i) => ({ picture, score, at, i })),
  );
  // Stable: of equal scores the earlier picture comes first, as in the reference.
  boxes.sort((a, b) => b.score - a.score);
  const holding = list.filter(({ objects }) => objects > 0);
  return {
    classIndex,
    pictures: Uint32Array.from(boxes, ({ picture }) => picture),
    states: IOUS.map((_, k) => Uint8Array.from(boxes, ({ at, i }) => list[at].states[k][i])),
    objectPictures: Uint32Array.from(holding, ({ picture }) => picture),
    objectCounts: Uint32Array.from(holding, ({ objects }) => objects),
  };
}

/**
 * Average precision of each class, NaN where no object counts.
 * @param weights how often each picture counts; absent = once.
 */
export function classPrecisions(matches: BoxMatches, weights?: ArrayLike<number>): ClassPrecision[] {
  return matches.classes.map((each) => {
    let objects = 0;
    for (const [i, picture] of each.objectPictures.entries()) {
      objects += each.objectCounts[i] * (weights === undefined ? 1 : weights[picture]);
    }
    const { classIndex } = each;
    if (objects === 0) return { classIndex, objects, ap: Number.NaN, ap50: Number.NaN };
    const at = IOUS.map((_, k) => averagePrecision(each, k, objects, weights));
    return { classIndex, objects, ap: at.reduce((sum, ap) => sum + ap, 0) / at.length, ap50: at[0] };
  });
}

/**
 * Precision can only rise where a box is right: the best precision at or beyond a recall is that of a right box, so
 * only those are kept.
 */
function averagePrecision(
  { pictures, states }: ClassMatches,
  k: number,
  objects: number,
  weights: ArrayLike<number> | undefined,
): number {
  const state = states[k];
  const recalls = scratch(0, pictures.length);
  const precisions = scratch(1, pictures.length);
  let right = 0;
  let wrong = 0;
  let count = 0;
  for (let i = 0; i < pictures.length; i++) {
    const weight = weights === undefined ? 1 : weights[pictures[i]];
    if (state[i] === WRONG) wrong += weight;
    if (state[i] !== RIGHT || weight === 0) continue;
    right += weight;
    recalls[count] = right / objects;
    precisions[count] = right / (right + wrong + EPSILON);
    count++;
  }
  for (let i = count - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i], precisions[i + 1]);
  let sum = 0;
  let at = 0;
  for (const recall of RECALLS) {
    while (at < count && recalls[at] < recall) at++;
    if (at === count) break;
    sum += precisions[at];
  }
  return sum / RECALLS.length;
}

/** Two arrays that every evaluation of the thousands in a bootstrap writes into. */
const scratches: [Float64Array, Float64Array] = [new Float64Array(0), new Float64Array(0)];

function scratch(which: 0 | 1, length: number): Float64Array {
  if (scratches[which].length < length) scratches[which] = new Float64Array(length);
  return scratches[which];
}

/** Means over the classes that have objects; NaN where none has. */
export function meanPrecision(classes: readonly ClassPrecision[]): {
  readonly map: number;
  readonly map50: number;
} {
  const present = classes.filter(({ objects }) => objects > 0);
  const mean = (key: 'ap' | 'ap50'): number =>
    present.reduce((sum, each) => sum + each[key], 0) / present.length;
  return { map: mean('ap'), map50: mean('ap50') };
}

/** Precision and recall at IoU .50 of all boxes that the model puts out, class by class. */
export function boxClassFigures(matches: BoxMatches): ClassFigures[] {
  return matches.classes.map(({ classIndex, states, objectCounts }) => {
    const right = states[0].filter((state) => state === RIGHT).length;
    const wrong = states[0].filter((state) => state === WRONG).length;
    const objects = objectCounts.reduce((sum, count) => sum + count, 0);
    return figuresOf(classIndex, objects, right + wrong, right);
  });
}
