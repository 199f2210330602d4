/** The keeper in a real browser; loaded when the page has time for it. It must not know more than which parts belong together. */
import type { Studio } from '../bridge/studio.ts';
import { browserAfter } from '../store/job-board.ts';
import type { Pipeline } from '../store/pipeline.ts';
import type { AppStore } from '../store/state.ts';
import { createBrowserVault } from './browser-vault.ts';
import { Keeper } from './keeper.ts';

export function createBrowserKeeper(
  store: AppStore,
  studio: Studio,
  pipeline: Pipeline,
  onKept: (kept: boolean) => void,
): Keeper {
  const vault = createBrowserVault();
  const keeper = new Keeper({ store, studio, pipeline, vault, after: browserAfter, onKept });
  // The last moment in which a page that is closed on a telephone hears anything.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keeper.flush();
  });
  window.addEventListener('pagehide', () => keeper.flush());
  return keeper;
}
