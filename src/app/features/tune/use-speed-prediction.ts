/** The predicted speed of the recipe on screen, computed again only when what it stands on has changed. */
import { useMemo } from 'react';
import type { SpeedPrediction } from '../../../core/search/predict-speed.ts';
import { useAppSlice } from '../../store/context.ts';
import { speedPredictionOf } from '../../store/speed-prediction.ts';

export function useSpeedPrediction(): SpeedPrediction | null {
  const { model, costs, speed, options, profiles, draft } = useAppSlice((state) => ({
    model: state.model,
    costs: state.costs,
    speed: state.speed,
    options: state.options,
    profiles: state.profiles,
    draft: state.draft,
  }));
  return useMemo(
    () => speedPredictionOf({ model, costs, speed, options, profiles, draft }),
    [model, costs, speed, options, profiles, draft],
  );
}
