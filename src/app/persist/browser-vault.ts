/**
 * The vault of a real browser: pieces in IndexedDB, packs in the origin's private file system, where a lock says which
 * tab needs what. Two tabs may keep the same project: the last one that writes is what comes back. It must not know
 * what the pieces mean.
 */
import { createStore, delMany, entries, get, set, setMany } from 'idb-keyval';
import { PareError } from '../../core/errors.ts';
import type { OpenFile } from '../../worker/api.ts';
import { filesOf, indexOf, readsLike, writePack } from './pack.ts';
import type { PackIndex } from './pack.ts';
import type { KeepOptions, Vault } from './vault.ts';

/** More than this is not copied, however much room there is: nobody expects a page to fill a disk. */
const MOST_BYTES = 2_000_000_000;
/** Of what the browser allows, the rest stays free for what else the user does here. */
const SHARE_OF_QUOTA = 0.5;

const FOLDER = 'packs';

/** A tab that deletes a pack is done long before; one that froze meanwhile must not stop this page. */
const LOCK_LIMIT_MILLIS = 3000;

interface Held {
  readonly giveUp: () => void;
  /** No other tab deletes it any more. */
  readonly safe: Promise<void>;
}

export function createBrowserVault(): Vault {
  return new BrowserVault();
}

class BrowserVault implements Vault {
  private readonly pieces = createStore('pare-project', 'pieces');
  /** What each pack holds; a database of its own, because a store cannot be added to an existing one. */
  private readonly indices = createStore('pare-packs', 'indices');
  /** The lock of each name that this page needs. */
  private readonly held = new Map<string, Held>();

  async read(): Promise<ReadonlyMap<string, unknown>> {
    return new Map(await entries<string, unknown>(this.pieces));
  }

  async write(changed: ReadonlyMap<string, unknown>, removed: readonly string[]): Promise<void> {
    await setMany([...changed], this.pieces);
    if (removed.length > 0) await delMany([...removed], this.pieces);
  }

  async keepFiles(name: string, files: readonly OpenFile[], options: KeepOptions): Promise<void> {
    const index = indexOf(files);
    await this.hold(name);
    const before = await this.wholePack(name).catch(asNothing);
    if (before?.index.bytes === index.bytes) return;
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
      await writable.abort().catch(asNothing);
      await this.dropUnlessWhole(folder, name);
      throw options.signal.aborted ? error : asNotKept(error);
    }
    // Last: without its index a pack does not count.
    await set(name, index, this.indices).catch((error: unknown) => {
      throw asNotKept(error);
    });
    await this.readBack(name, files);
  }

  async openFiles(name: string): Promise<readonly OpenFile[] | null> {
    await this.hold(name);
    const kept = await this.wholePack(name);
    return kept === null ? null : filesOf(kept.pack, kept.index);
  }

  need(names: readonly string[]): void {
    for (const [name, { giveUp }] of this.held) {
      if (names.includes(name)) continue;
      giveUp();
      this.held.delete(name);
    }
    for (const name of names) void this.hold(name);
  }

  async tidy(except: readonly string[]): Promise<void> {
    try {
      const folder = await packFolder(false);
      const needed = (name: string): boolean => this.held.has(name) || except.includes(name);
      for await (const name of folder.keys()) {
        if (needed(name)) continue;
        // Asked again with the lock: this page may have come to need it while it waited.
        await unlessNeeded(name, async () => (needed(name) ? undefined : this.drop(folder, name)));
      }
    } catch {
      // There is no folder, or no private file system: nothing to tidy.
    }
  }

  private async drop(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    // In this order: a pack that the browser refuses to delete must not lose its index.
    await folder.removeEntry(name);
    await delMany([name], this.indices);
  }

  /** After a copy that failed: what was begun goes, what was there before does not. */
  private async dropUnlessWhole(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    const left = await this.wholePack(name).catch(() => undefined);
    // Undefined: nobody can tell now, so that nothing is deleted.
    if (left === null) await this.drop(folder, name).catch(asNothing);
  }

  /** @throws PareError `unsupported` where the next visit would not find what was just written */
  private async readBack(name: string, files: readonly OpenFile[]): Promise<void> {
    try {
      const kept = await this.wholePack(name);
      if (kept !== null && (await readsLike(kept.pack, files))) return;
    } catch (error) {
      throw asNotKept(error);
    }
    throw notKept('the copy is not what was written');
  }

  /** Null where there is none, or only a part. @throws whatever the browser says when it cannot read now */
  private async wholePack(name: string): Promise<{ readonly index: PackIndex; readonly pack: Blob } | null> {
    if (typeof navigator.storage?.getDirectory !== 'function') return null;
    const index = await get<PackIndex>(name, this.indices);
    if (index === undefined) return null;
    try {
      const pack = await (await (await packFolder(false)).getFileHandle(name)).getFile();
      return pack.size === index.bytes ? { index, pack } : null;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return null;
      throw error;
    }
  }

  private hold(name: string): Promise<void> {
    const known = this.held.get(name);
    if (known !== undefined) return known.safe;
    let giveUp = (): void => undefined;
    const needed = new Promise<void>((resolve) => (giveUp = resolve));
    const safe = new Promise<void>((resolve) => {
      // Without locks there is one tab, as far as anybody can tell.
      if (navigator.locks === undefined) {
        resolve();
        return;
      }
      setTimeout(resolve, LOCK_LIMIT_MILLIS);
      const granted = (): Promise<void> => {
        resolve();
        return needed;
      };
      navigator.locks.request(lockOf(name), { mode: 'shared' }, granted).catch(() => resolve());
    });
    this.held.set(name, { giveUp, safe });
    return safe;
  }
}

function asNothing(): null {
  return null;
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
