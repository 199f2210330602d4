/**
 * The user's commands about data, goal, energy, profile and lab: each talks to the studio in its turn and puts what it
 * learned into the store. It must not know workers, React, or where a project is kept.
 */
import type { DataConfig, DataSummary, Proposal } from '../../core/dataset/types.ts';
import type { EnergySettings } from '../../core/energy/types.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { Goal } from '../../core/goal/types.ts';
import type { ModelSummary, OpenFile } from '../../worker/api.ts';
import type { CallOptions, Studio } from '../bridge/studio.ts';
import type { DataDesk, DataState } from './data-state.ts';
import { withoutStale } from './entries.ts';
import { profileEntries, runLab } from './bench-desk.ts';
import { announce, showError } from './notices.ts';
import { DATA_KEY } from './pipeline.ts';
import type { OpenedFrom, Pipeline } from './pipeline.ts';
import type { AppState, AppStore, StudyEntry } from './state.ts';

/** Where projects outlive the page; what the store needs of it. */
export interface ProjectKeeper {
  /** Asked for each model that is opened: what is shown with it when it continues a project, or null. */
  modelOpened(model: ModelSummary, from: OpenedFrom): Partial<AppState> | null;
  /**
   * Told of each set that was opened, with its files (null for the bundled sample's). Gives what is known of these data
   * when they continue a project, or null.
   */
  dataOpened(files: readonly OpenFile[] | null, summary: DataSummary): Partial<DataState> | null;
  /** Brings a stored project back, where there is one. */
  restore(door: RestoreDoor): Promise<void>;
  /** Forgets the stored project. */
  forget(): Promise<void>;
}

/** What a project that comes back asks of the desk. */
export interface RestoreDoor {
  addData(files: readonly OpenFile[]): Promise<void>;
}

/** As many as fit two rows of the preview. */
const PREVIEWED = 12;

type Call = CallOptions & { readonly signal: AbortSignal };

export function createDataDesk(
  store: AppStore,
  studio: Studio,
  pipeline: Pipeline,
  keeper: ProjectKeeper,
): DataDesk {
  return new Desk(store, studio, pipeline, keeper);
}

class Desk implements DataDesk {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly pipeline: Pipeline;
  private readonly keeper: ProjectKeeper;

  constructor(store: AppStore, studio: Studio, pipeline: Pipeline, keeper: ProjectKeeper) {
    this.store = store;
    this.studio = studio;
    this.pipeline = pipeline;
    this.keeper = keeper;
    pipeline.whenOpened((opened, from) => {
      const { data } = store.getState();
      return keeper.modelOpened(opened, from) ?? { data: data === null ? null : notInUse(data.summary) };
    });
    let model = store.getState().model;
    store.subscribe((state) => {
      if (state.model === model) return;
      model = state.model;
      if (model !== null) void this.modelOpened(state);
    });
  }

  async addData(files: readonly OpenFile[]): Promise<void> {
    const title = `Reading ${nameOf(files)}`;
    let next: Promise<void> | undefined;
    await this.pipeline.command({ kind: 'data', title, key: DATA_KEY }, async (call) => {
      const opened = await this.studio.addData(files, call);
      if (!opened.ok) {
        showError(this.store, opened.error);
      } else if (call.signal.aborted) {
        void this.studio.closeData(opened.value.dataId);
      } else {
        this.show(opened.value, this.keeper.dataOpened(files, opened.value));
        // Takes its place in the row before this turn ends, so that no measurement is begun in between.
        const { model, data } = this.store.getState();
        if (model === null || data === null) return;
        next = data.config === null ? this.propose(false) : this.previewData(data.config);
      }
    });
    await next;
  }

  async acceptData(config: DataConfig): Promise<void> {
    const { data } = this.store.getState();
    if (data === null) return;
    this.use(config);
    const title = `Checking ${data.summary.name}`;
    await this.pipeline.command({ kind: 'data', title, key: 'check' }, (call) => this.check(config, call));
  }

  async previewData(config: DataConfig): Promise<void> {
    const { data } = this.store.getState();
    if (data === null) return;
    const title = 'Showing samples as the model gets them';
    await this.pipeline.command({ kind: 'data', title, key: 'preview' }, (call) =>
      this.previewWith(config, call),
    );
  }

