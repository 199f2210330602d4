/**
 * What the page knows of calibration, sensitivity, tuning, hazards and this device's speed, and the commands that find it
 * out. It must not know React or workers; tuning-desk.ts carries the commands out.
 */
import type { DoctorReport, ParityRow } from '../../core/doctor/types.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { Goal } from '../../core/goal/types.ts';
import type {
  DeviceSpeed,
  Fix,
  LayerOption,
  SensitivityReport,
  TuneResult,
} from '../../core/search/types.ts';
import type { CalibrationInfo, GraphOutline } from '../../worker/api.ts';

/** One candidate of the search for the best precision of each layer, as far as it was tried. */
export interface AutoTrial {
  /** Of the candidates of `tune`. */
  readonly candidate: number;
  /** The candidate with its integer layers computed in floats: a second try where its speed is not certain. */
  readonly floats: boolean;
  /** Of its recipe; see recipe-edit. */
  readonly recipeKey: string;
  /** Null until it was made. */
  readonly entryId: string | null;
  readonly state: 'waiting' | 'running' | 'taken' | 'passed-over' | 'failed';
  /** Why it was taken or not, as a sentence. */
  readonly reason: string | null;
}

/** *Auto*: every layer in the precision that the goal asks for. */
export interface AutoState {
  readonly state: 'off' | 'searching' | 'trying' | 'done' | 'none' | 'failed';
  readonly trials: readonly AutoTrial[];
  readonly error: ErrorRecord | null;
  /** What came out of it, as a sentence. */
  readonly said: string | null;
}

/** What most people want first; what they see when they set a goal for the first time, and what *auto* takes without one. */
export const FIRST_GOAL: Goal = { objective: 'smallest', maxLoss: 0.005, neverSlower: true };

export const AUTO_OFF: AutoState = { state: 'off', trials: [], error: null, said: null };

/** Fields of AppState that this file's commands own. */
export interface TuningSlice {
  /** What methods that look at data were last told to look at; null until one was needed. */
  readonly calibration: CalibrationInfo | null;
  readonly calibrationError: ErrorRecord | null;
  /** samplesKey of the data that `calibration` and `sensitivity` are of. */
  readonly calibratedWith: string | null;
  /** Of this model with the data and the target now in use; it goes when one of them changes. */
  readonly sensitivity: SensitivityReport | null;
  readonly sensitivityError: ErrorRecord | null;
  readonly tune: TuneResult | null;
  readonly auto: AutoState;
  /** By entry id, for the target of the entry's recipe. */
  readonly doctor: Readonly<Record<string, DoctorReport>>;
  readonly doctorError: ErrorRecord | null;
  readonly parity: Readonly<Record<string, readonly ParityRow[]>>;
  readonly parityError: ErrorRecord | null;
  /** Of the number of threads now in use; measured once in a visit. */
  readonly speed: DeviceSpeed | null;
  /** By entry id. */
  readonly outline: Readonly<Record<string, GraphOutline>>;
  readonly outlineError: ErrorRecord | null;
}

/** The user's commands. Each settles when its work is done or stopped; errors become notices or fields above. */
export interface TuningDesk {
  /** Measures what each layer in each of these precisions does to the outputs. */
  measureSensitivity(options?: readonly LayerOption[]): Promise<void>;
  /** Looks for the recipe that meets the goal, makes and measures the likeliest ones, and takes the best. */
  tune(): Promise<void>;
  /** Looks for hazards of an entry (ORIGINAL = the file as it was opened). */
  examine(entryId: string): Promise<void>;
  /** Runs the same inputs through original and variant on every runtime that is here. */
  parity(entryId: string): Promise<void>;
  loadOutline(entryId: string): Promise<void>;
  /** Merges the fix into the recipe: one step for undo. */
  applyFix(fix: Fix): void;
}

/** What no model shares with another. */
export function emptyTuning() {
  return {
    calibration: null,
    calibrationError: null,
    calibratedWith: null,
    sensitivity: null,
    sensitivityError: null,
    tune: null,
    auto: AUTO_OFF,
    doctor: {},
    doctorError: null,
    parity: {},
    parityError: null,
    outline: {},
    outlineError: null,
  } satisfies Omit<TuningSlice, 'speed'>;
}
