/** Files out of a drop, folders included, with their paths inside the folder. It must not know what the files are. */

export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** A dropped home directory must not fill the memory. Large sets of pictures have fewer files than this. */
export const MOST_DROPPED_FILES = 250_000;

export interface Drop {
  readonly files: readonly DroppedFile[];
  /** There were more files than are taken; whoever shows the result must say so. */
  readonly cut: boolean;
}

/**
 * Must be called inside the drop event: the items of a DataTransfer are gone afterwards. The entries are taken at
 * once, their content is read later.
 */
export function readDrop(transfer: DataTransfer): Promise<Drop> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry());
  if (entries.some((entry) => entry !== null)) return walk(entries.filter((entry) => entry !== null));
  const files = [...transfer.files].map((file) => ({ path: file.name, file }));
  return Promise.resolve({ files, cut: false });
}

/** Folder by folder; files of one folder are looked up together, because each lookup is a trip to another process. */
async function walk(roots: readonly FileSystemEntry[]): Promise<Drop> {
  const found: DroppedFile[] = [];
  const waiting: (readonly FileSystemEntry[])[] = [roots];
  for (let next = 0; next < waiting.length; next++) {
    const entries = waiting[next] ?? [];
    const files = entries.filter(isFile);
    for (let at = 0; at < files.length; at += BATCH) {
      if (found.length >= MOST_DROPPED_FILES) return { files: found, cut: true };
      const batch = files.slice(at, at + Math.min(BATCH, MOST_DROPPED_FILES - found.length));
      found.push(...(await Promise.all(batch.map(droppedFile))));
    }
    for (const directory of entries.filter(isDirectory)) waiting.push(await childrenOf(directory));
  }
  return { files: found, cut: false };
}

const BATCH = 100;

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

function droppedFile(entry: FileSystemFileEntry): Promise<DroppedFile> {
  return new Promise((resolve, reject) => {
    entry.file((file) => resolve({ path: entry.fullPath.replace(/^\//, ''), file }), reject);
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
