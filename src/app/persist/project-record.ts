/**
 * A project as plain pieces: one head that says what belongs to it, one piece for each entry and profile, so that a
 * change writes what changed. Pure: state to pieces. parse-record.ts reads them back. It must not know browsers.
 */
import type { DataConfig, DuplicateReport, Proposal, SplitReport } from '../../core/dataset/types.ts';
import type { EnergySettings } from '../../core/energy/types.ts';
import type { Goal } from '../../core/goal/types.ts';
import type { CalibrationInfo } from '../../worker/api.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import type { LabLine } from '../store/data-state.ts';
import { samplesKey } from '../store/entries.ts';
import type { RecipeDraft } from '../store/recipe-edit.ts';
import type { AppState, StudyEntry, ViewState } from '../store/state.ts';

/** Raised when older pieces can no longer be read. */
export const RECORD_VERSION = 1;

export interface KeptFiles {
  /** Of the first few. */
  readonly names: readonly string[];
  readonly bytes: number;
}

export interface KeptModel extends KeptFiles {
  readonly modelId: string;
  readonly fileName: string;
  /** The bundled sample needs no copy. */
  readonly sample: boolean;
}

export interface KeptData extends KeptFiles {
  readonly dataId: string;
  readonly sample: boolean;
  readonly config: DataConfig | null;
  readonly proposals: readonly Proposal[] | null;
  readonly split: SplitReport | null;
  readonly duplicates: DuplicateReport | null;
}

export interface ProjectHead {
  readonly format: 'pare-project';
  readonly version: typeof RECORD_VERSION;
  readonly model: KeptModel;
  readonly draft: {
    readonly past: readonly RecipeDraft[];
    readonly present: RecipeDraft;
    readonly future: readonly RecipeDraft[];
  };
  /** Of the entries, in their order. */
  readonly entries: readonly string[];
  readonly currentId: string | null;
  readonly lastId: string | null;
  readonly options: MeasureOptions;
  readonly view: Pick<ViewState, 'tab' | 'layerId' | 'cost' | 'gain' | 'exported'>;
  readonly goal: Goal | null;
  readonly energy: EnergySettings;
  readonly lab: readonly LabLine[];
  readonly data: KeptData | null;
  /** What methods looked at last; absent in records of before there were any. */
  readonly calibration?: CalibrationInfo | null;
  /** Whether that, and the sensitivity, are of `data` as they are read now. */
  readonly calibrated?: boolean;
}

/** An entry as it is kept: whether its evaluation belongs to the data in use, instead of their long description. */
export interface KeptEntry extends Omit<StudyEntry, 'evaluatedWith'> {
  readonly evaluated: boolean;
}

/** Steps of undo in either direction that outlive the page. */
const KEPT_STEPS = 50;
/** Names of files that are shown when they have to be chosen again. */
const KEPT_NAMES = 3;

export const HEAD = 'head';

/** Pieces of different models do not meet, so that two tabs with different models cannot mix theirs. */
export function entryPiece(modelId: string, id: string): string {
  return `entry/${modelId}/${id}`;
}

export function costsPiece(modelId: string, id: string): string {
  return `costs/${modelId}/${id}`;
}

export function profilePiece(modelId: string, id: string): string {
  return `profile/${modelId}/${id}`;
}

/** Hazards and the graph's outline are found again in a moment; this takes half a minute. */
export function sensitivityPiece(modelId: string): string {
  return `sensitivity/${modelId}`;
}

export function namesOf(paths: readonly string[]): readonly string[] {
  return paths.slice(0, KEPT_NAMES);
}

/** What the pieces are made of besides the state. */
export interface KeptAlong {
  readonly model: KeptFiles;
  /** Of the set in use, or of one that has to be chosen again. */
  readonly data: (KeptFiles & { readonly sample: boolean }) | null;
  /** The data of the project, while their files are missing. */
  readonly missingData: KeptData | null;
}

/**
 * Every piece of the project on screen; pieces whose source did not change are the same objects as before.
 * @param made kept between calls, to find the pieces of entries that did not change
 */
export function piecesOf(
  state: AppState,
  along: KeptAlong,
  made: WeakMap<StudyEntry, KeptEntry>,
): ReadonlyMap<string, unknown> | null {
  const { model } = state;
  if (model === null) return null;
  const pieces = new Map<string, unknown>();
  const { modelId } = model;
  for (const [id, entry] of Object.entries(state.entries)) {
    const kept = made.get(entry) ?? keptEntry(entry);
    made.set(entry, kept);
    pieces.set(entryPiece(modelId, id), kept);
  }
  for (const [id, costs] of Object.entries(state.costs)) pieces.set(costsPiece(modelId, id), costs);
  for (const [id, profile] of Object.entries(state.profiles)) pieces.set(profilePiece(modelId, id), profile);
  if (state.sensitivity !== null) pieces.set(sensitivityPiece(modelId), state.sensitivity);
  pieces.set(HEAD, headOf(state, along));
  return pieces;
}

function keptEntry({ evaluatedWith, ...entry }: StudyEntry): KeptEntry {
  return { ...entry, evaluated: evaluatedWith !== null };
}

function headOf(state: AppState, along: KeptAlong): ProjectHead | null {
  const { model, draft, view, data } = state;
  if (model === null) return null;
  const { tab, layerId, cost, gain, exported } = view;
  return {
    format: 'pare-project',
    version: RECORD_VERSION,
    model: { ...along.model, modelId: model.modelId, fileName: model.fileName, sample: state.sample },
    draft: {
      past: draft.past.slice(-KEPT_STEPS),
      present: draft.present,
      future: draft.future.slice(0, KEPT_STEPS),
    },
    entries: Object.values(state.entries)
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ id }) => id),
    currentId: state.currentId,
    lastId: state.lastId,
    options: state.options,
    view: { tab, layerId, cost, gain, ...(exported === undefined ? {} : { exported }) },
    goal: state.goal,
    energy: state.energy,
    lab: state.lab,
    calibration: state.calibration,
    calibrated: state.calibratedWith !== null && state.calibratedWith === samplesKey(state),
    data:
      data === null || along.data === null
        ? along.missingData
        : {
            ...along.data,
            dataId: data.summary.dataId,
            config: data.config,
            proposals: data.proposals,
            split: data.split,
            duplicates: data.duplicates,
          },
  };
}
