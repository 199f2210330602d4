/** What every search begins with: the samples that methods may look at are told, once. It must not know what is searched. */
import { showError } from './notices.ts';
import type { Pipeline } from './pipeline.ts';
import { recipeOf } from './state.ts';
import type { AppStore } from './state.ts';

/** More take longer and change the order of the layers little. */
export const SENSITIVITY_SAMPLES = 64;

/** Sees to it that there are samples to look at; what stands in the way is shown. */
export async function calibrated(store: AppStore, pipeline: Pipeline, signal: AbortSignal): Promise<boolean> {
  const told = await pipeline.study.calibrate(recipeOf(store.getState()), signal);
  if (signal.aborted) return false;
  if (!told.ok && told.error.code !== 'cancelled') showError(store, told.error);
  return told.ok;
}
