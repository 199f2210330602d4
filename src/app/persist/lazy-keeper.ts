/**
 * Stands for the keeper until it is loaded, so that an empty page does not wait for it: a mark says whether there is
 * anything to bring back at all. It must not know how projects are kept.
 */
import { toErrorRecord } from '../../core/errors.ts';
import type { ProjectKeeper } from '../store/data-desk.ts';
import type { AppStore } from '../store/state.ts';
import type { Keeper } from './keeper.ts';

const MARK = 'pare-project';

/** A place for one word that outlives the page; browsers may refuse it. */
export type Marks = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function setMark(marks: Marks | null, kept: boolean): void {
  try {
    if (kept) marks?.setItem(MARK, 'kept');
    else marks?.removeItem(MARK);
  } catch {
    // Without the mark the project is kept, but not brought back.
  }
}

function hasMark(marks: Marks | null): boolean {
  try {
    return marks !== null && marks.getItem(MARK) !== null;
  } catch {
    return false;
  }
}

/**
 * @param load gives the keeper; asked once
 * @param idle runs work when the page has nothing to do
 */
export function createLazyKeeper(
  store: AppStore,
  marks: Marks | null,
  load: () => Promise<Keeper>,
  idle: (work: () => void) => void,
): ProjectKeeper {
  let loading: Promise<Keeper> | undefined;
  let keeper: Keeper | undefined;
  const waiting: ((keeper: Keeper) => void)[] = [];
  const loaded = (): Promise<Keeper> =>
    (loading ??= load().then((found) => {
      keeper = found;
      for (const tell of waiting.splice(0)) tell(found);
      return found;
    }));
  const failed = (error: unknown): void => {
    store.setState(({ project }) => ({
      project: { ...project, state: 'failed', error: toErrorRecord(error) },
    }));
  };
  const later = (tell: (keeper: Keeper) => void): null => {
    waiting.push(tell);
    loaded().catch(failed);
    return null;
  };
  return {
    modelOpened: (model, from) =>
      keeper === undefined
        ? later((found) => void found.modelOpened(model, from))
        : keeper.modelOpened(model, from),
    dataOpened: (files, summary) =>
      keeper === undefined
        ? later((found) => void found.dataOpened(files, summary))
        : keeper.dataOpened(files, summary),
    restore: async (door) => {
      if (!hasMark(marks)) {
        idle(() => void loaded().catch(failed));
        return;
      }
      store.setState(({ project }) => ({ project: { ...project, state: 'restoring' } }));
      try {
        await (await loaded()).restore(door);
      } catch (error) {
        failed(error);
      }
    },
    forget: async () => {
      setMark(marks, false);
      try {
        await (await loaded()).forget();
      } catch (error) {
        failed(error);
      }
    },
  };
}
