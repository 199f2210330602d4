/**
 * The entries of the study: how one comes about, what is still missing of it, how results are kept. Pure but for the
 * store. It must not know workers or React.
 */
import type { DataConfig } from '../../core/dataset/types.ts';
import type { ErrorRecord, Result } from '../../core/errors.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import type { CalibrationInfo, Evaluation, MeasureResult, VariantSummary } from '../../worker/api.ts';
import type { DataInUse, MeasureOptions } from '../bridge/studio.ts';
import { showError } from './notices.ts';
import { recipeKey } from './recipe-edit.ts';
import { ORIGINAL, optionsKey } from './state.ts';
import type { AppState, AppStore, StudyEntry } from './state.ts';

/** What the studio calls an entry: the original has no variant. */
export function variantIdOf(id: string): string | null {
  return id === ORIGINAL ? null : id;
}

/**
 * The entry of a variant that was just made.
 * @param calibration the samples that it looked at, or null
 */
export function entryOf(
  state: AppState,
  summary: VariantSummary,
  recipe: Recipe,
  calibration: CalibrationInfo | null = null,
): StudyEntry {
  // Two recipes can give one variant (a layer override that says what the step says): keep what was measured.
  const twin = state.entries[summary.variantId];
  const { variantId: id, bytes } = summary;
  const made = { id, recipeKey: recipeKey(recipe), recipe, bytes, summary, calibration };
  if (twin !== undefined) return { ...twin, ...made };
  return {
    ...made,
    parentId: state.lastId,
    sequence: Math.max(0, ...Object.values(state.entries).map(({ sequence }) => sequence)) + 1,
    measurement: null,
    failure: null,
    measuredWith: null,
    evaluation: null,
    evaluationFailure: null,
    evaluatedWith: null,
  };
}

/** The study without one of its variants: children move up to the grandparent, so that the lineage stays a tree. */
export function withoutEntry(state: AppState, id: string): Partial<AppState> {
  const { [id]: gone, ...rest } = state.entries;
  const kept = Object.values(rest).map((other) =>
    other.parentId === id ? { ...other, parentId: gone?.parentId ?? null } : other,
  );
  return {
    entries: Object.fromEntries(kept.map((other) => [other.id, other])),
    lastId: state.lastId === id ? ORIGINAL : state.lastId,
    costs: without(state.costs, id),
    profiles: without(state.profiles, id),
    doctor: without(state.doctor, id),
    parity: without(state.parity, id),
    outline: without(state.outline, id),
  };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

/** Descriptions are immutable, so that the object is the key; with long lists of exclusions they are long texts. */
const texts = new WeakMap<DataConfig, string>();

/**
 * What an evaluation depends on besides the model. Null where there is nothing to evaluate: no data in use, or data
 * without anything to be right about.
 */
export function evaluationKey({ data, options }: EvaluatedWith): string | null {
  const config = data?.config ?? null;
  if (data === null || config === null || config.task.kind === 'agreement') return null;
  return `${data.summary.dataId} ${options.provider} ${textOf(config)}`;
}

/** What calibration depends on besides the model: the set in use and how it is read, or none. */
export function samplesKey({ data }: Pick<EvaluatedWith, 'data'>): string {
  const config = data?.config ?? null;
  return data === null || config === null ? NO_SAMPLES : `${data.summary.dataId} ${textOf(config)}`;
}

const NO_SAMPLES = 'none';

function textOf(config: DataConfig): string {
  const text = texts.get(config) ?? JSON.stringify(config);
  texts.set(config, text);
  return text;
}

/** As much of the state as an evaluation depends on. */
interface EvaluatedWith {
  readonly data: {
    readonly summary: { readonly dataId: string };
    readonly config: DataConfig | null;
  } | null;
  readonly options: Pick<MeasureOptions, 'provider'>;
}

/** Whether there is something to be right about: data with labels in use, or on their way with the sample. */
export function isLabelled(state: EvaluatedWith & Pick<AppState, 'sample'>): boolean {
  return evaluationKey(state) !== null || (state.sample && state.data === null);
}

/** Evaluated, or found impossible to evaluate, with the data now in use; or there are none. */
export function isEvaluated(entry: StudyEntry, state: EvaluatedWith): boolean {
  const key = evaluationKey(state);
  return key === null || entry.evaluatedWith === key;
}

/** What is measured on the user's samples instead of made-up inputs, or null. */
export function dataInUse({ data }: Pick<AppState, 'data'>): DataInUse | null {
  const config = data?.config ?? null;
  return data === null || config === null ? null : { dataId: data.summary.dataId, config };
}

/** The entries without what was evaluated with other data: it would compare other samples. */
export function withoutStale(entries: AppState['entries'], state: EvaluatedWith): AppState['entries'] {
  const key = evaluationKey(state);
  const kept = Object.entries(entries).map(([id, entry]) => [
    id,
    entry.evaluatedWith === null || entry.evaluatedWith === key
      ? entry
      : { ...entry, evaluation: null, evaluationFailure: null, evaluatedWith: null },
  ]);
  return Object.fromEntries(kept) as AppState['entries'];
}

export function keepMeasurement(
  store: AppStore,
  id: string,
  result: Result<MeasureResult>,
  options: MeasureOptions,
): void {
  const recipe = store.getState().entries[id]?.recipe;
  keep(store, id, result, {
    measurement: result.ok ? onItsTarget(result.value, recipe) : null,
    failure: result.ok ? null : result.error,
    measuredWith: optionsKey(options),
  });
  // That a model cannot run is said once, when it is opened; the cards keep saying it afterwards.
  if (!result.ok && id === ORIGINAL) showError(store, result.error);
}

/** Speed and memory of this page's runtime would be taken for those of the target. */
function onItsTarget(result: MeasureResult, recipe: Recipe | undefined): MeasureResult {
  const { measurable, label } = targetOf(recipe?.target);
  if (measurable) return result;
  const reason = `${label} does not run in this page`;
  const others = result.notMeasured.filter(({ what }) => what === 'agreement');
  return {
    ...result,
    latency: null,
    memory: null,
    notMeasured: [...others, { what: 'latency', reason }, { what: 'memory', reason }],
  };
}

/** @param key evaluationKey of what was evaluated */
export function keepEvaluation(store: AppStore, id: string, result: Result<Evaluation>, key: string): void {
  const known = store.getState().entries[id]?.failure ?? null;
  keep(store, id, result, {
    evaluation: result.ok ? result.value : null,
    evaluationFailure: result.ok ? null : result.error,
    evaluatedWith: key,
  });
  if (!result.ok && id === ORIGINAL && !sameError(known, result.error)) showError(store, result.error);
}

function keep(store: AppStore, id: string, result: Result<unknown>, fields: Partial<StudyEntry>): void {
  if (!result.ok && result.error.code === 'cancelled') return;
  store.setState((state) => {
    const entry = state.entries[id];
    return entry === undefined ? {} : { entries: { ...state.entries, [id]: { ...entry, ...fields } } };
  });
}

function sameError(a: ErrorRecord | null, b: ErrorRecord): boolean {
  return a !== null && a.code === b.code && a.message === b.message;
}
