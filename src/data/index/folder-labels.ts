/**
 * Labels from folders: one folder a class, below folders that name a part (train, test), which become a group. It must
 * not read files.
 */
import { folderOf, sortNames } from '../files/names.ts';
import { NO_LABELS } from './label-columns.ts';
import type { GroupColumn, LabelColumn } from './label-columns.ts';
import { namedClasses } from './label-kind.ts';
import type { ProblemLog } from './problem-log.ts';

const PARTS = new Set([
  'train',
  'training',
  'test',
  'testing',
  'val',
  'valid',
  'validation',
  'eval',
  'dev',
  'holdout',
]);
/** Folders that say what kind of files they hold, not what class. */
const GENERIC = new Set(
  'images image imgs img pictures photos jpegimages jpegs pngs data dataset samples files audio sounds wav wavs clips lines text texts arrays input inputs'.split(
    ' ',
  ),
);

export interface FolderLabels {
  readonly labels: LabelColumn;
  readonly groups: readonly GroupColumn[];
}

/** @param paths of the samples */
export function labelsFromFolders(paths: readonly string[], problems: ProblemLog): FolderLabels {
  const folders = paths.map((path) =>
    folderOf(path)
      .split('/')
      .filter((part) => part !== ''),
  );
  const root = sharedRoot(folders);
  const parts: (string | null)[] = [];
  const classes = folders.map((folder) => {
    const rest = folder.slice(root).filter((name) => !GENERIC.has(name.toLowerCase()));
    const part = rest.find((name) => PARTS.has(name.toLowerCase()));
    parts.push(part ?? null);
    return rest.filter((name) => name !== part);
  });
  const groups = partGroup(parts);
  if (groups.length > 0) {
    problems.add(
      'note',
      'parts-in-folders',
      null,
      () =>
        `The folders ${groups[0].values.join(', ')} are taken as parts of one set; they are a group named "part".`,
    );
  }
  if (classes.some((names) => names.length > 1)) {
    problems.add(
      'note',
      'deep-folders',
      null,
      () => 'Folders inside class folders: the outermost folder is the class.',
    );
  }
  const single = classes.every((names) => names.length === 0) ? onlyClass(folders, root) : undefined;
  const cells = classes.map(([name]) => single ?? name ?? null);
  if (cells.every((cell) => cell === null)) return { labels: NO_LABELS, groups };
  return { labels: namedClasses(cells, sortNames(new Set(cells.filter((cell) => cell !== null)))), groups };
}

/**
 * Folders that all paths begin with. Files beside the class folders do not count: they are samples without a label.
 */
function sharedRoot(folders: readonly (readonly string[])[]): number {
  const inFolders = folders.filter((folder) => folder.length > 0);
  const [first] = inFolders;
  if (first === undefined) return 0;
  let shared = first.length;
  for (const folder of inFolders) {
    let same = 0;
    while (same < Math.min(shared, folder.length) && folder[same] === first[same]) same++;
    shared = same;
  }
  return shared;
}

/** All files in one folder below the dropped one: that folder is the only class. The dropped folder itself is none. */
function onlyClass(folders: readonly (readonly string[])[], root: number): string | undefined {
  const name =
    folders.every((folder) => folder.length === root) && root >= 2 ? folders[0][root - 1] : undefined;
  return name === undefined || GENERIC.has(name.toLowerCase()) || PARTS.has(name.toLowerCase())
    ? undefined
    : name;
}

function partGroup(parts: readonly (string | null)[]): GroupColumn[] {
  const values = sortNames(new Set(parts.filter((part) => part !== null)));
  if (values.length < 2) return [];
  return [
    {
      name: 'part',
      values,
      codes: Int32Array.from(parts, (part) => (part === null ? -1 : values.indexOf(part))),
    },
  ];
}
