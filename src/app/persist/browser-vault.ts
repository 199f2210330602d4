/**
 * The vault of a real browser: pieces in IndexedDB, packs in the origin's private file system, where a lock says which
 * tab needs what. Two tabs may keep the same project: the last one that writes is what comes back. It must not know
 * what the pieces mean.
 */
import { createStore, delMany, entries, get, set, setMany } from 'idb-keyval';
import { PareError } from '../../core/errors.ts';
import type { OpenFile } from '../../worker/api.ts';
import { filesOf, indexOf, writePack } from './pack.ts';
import type { PackIndex } from './pack.ts';
import type { KeepOptions, Vault } from './vault.ts';

/** More than this is not copied, however much room there is: nobody expects a page to fill a disk. */
const MOST_BYTES = 2_000_000_000;
/** Of what the browser allows, the rest stays free for what else the user does here. */
const SHARE_OF_QUOTA = 0.5;

const FOLDER = 'packs';

export function createBrowserVault(): Vault {
  return new BrowserVault();
}

class BrowserVault implements Vault {
  private readonly pieces = createStore('pare-project', 'pieces');
  /** What each pack holds; a database of its own, because a store cannot be added to an existing one. */
  private readonly indices = createStore('pare-packs', 'indices');
  /** Gives up the lock of each name that this page needs. */
  private readonly held = new Map<string, () => void>();

  async read(): Promise<ReadonlyMap<string, unknown>> {
    return new Map(await entries<string, unknown>(this.pieces));
  }

  async write(changed: ReadonlyMap<string, unknown>, removed: readonly string[]): Promise<void> {
    await setMany([...changed], this.pieces);
    if (removed.length > 0) await delMany([...removed], this.pieces);
  }

  async keepFiles(name: string, files: readonly OpenFile[], options: KeepOptions): Promise<void> {
    const index = indexOf(files);
    this.hold(name);
    if ((await this.wholePack(name))?.index.bytes === index.bytes) return;
    await checkRoom(index.bytes);
    const folder = await packFolder(true);
    const handle = await folder.getFileHandle(name, { create: true });
    if (typeof handle.createWritable !== 'function')
      throw notKept('this browser cannot copy files in the page');
    const writable = await handle.createWritable();
    try {
      await writePack(files, { write: (bytes) => writable.write(bytes) }, options);
      await writable.close();
    } catch (error) {
      await writable.abort().catch(() => undefined);
      await folder.removeEntry(name).catch(() => undefined);
      throw options.signal.aborted ? error : asNotKept(error);
    }
    // Last: without its index a pack does not count.
    await set(name, index, this.indices);
  }

  async openFiles(name: string): Promise<readonly OpenFile[] | null> {
    this.hold(name);
    const kept = await this.wholePack(name);
    return kept === null ? null : filesOf(kept.pack, kept.index);
  }

  need(names: readonly string[]): void {
    for (const [name, giveUp] of this.held) {
      if (names.includes(name)) continue;
      giveUp();
      this.held.delete(name);
    }
    for (const name of names) this.hold(name);
  }

  async tidy(): Promise<void> {
    try {
      const folder = await packFolder(false);
      for await (const name of folder.keys()) {
        if (!this.held.has(name)) await unlessNeeded(name, () => this.drop(folder, name));
      }
    } catch {
      // There is no folder, or no private file system: nothing to tidy.
    }
  }

  private async drop(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    await delMany([name], this.indices);
    await folder.removeEntry(name);
  }

  private async wholePack(name: string): Promise<{ readonly index: PackIndex; readonly pack: Blob } | null> {
    try {
      const index = await get<PackIndex>(name, this.indices);
      if (index === undefined) return null;
      const pack = await (await (await packFolder(false)).getFileHandle(name)).getFile();
      return pack.size === index.bytes ? { index, pack } : null;
    } catch {
      return null;
    }
  }

  private hold(name: string): void {
    if (this.held.has(name)) return;
    let giveUp = (): void => undefined;
    const needed = new Promise<void>((resolve) => (giveUp = resolve));
    this.held.set(name, giveUp);
    // Without locks there is one tab, as far as anybody can tell.
    void navigator.locks?.request(lockOf(name), { mode: 'shared' }, () => needed).catch(() => undefined);
  }
}

function lockOf(name: string): string {
  return `pare-pack-${name}`;
}

/** `work` runs only where no tab holds the name. */
async function unlessNeeded(name: string, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  await navigator.locks.request(lockOf(name), { mode: 'exclusive', ifAvailable: true }, async (lock) => {
    if (lock !== null) await work();
  });
}

async function packFolder(create: boolean): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create });
}

async function checkRoom(bytes: number): Promise<void> {
  if (typeof navigator.storage?.getDirectory !== 'function') {
    throw notKept('this browser has no private file system');
  }
  const size = `${Math.ceil(bytes / 1e6)} MB`;
  if (bytes > MOST_BYTES) {
    throw new PareError('too-large', `${size} are too large to be kept in the browser.`, AFTER_RELOAD);
  }
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  if (usage + bytes > quota * SHARE_OF_QUOTA) {
    throw new PareError('too-large', `The browser has no room for a copy of ${size}.`, AFTER_RELOAD);
  }
}

const AFTER_RELOAD = {
  hint: 'After a reload the file has to be chosen again; everything else is kept.',
} as const;

function notKept(why: string): PareError {
  return new PareError('unsupported', `The files could not be kept: ${why}.`, AFTER_RELOAD);
}

function asNotKept(error: unknown): PareError {
  return error instanceof PareError ? error : notKept(error instanceof Error ? error.message : String(error));
}
