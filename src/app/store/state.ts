/**
 * What the page knows: ids, summaries and numbers, in one zustand store made of slices. Weights never come here. It
 * must not know React or how anything is computed.
 */
import { createStore } from 'zustand/vanilla';
import type { DataConfig } from '../../core/dataset/types.ts';
import { DEFAULT_ENERGY } from '../../core/energy/targets.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { LayerOption } from '../../core/search/types.ts';
import type {
  CalibrationInfo,
  Evaluation,
  LayerDetail,
  MeasureResult,
  ModelSummary,
  VariantSummary,
} from '../../worker/api.ts';
import type { MeasureOptions, StudioCapabilities } from '../bridge/studio.ts';
import type { DataSlice } from './data-state.ts';
import { EMPTY_DRAFT, EMPTY_RECIPE, recipeKey } from './recipe-edit.ts';
import type { RecipeDraft } from './recipe-edit.ts';
import { emptyTuning } from './tuning-state.ts';
import type { TuningSlice } from './tuning-state.ts';
import { startHistory } from './undo.ts';
import type { UndoHistory } from './undo.ts';

/** The untouched file takes part like a variant, under this id. */
export const ORIGINAL = 'original';

/** One point of the study: the original or a variant, with what is known of it. */
export interface StudyEntry {
  readonly id: string;
  readonly recipeKey: string;
  readonly recipe: Recipe;
  readonly bytes: number;
  /** Null for the original: nothing was done to it. */
  readonly summary: VariantSummary | null;
  /** The samples that its making looked at; null or absent where it looked at none. */
  readonly calibration?: CalibrationInfo | null;
  /** The entry that was on screen when this one was made. */
  readonly parentId: string | null;
  /** 0 is the original; counts up in the order of making. */
  readonly sequence: number;
  readonly measurement: MeasureResult | null;
  /** Why the measurement as a whole failed. */
  readonly failure: ErrorRecord | null;
  /** The options it was measured (or failed) with; latencies of other options do not compare. */
  readonly measuredWith: string | null;
  /** On the user's data, in pairs with the original; null until then. */
  readonly evaluation: Evaluation | null;
  readonly evaluationFailure: ErrorRecord | null;
  /** The data and description it was evaluated (or failed) with. */
  readonly evaluatedWith: string | null;
}

export type JobKind =
  | 'open'
  | 'make'
  | 'measure'
  | 'prepare'
  | 'download'
  | 'data'
  | 'evaluate'
  | 'profile'
  | 'lab'
  | 'calibrate'
  | 'sensitivity'
  | 'tune'
  | 'examine'
  | 'benchmark';

export interface Job {
  readonly id: number;
  readonly kind: JobKind;
  readonly title: string;
  readonly fraction: number;
  readonly doing: string;
}

export interface Notice {
  readonly id: number;
  readonly error: ErrorRecord;
}

export type WorkspaceTab = 'layers' | 'graph' | 'profile' | 'predictions' | 'per-class' | 'history' | 'steps';
export type CostAxis = 'size' | 'latency';
export type GainAxis = 'accuracy' | 'agreement';

export interface ViewState {
  readonly tab: WorkspaceTab;
  readonly layerId: string | null;
  readonly cost: CostAxis;
  /** Null = accuracy where it was measured, else agreement. */
  readonly gain: GainAxis | null;
  readonly paletteOpen: boolean;
  /** The precision whose damage colours layers and graph; null = what was measured of the variant on screen. */
  readonly heat: LayerOption | null;
  /** A description of data that was opened from a file and is not in use yet. */
  readonly offer?: { readonly config: DataConfig; readonly from: string } | null;
  /** `model/entry` of what was saved in this visit. */
  readonly exported?: readonly string[];
}

export interface DetailState {
  /** `variant/layer` that was asked for. */
  readonly key: string;
  readonly detail: LayerDetail | null;
  readonly error: ErrorRecord | null;
}

