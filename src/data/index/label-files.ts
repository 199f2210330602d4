/**
 * Where the labels of files come from: a COCO file, a table or list that names them, masks, or their folders; the first
 * of these that fits. It must not know what the files hold.
 */
import { PareError } from '../../core/errors.ts';
import type { FileSet } from '../files/file-set.ts';
import { MAX_FILE_BYTES, gunzip } from '../files/inflate.ts';
import { folderOf } from '../files/names.ts';
import type { Checkpoint } from '../types.ts';
import { asCoco, boxesFromCoco, cocoHits } from './coco.ts';
import type { CocoFile } from './coco.ts';
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
  const lists: (Found & { readonly file: number })[] = [];
  for (const file of listsOf(set)) {
    await checkpoint(0.5, `reading ${set.paths[file]}`);
    const list = await readList(set, file, index, problems);
    if (list !== undefined) lists.push(list);
  }
  const [best, ...others] = lists.sort((a, b) => b.hits - a.hits);
  if (best === undefined) return { ...labelsFromFolders(paths, problems), used: [] };
  for (const { file } of others) {
    problems.add(
      'note',
      'unused-labels',
      set.paths[file],
      (n) =>
        `${counted(n, 'other file')} with labels not used: ${set.paths[best.file]} lists as many or more of the files.`,
    );
  }
  const used = lists.map(({ file }) => file);
  if (best.kind === 'table') return { ...labelsFromTable(best.table, about, index, problems), used };
  const boxes = boxesFromCoco(best.coco, set.paths[best.file], { index, count: samples.length }, problems);
  return { labels: boxColumn(boxes), groups: [], used };
}

function listsOf(set: FileSet): number[] {
  const all = set.paths.map((_, i) => i);
  const texts = all.filter((i) => kindOf(set.paths[i]) === 'text');
  const structured = all.filter(
    (i) =>
      ['table', 'json'].includes(kindOf(set.paths[i])) && !/(^|\/)tokenizer[^/]*\.json$/.test(set.paths[i]),
  );
  // A JSON or table for every picture is another format: each is looked at only while there are few.
  const few =
    structured.length <= MAX_TEXT_LISTS
      ? structured
      : structured
          .filter((i) => /label|annot|instances|train|test|val|meta/i.test(set.paths[i]))
          .slice(0, MAX_TEXT_LISTS);
  return [...few, ...(texts.length <= MAX_TEXT_LISTS ? texts : [])];
}

async function readList(
  set: FileSet,
  file: number,
  index: PathIndex,
  problems: ProblemLog,
): Promise<(Found & { readonly file: number }) | undefined> {
  const path = set.paths[file];
  try {
    const stored = await set.read(file, MAX_FILE_BYTES);
    const bytes = /\.gz$/i.test(path) ? gunzip(path, stored, MAX_FILE_BYTES) : stored;
    const list =
      kindOf(path) === 'json' ? listFromJson(path, bytes, index) : listFromText(path, bytes, index);
    if (list === undefined || list.hits > 0) return list === undefined ? undefined : { file, ...list };
    problems.add(
      'warning',
      'labels-without-files',
      path,
      () => `${path} lists files, but none of those in the set.`,
      path,
    );
  } catch (cause) {
    if (!(cause instanceof PareError) || cause.code === 'cancelled') throw cause;
    problems.add('warning', 'unreadable-labels', path, () => cause.message, path);
  }
  return undefined;
}

type Found = { readonly hits: number } & (
  { readonly kind: 'coco'; readonly coco: CocoFile } | { readonly kind: 'table'; readonly table: LabelTable }
);

function listFromText(path: string, bytes: Uint8Array, index: PathIndex): Found | undefined {
  const table = readLabelTable(path, bytes, namesIn(path, index));
  return table === undefined ? undefined : { kind: 'table', table, hits: table.hits };
}

function listFromJson(path: string, bytes: Uint8Array, index: PathIndex): Found | undefined {
  const value = parseJson(path, bytes);
  const coco = asCoco(value);
  if (coco !== undefined) return { kind: 'coco', coco, hits: cocoHits(coco, path, index) };
  const table = readLabelJson(path, value, namesIn(path, index));
  return table === undefined ? undefined : { kind: 'table', table, hits: table.hits };
}

function namesIn(path: string, index: PathIndex): (cell: string) => boolean {
  const folder = folderOf(path);
  return (cell) => index.find(cell, folder).kind !== 'none';
}
