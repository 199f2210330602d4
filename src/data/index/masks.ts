/**
 * Which pictures are masks of others: those in a folder of that name, or with "_mask" after the name. It must not read
 * files.
 */
import { baseName, folderOf, stemOf } from '../files/names.ts';

const MASK_FOLDERS = new Set(
  'masks mask annotations annotation segmentation segmentations segmentationclass gt groundtruth ground_truth labels trimaps'.split(
    ' ',
  ),
);
const MASK_ENDING = /[-_ ](mask|masks|seg|segmentation|gt|labels?|label_?ids)$/i;

export interface MaskPairs {
  /** Numbers of the files that are samples. */
  readonly pictures: readonly number[];
  /** The mask's file of each of these, −1 without one. */
  readonly masks: Int32Array;
  /** Masks that belong to no picture. */
  readonly lonely: readonly number[];
}

/** Undefined where no mask meets a picture of its name. @param files numbers of pictures among `paths` */
export function pairMasks(paths: readonly string[], files: readonly number[]): MaskPairs | undefined {
  const isMask = files.map((file) => looksLikeMask(paths[file]));
  if (!isMask.includes(true) || !isMask.includes(false)) return undefined;
  const pictures = files.filter((_, i) => !isMask[i]);
  const byName = new Map<string, number[]>();
  for (const [i, file] of pictures.entries()) {
    const name = stemOf(paths[file]).toLowerCase();
    byName.set(name, [...(byName.get(name) ?? []), i]);
  }
  const masks = new Int32Array(pictures.length).fill(-1);
  const lonely: number[] = [];
  let met = 0;
  for (const file of files.filter((_, i) => isMask[i])) {
    const at = closest(paths[file], byName.get(nameOfMask(paths[file])) ?? [], (i) => paths[pictures[i]]);
    if (at === undefined || masks[at] >= 0) lonely.push(file);
    else {
      masks[at] = file;
      met++;
    }
  }
  return met === 0 ? undefined : { pictures, masks, lonely };
}

function looksLikeMask(path: string): boolean {
  return MASK_ENDING.test(stemOf(path)) || maskFolder(path) !== undefined;
}

function maskFolder(path: string): string | undefined {
  return folderOf(path)
    .split('/')
    .find((part) => MASK_FOLDERS.has(part.toLowerCase()));
}

function nameOfMask(path: string): string {
  return stemOf(baseName(path)).replace(MASK_ENDING, '').toLowerCase();
}

/** Of several pictures with the name, the one in the folder most like the mask's (train/images and train/masks). */
function closest(
  mask: string,
  candidates: readonly number[],
  pathOf: (i: number) => string,
): number | undefined {
  const wanted = folderOf(mask)
    .split('/')
    .filter((part) => !MASK_FOLDERS.has(part.toLowerCase()));
  let best: number | undefined;
  let most = -1;
  for (const i of candidates) {
    const folders = new Set(folderOf(pathOf(i)).split('/'));
    const shared = wanted.filter((part) => folders.has(part)).length;
    if (shared <= most) continue;
    most = shared;
    best = i;
  }
  return best;
}
