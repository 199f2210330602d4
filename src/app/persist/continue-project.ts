/**
 * The study of an earlier visit around a model that was opened again: entries with their figures, recipe with its undo,
 * goal and view. Variants' bytes are made again when they are asked for. It must not know where it was kept.
 */
import type { ModelSummary } from '../../worker/api.ts';
import type { MadeWith, Studio } from '../bridge/studio.ts';
import { samplesOf } from '../store/calibrating.ts';
import { dataInUse, evaluationKey, samplesKey } from '../store/entries.ts';
import { recipeKey } from '../store/recipe-edit.ts';
import { ORIGINAL, originalEntry } from '../store/state.ts';
import type { AppState, StudyEntry } from '../store/state.ts';
import type { KeptProject } from './parse-record.ts';

export function continueProject(
  { head, entries: kept, costs, profiles, sensitivity }: KeptProject,
  model: ModelSummary,
  { data, view }: AppState,
  studio: Pick<Studio, 'knowVariant'>,
): Partial<AppState> {
  const { options, draft } = head;
  // While the files of the data are missing, their evaluations still belong to them.
  const inUse = data ?? (head.data === null ? null : { summary: head.data, config: head.data.config });
  const key = evaluationKey({ data: inUse, options });
  const entries: Record<string, StudyEntry> = { [ORIGINAL]: originalEntry(model) };
  for (const { evaluated, ...entry } of kept) {
    // What was evaluated on another set would be compared with this one's.
    const same = entry.evaluation === null || entry.evaluation.dataId === inUse?.summary.dataId;
    const found = evaluated && key !== null && same;
    entries[entry.id] = {
      ...entry,
      recipeKey: recipeKey(entry.recipe),
      evaluation: found ? entry.evaluation : null,
      evaluationFailure: found ? entry.evaluationFailure : null,
      evaluatedWith: found ? key : null,
    };
    if (entry.summary !== null) {
      studio.knowVariant(model.modelId, entry.id, entry.recipe, madeWith(entry, data));
    }
  }
  const present = recipeKey(draft.present.recipe);
  const currentId = Object.values(entries).find((entry) => entry.recipeKey === present)?.id ?? null;
  const lastId = head.lastId !== null && head.lastId in entries ? head.lastId : ORIGINAL;
  return {
    draft: { ...draft, gesture: null },
    entries,
    currentId,
    lastId: currentId ?? lastId,
    options,
    view: { ...view, ...head.view },
    goal: head.goal,
    energy: head.energy,
    lab: head.lab,
    costs,
    profiles,
    ...(head.calibrated === true
      ? { calibration: head.calibration ?? null, calibratedWith: samplesKey({ data: inUse }), sensitivity }
      : {}),
    data,
  };
}

/** Undefined where it looked at no samples, or at some that are not open yet: the desk tells of them when they are. */
function madeWith(
  { recipe, calibration }: Pick<StudyEntry, 'recipe' | 'calibration'>,
  data: AppState['data'],
): MadeWith | undefined {
  const samples = samplesOf(recipe);
  if (calibration?.origin === 'synthetic') return { data: null, samples };
  const inUse = dataInUse({ data });
  return calibration?.origin === 'samples' && inUse !== null ? { data: inUse, samples } : undefined;
}
