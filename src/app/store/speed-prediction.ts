/** Whether the recipe on screen will be slower on this device, said before it runs. A prediction, shown as one. Pure. */
import { predictSpeed, workFromCounts } from '../../core/search/predict-speed.ts';
import type { SpeedPrediction } from '../../core/search/predict-speed.ts';
import { ORIGINAL } from './state.ts';
import type { AppState } from './state.ts';

/** As much of the state as the prediction depends on. */
type PredictedFrom = Pick<AppState, 'model' | 'costs' | 'speed' | 'options' | 'profiles' | 'draft'>;

/** Null while the device is not timed or nothing is counted, and for what is not timed here. */
export function speedPredictionOf(state: PredictedFrom): SpeedPrediction | null {
  const { model, costs, speed, options, profiles } = state;
  const counted = costs[ORIGINAL];
  const fits = speed !== null && options.provider === 'wasm' && speed.threads === options.threads;
  if (model === null || counted === undefined || !fits) return null;
  const { layers } = model;
  const profile = profiles[ORIGINAL];
  const measured =
    profile?.provider === 'wasm' && profile.threads === options.threads ? profile.layers : null;
  const graph = workFromCounts(layers, counted);
  const from = { layers, graph, speed, ...(measured === null ? {} : { measured }) };
  return predictSpeed(state.draft.present.recipe, from) ?? null;
}
