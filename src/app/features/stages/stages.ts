/** How far the user is: one state for each stage of the work. Pure; it must not know how a stage is drawn. */
import { ORIGINAL, isSettled, recipeOf } from '../../store/state.ts';
import type { AppState, StudyEntry } from '../../store/state.ts';
import { exportKey } from '../../actions/download.ts';

export type StageId = 'model' | 'goal' | 'data' | 'baseline' | 'optimize' | 'compare' | 'export';
/** `next`: where to go on. `open`: not done, and nothing waits for it. */
export type StageState = 'done' | 'next' | 'open' | 'attention';

export interface Stage {
  readonly id: StageId;
  readonly label: string;
  readonly state: StageState;
  /** Why it is in this state, in a few words. */
  readonly note: string;
}

type Standing = readonly [Exclude<StageState, 'next'>, string];

const LABELS: Readonly<Record<StageId, string>> = {
  model: 'Model',
  goal: 'Goal',
  data: 'Data',
  baseline: 'Baseline',
  optimize: 'Optimize',
  compare: 'Compare',
  export: 'Export',
};

/** No stage must be passed: whoever starts to optimize is led on to compare, and only then back to what was left out. */
const IN_ORDER: readonly StageId[] = ['goal', 'data', 'baseline', 'optimize', 'compare', 'export'];
const ONCE_OPTIMIZED: readonly StageId[] = ['compare', 'export', 'goal', 'data', 'baseline'];

/** @param goalMissed whether the variant on screen is known to miss the goal */
export function stagesOf(state: AppState, goalMissed: boolean): readonly Stage[] {
  const standings: Readonly<Record<StageId, Standing>> = {
    model: modelStanding(state),
    goal: state.goal === null ? ['open', 'no goal is set'] : ['done', 'a goal is set'],
    data: dataStanding(state),
    baseline: baselineStanding(state),
    optimize: optimizeStanding(state),
    compare: compareStanding(state, goalMissed),
    export: exportStanding(state),
  };
  const order = standings.optimize[0] === 'done' ? ONCE_OPTIMIZED : IN_ORDER;
  const next = order.find((id) => standings[id][0] === 'open');
  return (Object.keys(LABELS) as StageId[]).map((id) => {
    const [standing, note] = standings[id];
    return { id, label: LABELS[id], state: id === next ? 'next' : standing, note };
  });
}

function modelStanding({ model, project }: AppState): Standing {
  if (project.missing.some(({ what }) => what === 'model')) return ['attention', 'choose the file again'];
  return model === null ? ['open', 'no model is open'] : ['done', model.fileName];
}

function dataStanding({ data, project }: AppState): Standing {
  if (project.missing.some(({ what }) => what === 'data')) return ['attention', 'choose the files again'];
  if (data === null) return ['open', 'no data; agreement with the original is measured instead'];
  if (data.config === null) {
    const failed = data.proposalError !== null || data.proposals?.length === 0;
    return ['attention', failed ? 'no way to read it was found' : 'not in use yet'];
  }
  if (data.split?.problems.some(({ severity }) => severity === 'error') === true) {
    return ['attention', 'its division has an error'];
  }
  return ['done', data.summary.name];
}

function baselineStanding({ entries, options, data }: AppState): Standing {
  const original = entries[ORIGINAL];
  if (original === undefined) return ['open', 'not measured'];
  if (original.failure !== null || (data !== null && original.evaluationFailure !== null)) {
    return ['attention', 'a measurement failed'];
  }
  const evaluated = (data?.config ?? null) === null || baselineEvaluated(original, entries);
  const measured = original.measurement !== null && isSettled(original, options);
  return measured && evaluated ? ['done', 'measured'] : ['open', 'not measured with these options'];
}

/** Any variant's evaluation holds the original's figures on the same samples. */
function baselineEvaluated(original: StudyEntry, entries: AppState['entries']): boolean {
  return original.evaluation !== null || Object.values(entries).some(({ evaluation }) => evaluation !== null);
}

function optimizeStanding(state: AppState): Standing {
  if (state.failed !== null) return ['attention', 'this recipe could not be made'];
  const steps = recipeOf(state).steps.length;
  return steps === 0 ? ['open', 'the recipe is empty'] : ['done', `${steps} in the recipe`];
}

function compareStanding({ currentId, entries, options }: AppState, goalMissed: boolean): Standing {
  const current = currentId === null ? undefined : entries[currentId];
  if (current === undefined || current.id === ORIGINAL) return ['open', 'no variant to compare yet'];
  if (current.failure !== null) return ['attention', 'the measurement failed'];
  if (!isSettled(current, options)) return ['open', 'not measured yet'];
  return goalMissed ? ['attention', 'the goal is missed'] : ['done', 'measured against the original'];
}

function exportStanding({ model, currentId, view }: AppState): Standing {
  if (model === null || currentId === null) return ['open', 'nothing is made yet'];
  const saved = view.exported?.includes(exportKey(model.modelId, currentId)) === true;
  return saved ? ['done', 'saved'] : ['open', 'not saved yet'];
}
