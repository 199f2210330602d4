/**
 * What happens to files however they came: models are opened, data is added to the open model, recipes and
 * descriptions take their places. A model and its data may come together.
 */
import { PareError, toErrorRecord } from '../../../core/errors.ts';
import { openDescriptionFile } from '../../actions/open-data.ts';
import { openRecipeFile } from '../../actions/open-recipe.ts';
import type { ActionContext } from '../../actions/types.ts';
import { showError } from '../../store/notices.ts';
import type { PickedFile } from '../../ui/file-button.tsx';
import { sortFiles } from './sort-files.ts';

export function openPicked(context: ActionContext, files: readonly PickedFile[]): void {
  const first = files[0];
  if (first === undefined) {
    const error = new PareError('not-a-file', 'The drop held no file.', {
      hint: 'Drop an .onnx file, or a folder that holds one.',
    });
    showError(context.store, error.toRecord());
    return;
  }
  void sorted(context, files).catch((error: unknown) => showError(context.store, toErrorRecord(error)));
}

async function sorted(context: ActionContext, files: readonly PickedFile[]): Promise<void> {
  const { store, pipeline, desk } = context;
  const { model, data, document } = sortFiles(files, store.getState().model !== null);
  if (document !== null) return openDocument(context, document);
  if (model.length > 0) {
    const before = store.getState().model;
    await pipeline.open(model);
    // Refused, or stopped: data of one model must not land beside another.
    if (data.length > 0 && store.getState().model === before) return;
  }
  if (data.length > 0) await desk.addData(data);
}

/** Longer than any recipe; a file beyond it is not read here, but added as data. */
const MOST_DOCUMENT_BYTES = 20_000_000;

async function openDocument(context: ActionContext, picked: PickedFile): Promise<void> {
  const text = picked.file.size > MOST_DOCUMENT_BYTES ? '' : await picked.file.text();
  if (/"format"\s*:\s*"pare-data"/.test(text) && !/"format"\s*:\s*"pare-recipe"/.test(text)) {
    return openDescriptionFile(context, picked.file);
  }
  return openRecipeFile(context, picked.file);
}
