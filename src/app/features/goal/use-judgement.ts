/** Whether what is on screen reaches the goal; null without a goal, or before anything is known. */
import { useMemo } from 'react';
import { judgeGoal } from '../../../core/goal/judge.ts';
import type { Judgement } from '../../../core/goal/judge.ts';
import { useAppState } from '../../store/context.ts';
import { metricWords } from '../../store/metric-text.ts';
import { useCurrentEntry, usePrediction } from '../workspace/use-study.ts';
import { factsOf, factsOfBytes } from '../../store/goal-facts.ts';

export function useJudgement(): Judgement | null {
  const goal = useAppState((state) => state.goal);
  const options = useAppState((state) => state.options);
  const current = useCurrentEntry();
  const prediction = usePrediction();
  return useMemo(() => {
    if (goal === null) return null;
    if (current !== null) return judgeGoal(goal, factsOf(current, options));
    return prediction === null ? null : judgeGoal(goal, factsOfBytes(prediction.bytes));
  }, [goal, options, current, prediction]);
}

/** Losses are said in points, or in the unit of the labels where the task is a regression. */
export function useGoalUnit(): 'fraction' | 'plain' {
  return useAppState((state) => {
    const config = state.data?.config ?? null;
    if (config !== null) return config.task.kind === 'regression' ? 'plain' : 'fraction';
    const evaluated =
      Object.values(state.entries).find(({ evaluation }) => evaluation !== null)?.evaluation ?? null;
    return evaluated === null
      ? 'fraction'
      : metricWords(evaluated.summary.main).fraction
        ? 'fraction'
        : 'plain';
  });
}
