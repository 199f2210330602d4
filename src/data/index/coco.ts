/**
 * Boxes from a COCO-style JSON: images, annotations, categories. It must not read files.
 * Source: cocodataset.org, "Data format": bbox is [x, y, width, height] in pixels from the top left.
 */
import type { BoxTable } from './label-columns.ts';
import type { PathIndex } from './path-index.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';
import { folderOf } from '../files/names.ts';

export interface CocoFile {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly categories: readonly unknown[];
}

export function asCoco(value: unknown): CocoFile | undefined {
  const { images, annotations, categories } = fieldsOf(value);
  if (!Array.isArray(images) || !Array.isArray(annotations)) return undefined;
  return { images, annotations, categories: Array.isArray(categories) ? categories : [] };
}

/** Pictures of the set that this file gives boxes for; 0 for captions and the like, which have none. */
export function cocoHits({ images, annotations }: CocoFile, path: string, index: PathIndex): number {
  const folder = folderOf(path);
  const found = images.filter(
    (image) => index.find(keyOf(fieldsOf(image)['file_name']), folder).kind === 'one',
  );
  const boxes =
    annotations.length === 0 || annotations.some((annotation) => Array.isArray(fieldsOf(annotation)['bbox']));
  return boxes ? found.length : 0;
}

interface Box {
  readonly sample: number;
  readonly corners: readonly number[];
  readonly code: number;
  readonly crowd: boolean;
}

/** @param index of the pictures' paths; @param count of pictures */
export function boxesFromCoco(
  coco: CocoFile,
  path: string,
  { index, count }: { readonly index: PathIndex; readonly count: number },
  problems: ProblemLog,
): BoxTable {
  const { sampleOf, known } = matchImages(coco, path, index, problems);
  const categories = categoriesOf(coco);
  const boxes: Box[] = [];
  for (const annotation of coco.annotations) {
    const fields = fieldsOf(annotation);
    const id = keyOf(fields['image_id']);
    const sample = sampleOf.get(id);
    if (sample === undefined) {
      if (!known.has(id))
        problems.add(
          'warning',
          'annotation-without-image',
          id,
          (n) => `${counted(n, 'annotation')} of ${path} for images that it does not list.`,
        );
      continue;
    }
    const corners = cornersOf(fields['bbox']);
    const code = categories.position.get(keyOf(fields['category_id']));
    if (corners === undefined) {
      problems.add(
        'warning',
        'box-invalid',
        id,
        (n) =>
          `${counted(n, 'annotation')} of ${path} without a box of four numbers and positive size; left out.`,
      );
    } else if (code === undefined) {
      problems.add(
        'warning',
        'label-out-of-range',
        id,
        (n) => `${counted(n, 'annotation')} of ${path} with a category that it does not list; left out.`,
      );
    } else {
      boxes.push({ sample, corners, code, crowd: fields['iscrowd'] === 1 || fields['iscrowd'] === true });
    }
  }
  return boxTable(boxes, categories.names, count, sampleOf.values());
}

function matchImages(
  { images }: CocoFile,
  path: string,
  index: PathIndex,
  problems: ProblemLog,
): { sampleOf: Map<string, number>; known: Set<string> } {
  const sampleOf = new Map<string, number>();
  const known = new Set<string>();
  for (const image of images) {
    const fields = fieldsOf(image);
    const id = keyOf(fields['id']);
    const name = keyOf(fields['file_name']);
    known.add(id);
    const found = index.find(name, folderOf(path));
    if (found.kind === 'one') sampleOf.set(id, found.file);
    else if (found.kind === 'none')
      problems.add(
        'warning',
        'file-missing',
        name,
        (n) => `${counted(n, 'image')} of ${path} not in the set.`,
      );
    else
      problems.add(
        'warning',
        'label-ambiguous',
        name,
        (n) =>
          `${counted(n, 'image')} of ${path} with a name that several files have; write the folder before the name.`,
      );
  }
  return { sampleOf, known };
}

/** In the order of their ids; ids that annotations use without a list become their own names. */
function categoriesOf({ categories, annotations }: CocoFile): {
  names: string[];
  position: Map<string, number>;
} {
  const listed: [string, string][] = categories.map((category) => {
    const fields = fieldsOf(category);
    const id = keyOf(fields['id']);
    return [id, typeof fields['name'] === 'string' ? fields['name'] : id];
  });
  const pairs: [string, string][] =
    listed.length > 0
      ? listed
      : [...new Set(annotations.map((a) => keyOf(fieldsOf(a)['category_id'])))].map((id) => [id, id]);
  pairs.sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return { names: pairs.map(([, name]) => name), position: new Map(pairs.map(([id], i) => [id, i])) };
}

function boxTable(
  boxes: readonly Box[],
  classes: readonly string[],
  count: number,
  listed: Iterable<number>,
): BoxTable {
  const starts = new Int32Array(count + 1);
  for (const { sample } of boxes) starts[sample + 1]++;
  for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const table = {
    classes,
    starts,
    corners: new Float64Array(boxes.length * 4),
    codes: new Int32Array(boxes.length),
    crowd: new Uint8Array(boxes.length),
    listed: new Uint8Array(count),
  };
  for (const { sample, corners, code, crowd } of boxes) {
    const at = next[sample]++;
    table.corners.set(corners, at * 4);
    table.codes[at] = code;
    table.crowd[at] = crowd ? 1 : 0;
  }
  for (const sample of listed) table.listed[sample] = 1;
  return table;
}

function cornersOf(bbox: unknown): number[] | undefined {
  if (!Array.isArray(bbox) || bbox.length !== 4) return undefined;
  const corners = bbox.map((value) => (typeof value === 'number' ? value : NaN));
  return corners.every(Number.isFinite) && corners[2] > 0 && corners[3] > 0 ? corners : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function keyOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