  removeData(): void {
    const { data } = this.store.getState();
    if (data === null) return;
    this.store.setState((state) => ({
      data: null,
      entries: unmeasured(withoutStale(state.entries, { ...state, data: null }), measuredOnData),
    }));
    void this.studio.closeData(data.summary.dataId);
    this.pipeline.goOn();
  }

  async findDuplicates(): Promise<void> {
    const { data } = this.store.getState();
    if (data === null) return;
    const title = `Looking for copies in ${data.summary.name}`;
    await this.pipeline.command({ kind: 'data', title, key: 'duplicates' }, async (call) => {
      const found = await this.studio.findDuplicates(data.summary.dataId, call);
      if (call.signal.aborted) return;
      if (!found.ok) {
        showError(this.store, found.error);
        return;
      }
      this.change(data.summary.dataId, { duplicates: found.value });
      const { removable } = found.value;
      announce(this.store, removable.length === 0 ? 'No copies found.' : `${removable.length} copies found.`);
    });
  }

  async excludeDuplicates(): Promise<void> {
    const { data } = this.store.getState();
    const removable = data?.duplicates?.removable ?? [];
    if (data === null || removable.length === 0) return;
    const leaveOut = (config: DataConfig): DataConfig => ({
      ...config,
      exclude: [...new Set([...config.exclude, ...removable])],
    });
    const proposals = data.proposals?.map((one) => ({ ...one, config: leaveOut(one.config) })) ?? null;
    this.change(data.summary.dataId, { proposals });
    if (data.config !== null) await this.acceptData(leaveOut(data.config));
  }

  setGoal(goal: Goal | null): void {
    this.store.setState({ goal });
  }

  setEnergy(settings: Partial<EnergySettings>): void {
    this.store.setState((state) => ({ energy: { ...state.energy, ...settings } }));
  }

  profile(): Promise<void> {
    return profileEntries(this.store, this.studio, this.pipeline);
  }

  runLab(): Promise<void> {
    return runLab(this.store, this.studio, this.pipeline);
  }

  restore(): Promise<void> {
    return this.keeper.restore({ addData: (files) => this.addData(files) });
  }

  async closeProject(): Promise<void> {
    const { data } = this.store.getState();
    this.pipeline.close();
    this.store.setState({ data: null, goal: null, project: { state: 'off', missing: [], error: null } });
    if (data !== null) void this.studio.closeData(data.summary.dataId);
    await this.keeper.forget();
  }

  /** The bundled sample brings its own data; any other model is asked whether the data still fit. */
  private async modelOpened({ sample, data }: AppState): Promise<void> {
    // A project that comes back brings data that are in use already; pictures of samples are not kept.
    if (data !== null && data.config !== null) return this.previewData(data.config);
    if (sample) return this.addSampleData();
    if (data !== null) return this.propose(true);
  }

  private async addSampleData(): Promise<void> {
    const { model } = this.store.getState();
    const title = 'Reading the sample’s images';
    await this.pipeline.command({ kind: 'data', title, key: DATA_KEY }, async (call) => {
      const added = await this.studio.addSampleData(call);
      if (!added.ok) {
        showError(this.store, added.error);
      } else if (!call.signal.aborted && this.store.getState().model === model) {
        const { summary, config } = added.value;
        const known = this.keeper.dataOpened(null, summary);
        this.show(summary, known);
        if (known?.config === undefined || known.config === null) this.use(config);
        await this.check(known?.config ?? config, call);
      }
    });
  }

  /** @param kept the data were there before the model */
  private async propose(kept: boolean): Promise<void> {
    const { model, data } = this.store.getState();
    if (model === null || data === null) return;
    const { dataId, name } = data.summary;
    const title = `Fitting ${name} to the model`;
    if (data.proposalError !== null) this.change(dataId, { proposalError: null });
    await this.pipeline.command({ kind: 'data', title, key: 'propose' }, async (call) => {
      const tried = await this.studio.proposeData(model.modelId, dataId, { ...call, supersede: 'propose' });
      if (call.signal.aborted || (!tried.ok && tried.error.code === 'cancelled')) {
        this.change(dataId, { proposalError: STOPPED });
        return;
      }
      const proposals = tried.ok ? tried.value : null;
      if (kept && (proposals === null || proposals.length === 0)) {
        this.removeData();
        showError(this.store, doesNotFit(data.summary, model, tried.ok ? null : tried.error));
        return;
      }
      this.change(dataId, { proposals, proposalError: tried.ok ? null : tried.error });
      const [first] = proposals ?? [];
      if (first === undefined) return;
      announce(this.store, proposed(first));
      await this.previewWith(first.config, call);
    });
  }

