/** What several panels derive from the study: the exact size ahead of time, the figures, the chart's points. */
import { useMemo } from 'react';
import type { SizePrediction } from '../../../core/recipe/predict.ts';
import { useAppSlice, useAppState } from '../../store/context.ts';
import { isLabelled } from '../../store/entries.ts';
import { figuresOf, gainOf } from '../../store/figures.ts';
import type { Figures } from '../../store/figures.ts';
import { tradeoffOf } from '../../store/points.ts';
import type { Tradeoff } from '../../store/points.ts';
import { predictionOf } from '../../store/prediction.ts';
import { ORIGINAL, recipeOf } from '../../store/state.ts';
import type { GainAxis, StudyEntry } from '../../store/state.ts';

/** The size of the recipe on screen, to the byte, before it is made. */
export function usePrediction(): SizePrediction | null {
  const recipe = useAppState(recipeOf);
  const skeleton = useAppState((state) => state.model?.skeleton ?? null);
  const simplified = useAppState((state) => state.simplified);
  return useMemo(() => predictionOf(recipe, skeleton, simplified), [recipe, skeleton, simplified]);
}

export function useEntries(): readonly StudyEntry[] {
  const entries = useAppState((state) => state.entries);
  return useMemo(() => Object.values(entries).sort((a, b) => a.sequence - b.sequence), [entries]);
}

export function useCurrentEntry(): StudyEntry | null {
  return useAppState((state) => (state.currentId === null ? null : (state.entries[state.currentId] ?? null)));
}

export function useGain(): GainAxis {
  const entries = useEntries();
  const { labelled, gain } = useAppSlice((state) => ({ labelled: isLabelled(state), gain: state.view.gain }));
  return gainOf(gain, labelled, entries);
}

export function useFigures(): Figures | null {
  const entries = useEntries();
  const current = useCurrentEntry();
  const original = useAppState((state) => state.entries[ORIGINAL] ?? null);
  const options = useAppState((state) => state.options);
  const labelled = useAppState(isLabelled);
  const prediction = usePrediction();
  // The card shows accuracy wherever there is some; the chart's axis is a choice of its own.
  const gain = gainOf(null, labelled, entries);
  return useMemo(
    () => (original === null ? null : figuresOf({ entries, current, original, prediction, options, gain })),
    [entries, current, original, prediction, options, gain],
  );
}

export function useTradeoff(): Tradeoff {
  const entries = useEntries();
  const currentId = useAppState((state) => state.currentId);
  const options = useAppState((state) => state.options);
  const cost = useAppState((state) => state.view.cost);
  const gain = useGain();
  const prediction = usePrediction();
  return useMemo(
    () => tradeoffOf({ entries, currentId, prediction, options, cost, gain }),
    [entries, currentId, prediction, options, cost, gain],
  );
}
