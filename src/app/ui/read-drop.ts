/** Files out of a drop, folders included, with their paths inside the folder. It must not know what the files are. */

export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** A dropped home directory must not fill the memory: beyond this nobody is dropping a model. */
export const MOST_DROPPED_FILES = 2000;

/**
 * Must be called inside the drop event: the items of a DataTransfer are gone afterwards. The entries are taken at
 * once, their content is read later.
 */
export function readDrop(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry());
  if (entries.some((entry) => entry !== null)) return walk(entries.filter((entry) => entry !== null));
  return Promise.resolve([...transfer.files].map((file) => ({ path: file.name, file })));
}

async function walk(roots: readonly FileSystemEntry[]): Promise<readonly DroppedFile[]> {
  const found: DroppedFile[] = [];
  const waiting = [...roots];
  while (waiting.length > 0 && found.length < MOST_DROPPED_FILES) {
    const entry = waiting.shift();
    if (entry === undefined) break;
    if (isFile(entry)) found.push({ path: entry.fullPath.replace(/^\//, ''), file: await fileOf(entry) });
    else if (isDirectory(entry)) waiting.push(...(await childrenOf(entry)));
  }
  return found;
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

async function childrenOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives at most 100 entries a call and an empty list at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (batch.length === 0) return children;
    children.push(...batch);
  }
}
