/** Every command of the page, in the order in which the palette lists them. */
import { addDataAction } from './add-data.ts';
import { autoPrecisionAction } from './auto-precision.ts';
import { cancelAction } from './cancel.ts';
import { closeProjectAction } from './close-project.ts';
import { downloadAction } from './download.ts';
import { findDuplicatesAction } from './find-duplicates.ts';
import { findGuiltyLayerAction } from './find-guilty-layer.ts';
import { lookForHazardsAction } from './look-for-hazards.ts';
import { measureAction } from './measure-again.ts';
import { openDataAction } from './open-data.ts';
import { openModelAction } from './open-model.ts';
import { openRecipeAction } from './open-recipe.ts';
import { openSampleAction } from './open-sample.ts';
import { paletteAction } from './palette.ts';
import { redoAction } from './redo.ts';
import { removeDataAction } from './remove-data.ts';
import { resetRecipeAction } from './reset-recipe.ts';
import { saveDataAction } from './save-data.ts';
import { saveRecipeAction } from './save-recipe.ts';
import { themeAction } from './theme.ts';
import type { Action } from './types.ts';
import { undoAction } from './undo.ts';

export const ACTIONS: readonly Action[] = [
  undoAction,
  redoAction,
  downloadAction,
  measureAction,
  cancelAction,
  autoPrecisionAction,
  findGuiltyLayerAction,
  lookForHazardsAction,
  resetRecipeAction,
  openModelAction,
  openSampleAction,
  openRecipeAction,
  saveRecipeAction,
  addDataAction,
  findDuplicatesAction,
  openDataAction,
  saveDataAction,
  removeDataAction,
  closeProjectAction,
  themeAction,
  paletteAction,
];
