/**
 * From a recipe to a measured variant by itself: waits until the sliders rest, has the variant made, has it measured,
 * and drops whatever a newer recipe has overtaken. One job at a time. It must not know React.
 */
import type { Result } from '../../core/errors.ts';
import type { MeasureResult, ModelSummary, OpenFile } from '../../worker/api.ts';
import type { CallOptions, MeasureOptions, Studio } from '../bridge/studio.ts';
import { announce, showError } from './notices.ts';
import { EMPTY_DRAFT, recipeKey } from './recipe-edit.ts';
import { ORIGINAL, entryOfRecipe, isSettled, optionsKey, originalEntry, recipeOf } from './state.ts';
import type { AppStore, JobKind, StudyEntry } from './state.ts';
import { startHistory } from './undo.ts';

/** How long the sliders must rest before work starts. */
export const SETTLE_MILLIS = 350;

/**
 * Below this the graph is simplified before anything else, so that presets are predicted exactly from the first moment;
 * above it the first figures matter more.
 */
export const PREPARE_FIRST_BYTES = 50_000_000;

/** Runs `work` after a pause; the returned function forgets it. Injected so that tests own the time. */
export type After = (millis: number, work: () => void) => () => void;

export interface Pipeline {
  open(files: readonly OpenFile[]): Promise<void>;
  openSample(): Promise<void>;
  /** Stops the running job; the recipe rests until `resume`, another recipe or other options. */
  cancel(): void;
  /** Does what is missing for the recipe on screen, now. */
  resume(): void;
  setOptions(options: Partial<MeasureOptions>): void;
  removeEntry(id: string): void;
  dispose(): void;
}

export const browserAfter: After = (millis, work) => {
  const timer = setTimeout(work, millis);
  return () => clearTimeout(timer);
};

export function createPipeline(store: AppStore, studio: Studio, after: After = browserAfter): Pipeline {
  return new StudyPipeline(store, studio, after);
}

class StudyPipeline implements Pipeline {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly after: After;
  private readonly stopListening: () => void;
  private forgetTimer: (() => void) | null = null;
  private running: AbortController | null = null;
  private opening: AbortController | null = null;
  private jobs = 0;
  /** The model whose simplified sizes are known, or known not to be had. */
  private prepared: string | null = null;

  constructor(store: AppStore, studio: Studio, after: After) {
    this.store = store;
    this.studio = studio;
    this.after = after;
    let seen = recipeOf(store.getState());
    this.stopListening = store.subscribe((state) => {
      const recipe = recipeOf(state);
      if (recipe === seen) return;
      seen = recipe;
      this.recipeChanged();
    });
  }

  open(files: readonly OpenFile[]): Promise<void> {
    const name = files[0]?.path ?? 'model';
    return this.openWith(`Opening ${name}`, false, (options) => this.studio.open(files, options));
  }

  openSample(): Promise<void> {
    return this.openWith('Opening the digits sample', true, (options) => this.studio.openSample(options));
  }

  cancel(): void {
    const { job } = this.store.getState();
    if (job === null) return;
    if (this.opening !== null) this.opening.abort();
    else this.store.setState((state) => ({ held: recipeKey(recipeOf(state)) }));
    this.stop();
    this.store.setState({ job: null });
    announce(this.store, `Cancelled: ${job.title}.`);
  }

  resume(): void {
    this.store.setState({ held: null, failed: null });
    this.stop();
    void this.work();
  }

  setOptions(options: Partial<MeasureOptions>): void {
    this.store.setState((state) => ({ options: { ...state.options, ...options }, held: null }));
    if (this.store.getState().model !== null) this.recipeChanged();
  }

