/** What happens to files however they came: a recipe replaces the recipe, everything else is opened as a model. */
import { PareError } from '../../../core/errors.ts';
import { openRecipeFile } from '../../actions/open-recipe.ts';
import type { ActionContext } from '../../actions/types.ts';
import { showError } from '../../store/notices.ts';
import type { PickedFile } from '../../ui/file-button.tsx';

export function openPicked(context: ActionContext, files: readonly PickedFile[]): void {
  const first = files[0];
  if (first === undefined) {
    const error = new PareError('not-a-file', 'The drop held no file.', {
      hint: 'Drop an .onnx file, or a folder that holds one.',
    });
    showError(context.store, error.toRecord());
    return;
  }
  const recipe = files.length === 1 && /\.json$/i.test(first.path) && context.store.getState().model !== null;
  if (recipe) void openRecipeFile(context.store, first.file);
  else void context.pipeline.open(files);
}
