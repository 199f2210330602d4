/**
 * What the page knows of the user's data, goal and project, and the commands that change it. It must not know React or
 * workers; data-desk.ts carries the commands out.
 */
import type {
  DataConfig,
  DataSummary,
  DuplicateReport,
  PreviewSample,
  Proposal,
  SplitReport,
} from '../../core/dataset/types.ts';
import type { EnergySettings } from '../../core/energy/types.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { Goal } from '../../core/goal/types.ts';
import type { LatencyMeasurement } from '../../core/metrics/types.ts';
import type { CostSummary, ProfileResult } from '../../core/profile/types.ts';
import type { OpenFile } from '../../worker/api.ts';

export interface DataState {
  readonly summary: DataSummary;
  /** Null until they were tried with this model. */
  readonly proposals: readonly Proposal[] | null;
  /** Why nothing could be proposed. */
  readonly proposalError: ErrorRecord | null;
  /** In use: every entry is evaluated with it. Null until the user accepts one. */
  readonly config: DataConfig | null;
  /** Samples as the model gets them under `previewed`. */
  readonly preview: readonly PreviewSample[] | null;
  /** The description that the preview shows: the accepted one, or the one being looked at. */
  readonly previewed: DataConfig | null;
  readonly previewError: ErrorRecord | null;
  readonly split: SplitReport | null;
  readonly duplicates: DuplicateReport | null;
}

/** One line of the latency lab. */
export interface LabLine {
  readonly entryId: string;
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  readonly latency: LatencyMeasurement | null;
  /** Why there is none. */
  readonly reason: string | null;
}

/** What outlives a reload, and what has to be chosen again. */
export interface ProjectState {
  readonly state: 'off' | 'restoring' | 'saving' | 'saved' | 'failed';
  /** Files that could not be kept in the browser, or not be opened from it: shown with a button to choose them again. */
  readonly missing: readonly {
    readonly what: 'model' | 'data';
    readonly names: readonly string[];
    readonly bytes: number;
    /** A copy is here, but it could not be opened. */
    readonly unopened?: true;
  }[];
  readonly error: ErrorRecord | null;
}

/** Fields of AppState that this file's commands own. */
export interface DataSlice {
  readonly data: DataState | null;
  readonly goal: Goal | null;
  readonly energy: EnergySettings;
  /** By entry id. */
  readonly costs: Readonly<Record<string, CostSummary>>;
  readonly profiles: Readonly<Record<string, ProfileResult>>;
  readonly profileError: ErrorRecord | null;
  readonly lab: readonly LabLine[];
  readonly project: ProjectState;
}

/** The user's commands. Each settles when its work is done or stopped; errors become notices or fields above. */
export interface DataDesk {
  /** Indexes the files, then tries to fit them to the model. */
  addData(files: readonly OpenFile[]): Promise<void>;
  /** Takes a proposal, or a description that the user edited; checks the split, then measures what is on screen. */
  acceptData(config: DataConfig): Promise<void>;
  /** Shows samples under a description that is not accepted yet. */
  previewData(config: DataConfig): Promise<void>;
  removeData(): void;
  findDuplicates(): Promise<void>;
  /** Leaves copies out: they are added to the description's `exclude`. */
  excludeDuplicates(): Promise<void>;
  setGoal(goal: Goal | null): void;
  setEnergy(settings: Partial<EnergySettings>): void;
  /** Profiles the entry on screen and the original. */
  profile(): Promise<void>;
  /** Times the entry on screen on every provider and number of threads that this machine has. */
  runLab(): Promise<void>;
  /** Brings a stored project back, where there is one. */
  restore(): Promise<void>;
  /** Forgets the stored project, the model and the data, and shows the empty page. */
  closeProject(): Promise<void>;
}