export interface AppState extends DataSlice, TuningSlice {
  readonly model: ModelSummary | null;
  /** True for the bundled sample, which brings labelled images. */
  readonly sample: boolean;
  readonly simplified: SizeSkeleton | null;
  readonly draft: UndoHistory<RecipeDraft>;
  readonly entries: Readonly<Record<string, StudyEntry>>;
  /** The entry made from exactly the recipe on screen; null while the recipe is newer. */
  readonly currentId: string | null;
  /** The last entry that was current: the base of lineage and of what is shown while a prediction is newer. */
  readonly lastId: string | null;
  /** The recipe that could not be made, and why. */
  readonly failed: { readonly recipeKey: string; readonly error: ErrorRecord } | null;
  /** The recipe whose work the user stopped; it rests until asked again or changed. */
  readonly held: string | null;
  readonly job: Job | null;
  readonly notices: readonly Notice[];
  readonly options: MeasureOptions;
  readonly detail: DetailState | null;
  /** Spoken by the live region. */
  readonly announcement: string;
  readonly view: ViewState;
}

export const DEFAULT_OPTIONS: MeasureOptions = {
  provider: 'wasm',
  threads: 1,
  seed: 1,
  dimensions: {},
  budgetMillis: 6000,
};

/** More threads than this gain nothing for models of a size that fits a page, and cost start-up time. */
const USEFUL_THREADS = 8;

export function mostThreads({ cores, crossOriginIsolated }: StudioCapabilities): number {
  return crossOriginIsolated ? Math.max(1, Math.min(cores, USEFUL_THREADS)) : 1;
}

export function initialState(options: Partial<MeasureOptions> = {}): AppState {
  return {
    model: null,
    sample: false,
    simplified: null,
    draft: startHistory(EMPTY_DRAFT),
    entries: {},
    currentId: null,
    lastId: null,
    failed: null,
    held: null,
    job: null,
    notices: [],
    options: { ...DEFAULT_OPTIONS, ...options },
    detail: null,
    announcement: '',
    data: null,
    goal: null,
    energy: DEFAULT_ENERGY,
    costs: {},
    profiles: {},
    profileError: null,
    lab: [],
    project: { state: 'off', missing: [], error: null },
    ...emptyTuning(),
    speed: null,
    view: { tab: 'layers', layerId: null, cost: 'size', gain: null, paletteOpen: false, heat: null },
  };
}

export type AppStore = ReturnType<typeof createAppStore>;

export function createAppStore(options: Partial<MeasureOptions> = {}) {
  return createStore<AppState>()(() => initialState(options));
}

/** Two sets of options under which latencies and agreements may be compared have the same key. */
export function optionsKey(options: MeasureOptions): string {
  const dimensions = Object.entries(options.dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([options.provider, options.threads, options.seed, dimensions]);
}

export function originalEntry(model: ModelSummary): StudyEntry {
  return {
    id: ORIGINAL,
    recipeKey: recipeKey(EMPTY_RECIPE),
    recipe: EMPTY_RECIPE,
    bytes: model.bytes,
    summary: null,
    parentId: null,
    sequence: 0,
    measurement: null,
    failure: null,
    measuredWith: null,
    evaluation: null,
    evaluationFailure: null,
    evaluatedWith: null,
  };
}

/**
 * The entry of a recipe, made with the samples that are looked at now. Without data one that was made with samples will
 * do: it is better than a new one with made-up inputs.
 */
export function entryOfRecipe(state: AppState, key: string): StudyEntry | undefined {
  const found = Object.values(state.entries).filter((entry) => entry.recipeKey === key);
  const now = state.calibration?.key;
  const same = found.find(({ calibration }) => (calibration ?? null) === null || calibration?.key === now);
  if (same !== undefined || (state.data?.config ?? null) !== null) return same;
  return found.find(({ calibration }) => calibration?.origin === 'samples');
}

/** Measured, or found impossible to measure, with the options now in force. */
export function isSettled(entry: StudyEntry, options: MeasureOptions): boolean {
  return entry.measuredWith === optionsKey(options);
}

export function recipeOf(state: AppState): Recipe {
  return state.draft.present.recipe;
}
