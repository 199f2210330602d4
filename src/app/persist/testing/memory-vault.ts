/** A vault in memory, for tests; with a limit, and a copy that can be held up. */
import { PareError } from '../../../core/errors.ts';
import type { OpenFile } from '../../../worker/api.ts';
import { filesOf, indexOf, writePack } from '../pack.ts';
import type { PackIndex } from '../pack.ts';
import type { KeepOptions, Vault } from '../vault.ts';

export class MemoryVault implements Vault {
  readonly pieces = new Map<string, unknown>();
  readonly packs = new Map<string, { readonly index: PackIndex; readonly pack: Blob }>();
  readonly writes: (readonly string[])[] = [];
  needed: readonly string[] = [];
  limit = Infinity;
  failing = false;
  /** As many readings fail as if the browser were busy: of packs, and of the pieces. */
  unreadable = 0;
  unreadablePieces = 0;
  /** Held up until it resolves. */
  writable: Promise<void> = Promise.resolve();

  read(): Promise<ReadonlyMap<string, unknown>> {
    if (this.unreadablePieces-- > 0) return Promise.reject(new Error('the database is busy'));
    return Promise.resolve(structuredClone(this.pieces));
  }

  async write(changed: ReadonlyMap<string, unknown>, removed: readonly string[]): Promise<void> {
    await this.writable;
    if (this.failing) throw new Error('the disk is full');
    this.writes.push([...changed.keys()]);
    for (const [name, piece] of changed) this.pieces.set(name, structuredClone(piece));
    for (const name of removed) this.pieces.delete(name);
  }

  async keepFiles(name: string, files: readonly OpenFile[], options: KeepOptions): Promise<void> {
    const index = indexOf(files);
    if (index.bytes > this.limit) throw new PareError('too-large', `${name} is too large to be kept.`);
    const parts: Blob[] = [];
    await writePack(files, { write: (piece) => Promise.resolve(void parts.push(piece)) }, options);
    this.packs.set(name, { index, pack: new Blob(parts) });
  }

  openFiles(name: string): Promise<readonly OpenFile[] | null> {
    if (this.unreadable-- > 0) return Promise.reject(new Error('the file is busy'));
    const kept = this.packs.get(name);
    return Promise.resolve(kept === undefined ? null : filesOf(kept.pack, kept.index));
  }

  need(names: readonly string[]): void {
    this.needed = names;
  }

  tidy(except: readonly string[]): Promise<void> {
    const needed = [...this.needed, ...except];
    for (const name of this.packs.keys()) if (!needed.includes(name)) this.packs.delete(name);
    return Promise.resolve();
  }
}
