/** Saves the variant that was made from the recipe on screen, or the original where the recipe is empty. */
import { announce, showError } from '../store/notices.ts';
import { ORIGINAL } from '../store/state.ts';
import type { AppState } from '../store/state.ts';
import type { Action } from './types.ts';

export function canDownload(state: AppState): boolean {
  return state.model !== null && state.currentId !== null;
}

/** Names one saved file, so that the page can say that it was saved. */
export function exportKey(modelId: string, entryId: string): string {
  return `${modelId}/${entryId}`;
}

export const downloadAction: Action = {
  id: 'download',
  label: 'Download the model',
  shortcuts: [{ key: 's', mod: true, shift: false }],
  enabled: canDownload,
  perform: async ({ store, studio, page }) => {
    const { model, currentId } = store.getState();
    if (model === null || currentId === null) return;
    const files = await studio.download(model.modelId, currentId === ORIGINAL ? null : currentId);
    if (!files.ok) {
      showError(store, files.error);
      return;
    }
    for (const { name, blob } of files.value) page.save(name, blob);
    store.setState((state) => ({
      view: {
        ...state.view,
        exported: [...(state.view.exported ?? []), exportKey(model.modelId, currentId)],
      },
    }));
    announce(store, `Saved ${files.value.map(({ name }) => name).join(' and ')}.`);
  },
};