  removeEntry(id: string): void {
    const { model, entries, currentId } = this.store.getState();
    const entry = entries[id];
    if (model === null || entry === undefined || entry.summary === null || id === currentId) return;
    const { [id]: gone, ...rest } = entries;
    // Children move up to the grandparent, so that the lineage stays a tree.
    const kept = Object.values(rest).map((other) =>
      other.parentId === id ? { ...other, parentId: gone?.parentId ?? null } : other,
    );
    this.store.setState((state) => ({
      entries: Object.fromEntries(kept.map((other) => [other.id, other])),
      lastId: state.lastId === id ? ORIGINAL : state.lastId,
    }));
    void this.studio.dropVariant(model.modelId, id);
  }

  dispose(): void {
    this.stopListening();
    this.opening?.abort();
    this.stop();
  }

  private async openWith(
    title: string,
    sample: boolean,
    call: (options: CallOptions) => Promise<Result<ModelSummary>>,
  ): Promise<void> {
    this.opening?.abort();
    this.stop();
    const controller = new AbortController();
    this.opening = controller;
    const options = this.begin('open', title, controller.signal);
    const result = await call(options);
    if (this.opening !== controller) return;
    this.opening = null;
    this.store.setState({ job: null });
    if (!result.ok) {
      showError(this.store, result.error);
      // The model that was open stays open, with its recipe; what a refusal interrupted goes on.
      if (this.store.getState().model !== null) this.recipeChanged();
      return;
    }
    this.adopt(result.value, sample);
  }

  private adopt(model: ModelSummary, sample: boolean): void {
    const before = this.store.getState().model;
    // Also when the same file was opened again: what was known of it has gone with its study.
    this.prepared = null;
    this.store.setState((state) => ({
      model,
      sample,
      simplified: null,
      draft: startHistory(EMPTY_DRAFT),
      entries: { [ORIGINAL]: originalEntry(model) },
      currentId: ORIGINAL,
      lastId: ORIGINAL,
      failed: null,
      held: null,
      detail: null,
      notices: [],
      options: { ...state.options, dimensions: {} },
      view: { ...state.view, layerId: model.layers[0]?.id ?? null, gain: null },
    }));
    if (before !== null && before.modelId !== model.modelId) void this.studio.close(before.modelId);
    this.stop();
    void this.work();
  }

  /** Latest wins: what runs for an older recipe is stopped at once, the newer one starts after a pause. */
  private recipeChanged(): void {
    this.stop();
    const state = this.store.getState();
    if (state.model === null || this.opening !== null) return;
    const key = recipeKey(recipeOf(state));
    const entry = entryOfRecipe(state, key);
    this.store.setState({
      currentId: entry?.id ?? null,
      lastId: entry?.id ?? state.lastId,
      failed: state.failed?.recipeKey === key ? state.failed : null,
      held: state.held === key ? key : null,
      job: null,
    });
    if (entry !== undefined && isSettled(entry, state.options)) return;
    if (this.store.getState().held === key) return;
    this.forgetTimer = this.after(SETTLE_MILLIS, () => {
      this.forgetTimer = null;
      void this.work();
    });
  }

  private stop(): void {
    this.forgetTimer?.();
    this.forgetTimer = null;
    this.running?.abort();
    this.running = null;
  }

  /** Makes and measures what the present recipe lacks. Every step looks again whether it was overtaken. */
  private async work(): Promise<void> {
    const controller = new AbortController();
    this.running = controller;
    const { signal } = controller;
    const small = (this.store.getState().model?.bytes ?? 0) < PREPARE_FIRST_BYTES;
    if (small) await this.prepare(signal);
    const entry = signal.aborted ? null : ((await this.entryFor(signal)) ?? null);
    if (entry !== null && !signal.aborted && !isSettled(entry, this.store.getState().options)) {
      await this.measure(entry, signal);
    }
    if (!signal.aborted) await this.prepare(signal);
    if (signal.aborted) return;
    this.running = null;
    this.store.setState({ job: null });
  }

