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

  read(): Promise<ReadonlyMap<string, unknown>> {
    return Promise.resolve(structuredClone(this.pieces));
  }

  write(changed: ReadonlyMap<string, unknown>, removed: readonly string[]): Promise<void> {
    if (this.failing) return Promise.reject(new Error('the disk is full'));
    this.writes.push([...changed.keys()]);
    for (const [name, piece] of changed) this.pieces.set(name, structuredClone(piece));
    for (const name of removed) this.pieces.delete(name);
    return Promise.resolve();
  }

  async keepFiles(name: string, files: readonly OpenFile[], options: KeepOptions): Promise<void> {
    const index = indexOf(files);
    if (index.bytes > this.limit) throw new PareError('too-large', `${name} is too large to be kept.`);
    const parts: Blob[] = [];
    await writePack(files, { write: (piece) => Promise.resolve(void parts.push(piece)) }, options);
    this.packs.set(name, { index, pack: new Blob(parts) });
  }

  openFiles(name: string): Promise<readonly OpenFile[] | null> {
    const kept = this.packs.get(name);
    return Promise.resolve(kept === undefined ? null : filesOf(kept.pack, kept.index));
  }

  need(names: readonly string[]): void {
    this.needed = names;
  }

  tidy(): Promise<void> {
    for (const name of this.packs.keys()) if (!this.needed.includes(name)) this.packs.delete(name);
    return Promise.resolve();
  }
}
