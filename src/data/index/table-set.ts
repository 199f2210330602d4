/** Sets from one table or list of texts. It must not know pictures. */
import type { FileSet } from '../files/file-set.ts';
import type { Checkpoint } from '../types.ts';
import type { Picked } from './picked.ts';
import type { ProblemLog } from './problem-log.ts';

export async function tableSet(
  _set: FileSet,
  _ports: { readonly problems: ProblemLog; readonly checkpoint: Checkpoint },
): Promise<Picked | undefined> {
  return Promise.resolve(undefined);
}
