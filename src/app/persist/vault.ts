/**
 * Where a project is kept between visits: small pieces by name, and packs of files. An interface, so that tests keep
 * projects in memory. It must not know what the pieces mean.
 */
import type { OpenFile } from '../../worker/api.ts';

export interface KeepOptions {
  readonly signal: AbortSignal;
  /** Resolves when nothing is being timed. Asked between pieces of a copy. */
  readonly quiet: () => Promise<void>;
}

export interface Vault {
  /** Every piece by name. Empty where nothing is kept, or nothing can be. */
  read(): Promise<ReadonlyMap<string, unknown>>;
  /** Plain data only. @throws whatever the browser says when it cannot write */
  write(changed: ReadonlyMap<string, unknown>, removed: readonly string[]): Promise<void>;
  /**
   * Copies files under a name that stands for their content: what is there already is not copied again. Resolves when
   * the copy was read back. Where it fails, a copy that was whole before stays.
   * @throws PareError `too-large`, `unsupported` in a sentence; `cancelled`
   */
  keepFiles(name: string, files: readonly OpenFile[], options: KeepOptions): Promise<void>;
  /**
   * In the order they were kept. Null where they are not there, or not whole.
   * @throws whatever the browser says when it cannot read now; that says nothing about what is there
   */
  openFiles(name: string): Promise<readonly OpenFile[] | null>;
  /**
   * Says that this page needs what is kept under these names, so that another tab does not delete it; and gives up what
   * it needed before.
   */
  need(names: readonly string[]): void;
  /** Deletes every pack that neither this page nor another tab needs, except these. */
  tidy(except: readonly string[]): Promise<void>;
}