  private async entryFor(signal: AbortSignal): Promise<StudyEntry | undefined> {
    const state = this.store.getState();
    const { model } = state;
    if (model === null) return undefined;
    const recipe = recipeOf(state);
    const key = recipeKey(recipe);
    const known = entryOfRecipe(state, key);
    if (known !== undefined) return known;
    const options = this.begin('make', 'Making the variant', signal);
    const made = await this.studio.makeVariant(model.modelId, recipe, { ...options, supersede: 'variant' });
    if (signal.aborted) return undefined;
    if (!made.ok) {
      this.store.setState({ failed: { recipeKey: key, error: made.error }, job: null });
      showError(this.store, made.error);
      return undefined;
    }
    const summary = made.value;
    // Two recipes can give one variant (a layer override that says what the step says): keep what was measured.
    const twin = this.store.getState().entries[summary.variantId];
    const entry: StudyEntry = {
      id: summary.variantId,
      recipeKey: key,
      recipe,
      bytes: summary.bytes,
      summary,
      parentId: twin === undefined ? this.store.getState().lastId : twin.parentId,
      sequence: twin?.sequence ?? nextSequence(this.store),
      measurement: twin?.measurement ?? null,
      failure: twin?.failure ?? null,
      measuredWith: twin?.measuredWith ?? null,
    };
    this.store.setState((now) => ({
      entries: { ...now.entries, [entry.id]: entry },
      currentId: entry.id,
      lastId: entry.id,
      failed: null,
    }));
    return entry;
  }

  private async measure(entry: StudyEntry, signal: AbortSignal): Promise<void> {
    const { model, options } = this.store.getState();
    if (model === null) return;
    const title = entry.id === ORIGINAL ? 'Measuring the original' : 'Measuring the variant';
    const call = this.begin('measure', title, signal);
    const variantId = entry.id === ORIGINAL ? null : entry.id;
    const result = await this.studio.measure(model.modelId, variantId, options, {
      ...call,
      supersede: 'measure',
    });
    if (signal.aborted) return;
    this.keep(entry.id, result, options);
  }

  private keep(id: string, result: Result<MeasureResult>, options: MeasureOptions): void {
    if (!result.ok && result.error.code === 'cancelled') return;
    this.store.setState((state) => {
      const entry = state.entries[id];
      if (entry === undefined) return {};
      const measured: StudyEntry = {
        ...entry,
        measurement: result.ok ? result.value : null,
        failure: result.ok ? null : result.error,
        measuredWith: optionsKey(options),
      };
      return { entries: { ...state.entries, [id]: measured } };
    });
    // That a model cannot run is said once, when it is opened; the cards keep saying it afterwards.
    if (!result.ok && id === ORIGINAL) showError(this.store, result.error);
  }

  /** Reads the sizes of the simplified model ahead of need, so that its prediction is there when it is asked for. */
  private async prepare(signal: AbortSignal): Promise<void> {
    const { model } = this.store.getState();
    if (model === null || this.prepared === model.modelId) return;
    const call = this.begin('prepare', 'Simplifying a copy, to predict its size', signal);
    const result = await this.studio.simplifiedSkeleton(model.modelId, call);
    if (signal.aborted) return;
    // A graph that cannot be simplified says so when the recipe asks for it; until then nobody needs to know.
    this.prepared = model.modelId;
    if (result.ok) this.store.setState({ simplified: result.value });
  }

  private begin(kind: JobKind, title: string, signal: AbortSignal): CallOptions {
    const id = ++this.jobs;
    this.store.setState({ job: { id, kind, title, fraction: 0, doing: '' } });
    return {
      signal,
      onProgress: ({ fraction, doing }) => {
        if (signal.aborted) return;
        this.store.setState((state) =>
          state.job?.id === id ? { job: { ...state.job, fraction, doing } } : {},
        );
      },
    };
  }
}

function nextSequence(store: AppStore): number {
  return Math.max(0, ...Object.values(store.getState().entries).map((entry) => entry.sequence)) + 1;
}
