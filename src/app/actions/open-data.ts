/** Opens a description of data that was saved before. One that does not parse is refused with its reason. */
import type { DataConfig } from '../../core/dataset/types.ts';
import { parseDataConfig } from '../../core/dataset/parse.ts';
import { PareError, toErrorRecord } from '../../core/errors.ts';
import { announce, showError } from '../store/notices.ts';
import type { AppStore } from '../store/state.ts';
import type { Action, ActionContext } from './types.ts';

export const OPEN_DESCRIPTION_INPUT = 'open-data-description';

/** Class lists and long lists of left-out samples stay well below this. */
const MOST_BYTES = 20_000_000;

export const openDataAction: Action = {
  id: 'open-data',
  label: 'Open a data description',
  shortcuts: [],
  enabled: (state) => state.data !== null,
  perform: ({ page }) => page.clickInput(OPEN_DESCRIPTION_INPUT),
};

export async function openDescriptionFile(
  context: Pick<ActionContext, 'store' | 'desk'>,
  file: File,
): Promise<void> {
  try {
    if (file.size > MOST_BYTES) {
      throw new PareError('data-invalid', `${file.name} is too large for a data description.`, {
        hint: 'A description is a small JSON file that this page or the command line has saved.',
      });
    }
    offerDescription(context, parseDataConfig(await file.text()), file.name);
  } catch (error) {
    showError(context.store, toErrorRecord(error));
  }
}

/** A description does nothing by itself: it is laid beside the proposals, shown with a preview, and taken by hand. */
export function offerDescription(
  { store, desk }: Pick<ActionContext, 'store' | 'desk'>,
  config: DataConfig,
  from: string,
): void {
  setOffer(store, { config, from });
  const waiting = store.getState().data === null;
  announce(
    store,
    waiting
      ? `${from} describes data. Add the data to use it.`
      : `Opened the description in ${from}. Look at the preview, then use it.`,
  );
  if (!waiting) void desk.previewData(config);
}

export function setOffer(store: AppStore, offer: { config: DataConfig; from: string } | null): void {
  store.setState((state) => ({ view: { ...state.view, offer } }));
}