  private async check(config: DataConfig, call: Call): Promise<void> {
    const { data } = this.store.getState();
    if (data === null) return;
    const { dataId } = data.summary;
    const split = await this.studio.checkData(dataId, config);
    if (call.signal.aborted) return;
    if (split.ok) this.change(dataId, { split: split.value });
    else showError(this.store, split.error);
    if (data.previewed !== config || data.preview === null) await this.previewWith(config, call);
  }

  private async previewWith(config: DataConfig, call: Call): Promise<void> {
    const { model, data } = this.store.getState();
    if (model === null || data === null) return;
    const { dataId, samples } = data.summary;
    const result = await this.studio.previewData(model.modelId, dataId, config, spread(samples), {
      ...call,
      supersede: 'preview',
    });
    if (call.signal.aborted || (!result.ok && result.error.code === 'cancelled')) return;
    this.change(dataId, {
      previewed: config,
      preview: result.ok ? result.value : null,
      previewError: result.ok ? null : result.error,
    });
  }

  /** @param known of an earlier visit */
  private show(summary: DataSummary, known: Partial<DataState> | null): void {
    const before = this.store.getState().data;
    const data = { ...notInUse(summary), ...known };
    this.store.setState((state) => ({ data, entries: withoutStale(state.entries, { ...state, data }) }));
    announce(this.store, `${summary.name}: ${summary.samples} samples.`);
    if (before !== null && before.summary.dataId !== summary.dataId) {
      void this.studio.closeData(before.summary.dataId);
    }
  }

  private use(config: DataConfig): void {
    this.store.setState((state) => {
      if (state.data === null) return {};
      const data = { ...state.data, config, split: null };
      const entries = withoutStale(state.entries, { ...state, data });
      // Where agreement is all there is to measure, it is measured on these samples.
      return { data, entries: config.task.kind === 'agreement' ? unmeasured(entries) : entries, held: null };
    });
  }

  /** Only while that set is still the one in use. */
  private change(dataId: string, fields: Partial<DataState>): void {
    this.store.setState(({ data }) =>
      data?.summary.dataId === dataId ? { data: { ...data, ...fields } } : {},
    );
  }
}

/** Otherwise it would look as if trying went on. */
const STOPPED: ErrorRecord = {
  code: 'cancelled',
  message: 'trying was stopped.',
  hint: 'Add the data again to try once more, or open a description.',
};

/** Agreement on samples that are not there any more cannot stand beside that of a later variant on made-up inputs. */
function measuredOnData({ measurement }: StudyEntry): boolean {
  return measurement?.agreement?.inputs === 'data';
}

/** @param which those that have to be measured again */
function unmeasured(
  entries: AppState['entries'],
  which: (entry: StudyEntry) => boolean = () => true,
): AppState['entries'] {
  const again = Object.entries(entries).map(([id, entry]) => [
    id,
    which(entry) ? { ...entry, measuredWith: null } : entry,
  ]);
  return Object.fromEntries(again) as AppState['entries'];
}

function notInUse(summary: DataSummary): DataState {
  return {
    summary,
    proposals: null,
    proposalError: null,
    config: null,
    preview: null,
    previewed: null,
    previewError: null,
    split: null,
    duplicates: null,
  };
}

/** Evenly over the set: the first few of a sorted folder are often one class. */
function spread(samples: number): readonly number[] {
  const count = Math.min(PREVIEWED, samples);
  return Array.from({ length: count }, (_, i) => Math.floor((i * samples) / count));
}

function nameOf(files: readonly OpenFile[]): string {
  const path = files[0]?.path ?? 'the data';
  return files.length > 1 && path.includes('/') ? path.slice(0, path.indexOf('/')) : path;
}

function proposed({ evidence, sure }: Proposal): string {
  return sure ? `Proposed: ${evidence}` : 'It is not certain how the data fit the model; please look.';
}

function doesNotFit(data: DataSummary, model: ModelSummary, cause: ErrorRecord | null): ErrorRecord {
  return {
    code: 'data-invalid',
    message: `${data.name} does not fit ${model.fileName} and was taken out of the project${
      cause === null ? '' : ` (${cause.message})`
    }.`,
    hint: 'Add data that fit this model.',
  };
}
