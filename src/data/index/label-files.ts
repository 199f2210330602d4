/**
 * Where the labels of files come from: a COCO file, a table or list that names them, masks, or their folders; the first
 * of these that fits. It must not know what the files hold.
 */
import { PareError } from '../../core/errors.ts';
import type { FileSet } from '../files/file-set.ts';
import { MAX_FILE_BYTES, gunzip } from '../files/inflate.ts';
import type { Checkpoint } from '../types.ts';
import { asCoco, boxesFromCoco } from './coco.ts';
import { kindOf } from './file-kinds.ts';
import { labelsFromFolders } from './folder-labels.ts';
import { boxColumn } from './label-columns.ts';
import type { LabelTable } from './label-table.ts';
import { parseJson, readLabelJson, readLabelTable } from './label-table.ts';
import { PathIndex } from './path-index.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';
import { labelsFromTable } from './table-labels.ts';
import type { TableLabels } from './table-labels.ts';

/** Texts that could be label lists are looked into only while there are few of them: a file a sample is something else. */
const MAX_TEXT_LISTS = 20;

export interface FileLabels extends TableLabels {
  /** Numbers of the files that were read for it. */
  readonly used: readonly number[];
}

/** @param samples numbers of the samples' files */
export async function labelsOfFiles(
  set: FileSet,
  samples: readonly number[],
  problems: ProblemLog,
  checkpoint: Checkpoint,
): Promise<FileLabels> {
  const paths = samples.map((file) => set.paths[file]);
  const index = new PathIndex(set.paths, samples);
  const about = { count: samples.length, keyOf: (i: number) => paths[i] };
  let best: { table: LabelTable; file: number } | undefined;
  for (const file of listsOf(set)) {
    await checkpoint(0.5, `reading ${set.paths[file]}`);
    const found = await readList(set, file, index, problems);
    if (found?.kind === 'coco') {
      const boxes = boxesFromCoco(found.coco, set.paths[file], { index, count: samples.length }, problems);
      return { labels: boxColumn(boxes), groups: [], used: [file] };
    }
    if (found === undefined) continue;
    const [worse] =
      best === undefined || found.table.rows.length <= best.table.rows.length ? [found] : [{ ...best }];
    if (best !== undefined) {
      problems.add(
        'note',
        'unused-labels',
        worse.table.path,
        (n) => `${counted(n, 'other file')} with labels not used: one that lists more files is there.`,
      );
    }
    if (best === undefined || found.table.rows.length > best.table.rows.length)
      best = { table: found.table, file };
  }
  if (best !== undefined)
    return { ...labelsFromTable(best.table, about, index, problems), used: [best.file] };
  return { ...labelsFromFolders(paths, problems), used: [] };
}

function listsOf(set: FileSet): number[] {
  const all = set.paths.map((_, i) => i);
  const texts = all.filter((i) => kindOf(set.paths[i]) === 'text');
  const structured = all.filter((i) => ['table', 'json'].includes(kindOf(set.paths[i])));
  // A JSON or table for every picture is another format: each is looked at only while there are few.
  const few =
    structured.length <= MAX_TEXT_LISTS
      ? structured
      : structured
          .filter((i) => /label|annot|instances|train|test|val|meta/i.test(set.paths[i]))
          .slice(0, MAX_TEXT_LISTS);
  return [...few, ...(texts.length <= MAX_TEXT_LISTS ? texts : [])];
}

type List =
  | { readonly kind: 'coco'; readonly coco: NonNullable<ReturnType<typeof asCoco>> }
  | { readonly kind: 'table'; readonly table: LabelTable };

async function readList(
  set: FileSet,
  file: number,
  index: PathIndex,
  problems: ProblemLog,
): Promise<List | undefined> {
  const path = set.paths[file];
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const names = (cell: string): boolean => index.find(cell, folder).kind !== 'none';
  try {
    const stored = await set.read(file, MAX_FILE_BYTES);
    const bytes = /\.gz$/i.test(path) ? gunzip(path, stored, MAX_FILE_BYTES) : stored;
    if (kindOf(path) !== 'json') {
      const table = readLabelTable(path, bytes, names);
      return table === undefined ? undefined : { kind: 'table', table };
    }
    const value = parseJson(path, bytes);
    const coco = asCoco(value);
    if (coco !== undefined) return { kind: 'coco', coco };
    const table = readLabelJson(path, value, names);
    return table === undefined ? undefined : { kind: 'table', table };
  } catch (cause) {
    if (!(cause instanceof PareError) || cause.code === 'cancelled') throw cause;
    problems.add('warning', 'unreadable-labels', path, () => cause.message, path);
    return undefined;
  }
}
