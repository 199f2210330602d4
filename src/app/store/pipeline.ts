/**
 * From a recipe to a measured variant by itself: waits until the sliders rest, has the variant made, measured and
 * evaluated, and drops whatever a newer recipe has overtaken. The user's own commands (opening, reading data, profiling)
 * take their turns here too, because only one job runs at a time: nothing is timed while something else works. It must
 * not know React.
 */
import type { Result } from '../../core/errors.ts';
import type { ModelSummary, OpenFile } from '../../worker/api.ts';
import type { CallOptions, MeasureOptions, Studio } from '../bridge/studio.ts';
import { isEvaluated, withoutEntry, withoutStale } from './entries.ts';
import { JobBoard, browserAfter } from './job-board.ts';
import type { After } from './job-board.ts';
import { announce, showError } from './notices.ts';
import { emptyStudy } from './empty-study.ts';
import { hasIntegers, recipeKey } from './recipe-edit.ts';
import { ORIGINAL, entryOfRecipe, isSettled, originalEntry, recipeOf } from './state.ts';
import type { AppState, AppStore, JobKind, StudyEntry } from './state.ts';
import { StudyWork } from './study-work.ts';
import { Turns } from './turns.ts';

/** How long the sliders must rest before work starts. */
export const SETTLE_MILLIS = 350;

/**
 * Below this the graph is simplified before anything else, so that presets are predicted exactly from the first moment;
 * above it the first figures matter more.
 */
export const PREPARE_FIRST_BYTES = 50_000_000;

/** One command of the user's. A later command with the same key stops an earlier one. */
export interface Command {
  readonly kind: JobKind;
  readonly title: string;
  readonly key: string;
}

/** The files that a model was opened from; null for the bundled sample. */
export type OpenedFrom = readonly OpenFile[] | null;

/** What is shown together with a model that was just opened, on top of an empty study. */
export type WhenOpened = (model: ModelSummary, from: OpenedFrom) => Partial<AppState>;

export interface Pipeline {
  open(files: readonly OpenFile[]): Promise<void>;
  openSample(): Promise<void>;
  /** Forgets the model and shows the empty page. */
  close(): void;
  /** Stops the running job; the recipe rests until `resume`, another recipe or other options. */
  cancel(): void;
  /** Does what is missing for the recipe on screen, now. Where nothing is, it is measured once more. */
  resume(): void;
  /** Does what is missing, unless the user stopped it. For a change of the data. */
  goOn(): void;
  setOptions(options: Partial<MeasureOptions>): void;
  removeEntry(id: string): void;
  /**
   * Runs `work` with nothing else at work: what runs by itself is stopped and goes on afterwards; an earlier command of
   * another key is waited for. `work` is not called where the command was stopped before its turn.
   */
  command(
    command: Command,
    work: (call: CallOptions & { signal: AbortSignal }) => Promise<void>,
  ): Promise<void>;
  /** Shows another step of the command that runs, until the next one. */
  show(kind: JobKind, title: string, signal: AbortSignal): CallOptions & { signal: AbortSignal };
  /** For commands that make and measure what is not on screen. */
  readonly study: StudyWork;
  /** Sets the one listener that is asked for each opened model. */
  whenOpened(listener: WhenOpened): void;
  dispose(): void;
}

/** Indexing does not concern the model; everything else that waits does. */
export const DATA_KEY = 'data';
const OPEN_KEY = 'open';

export function createPipeline(store: AppStore, studio: Studio, after: After = browserAfter): Pipeline {
  return new StudyPipeline(store, studio, after);
}

class StudyPipeline implements Pipeline {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly after: After;
  private readonly board: JobBoard;
  readonly study: StudyWork;
  private readonly stopListening: () => void;
  private forgetTimer: (() => void) | null = null;
  private running: AbortController | null = null;
  private readonly turns = new Turns();
  private openedListener: WhenOpened = () => ({});

  constructor(store: AppStore, studio: Studio, after: After) {
    this.store = store;
    this.studio = studio;
    this.after = after;
    this.board = new JobBoard(store);
    this.study = new StudyWork(store, studio, this.board);
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
    return this.openWith(`Opening ${name}`, files, (options) => this.studio.open(files, options));
  }

  openSample(): Promise<void> {
    return this.openWith('Opening the digits sample', null, (options) => this.studio.openSample(options));
  }

  close(): void {
    this.turns.stop(() => true);
    this.stop();
    const { model } = this.store.getState();
    this.study.forgetModel();
    this.store.setState({
      ...emptyStudy(),
      model: null,
      sample: false,
      entries: {},
      currentId: null,
      lastId: null,
    });
    if (model !== null) void this.studio.close(model.modelId);
  }

  cancel(): void {
    const { job } = this.store.getState();
    if (job === null) return;
    if (!this.turns.stopFirst()) this.store.setState((state) => ({ held: recipeKey(recipeOf(state)) }));
    this.stop();
    this.store.setState({ job: null });
    announce(this.store, `Cancelled: ${job.title}.`);
  }

  resume(): void {
    this.store.setState({ held: null, failed: null });
    this.stop();
    const { entries, currentId } = this.store.getState();
    const current = currentId === null ? undefined : entries[currentId];
    void this.work(current !== undefined && this.isDone(current));
  }

  goOn(): void {
    const state = this.store.getState();
    const key = recipeKey(recipeOf(state));
    if (state.model === null || state.held === key || state.failed?.recipeKey === key) return;
    this.stop();
    void this.work();
  }

  setOptions(options: Partial<MeasureOptions>): void {
    this.store.setState((state) => {
      const next = { ...state.options, ...options };
      return {
        options: next,
        entries: withoutStale(state.entries, { data: state.data, options: next }),
        held: null,
        // Counted with other sizes of the free dimensions.
        ...(options.dimensions === undefined ? {} : { costs: {} }),
      };
    });
    if (this.store.getState().model !== null) this.recipeChanged();
  }

  removeEntry(id: string): void {
    const { model, entries, currentId } = this.store.getState();
    const entry = entries[id];
    if (model === null || entry === undefined || entry.summary === null || id === currentId) return;
    this.store.setState((state) => withoutEntry(state, id));
    void this.studio.dropVariant(model.modelId, id);
  }

  async command(
    { kind, title, key }: Command,
    work: (call: CallOptions & { signal: AbortSignal }) => Promise<void>,
  ): Promise<void> {
    this.stop();
    try {
      await this.turns.take(key, (signal) => work(this.board.begin(kind, title, signal)));
    } finally {
      if (!this.turns.busy) {
        this.store.setState({ job: null });
        this.goOn();
      }
    }
  }

  show(kind: JobKind, title: string, signal: AbortSignal): CallOptions & { signal: AbortSignal } {
    return this.board.begin(kind, title, signal);
  }

  whenOpened(listener: WhenOpened): void {
    this.openedListener = listener;
  }

  dispose(): void {
    this.stopListening();
    this.turns.stop(() => true);
    this.stop();
  }

  private openWith(
    title: string,
    from: OpenedFrom,
    call: (options: CallOptions) => Promise<Result<ModelSummary>>,
  ): Promise<void> {
    this.turns.stop((key) => key !== DATA_KEY);
    return this.command({ kind: 'open', title, key: OPEN_KEY }, async (options) => {
      const result = await call(options);
      if (options.signal.aborted) return;
      // After a refusal the model that was open stays open, with its recipe; what was interrupted goes on.
      if (result.ok) this.adopt(result.value, from);
      else showError(this.store, result.error);
    });
  }

  private adopt(model: ModelSummary, from: OpenedFrom): void {
    const before = this.store.getState().model;
    // Also when the same file was opened again: what was known of it has gone with its study.
    this.study.forgetModel();
    const shown = this.openedListener(model, from);
    this.store.setState((state) => ({
      ...emptyStudy(),
      model,
      sample: from === null,
      entries: { [ORIGINAL]: originalEntry(model) },
      currentId: ORIGINAL,
      lastId: ORIGINAL,
      options: { ...state.options, dimensions: {} },
      view: { ...state.view, layerId: model.layers[0]?.id ?? null, gain: null },
      ...shown,
    }));
    if (before !== null && before.modelId !== model.modelId) void this.studio.close(before.modelId);
  }

  /** Latest wins: what runs for an older recipe is stopped at once, the newer one starts after a pause. */
  private recipeChanged(): void {
    this.stop();
    const state = this.store.getState();
    if (state.model === null) return;
    const key = recipeKey(recipeOf(state));
    const entry = entryOfRecipe(state, key);
    this.store.setState({
      currentId: entry?.id ?? null,
      lastId: entry?.id ?? state.lastId,
      failed: state.failed?.recipeKey === key ? state.failed : null,
      held: state.held === key ? key : null,
      // The job of a command goes on; what this recipe lacks is done after it.
      ...(this.turns.busy ? {} : { job: null }),
    });
    if (this.turns.busy || (entry !== undefined && this.isDone(entry))) return;
    if (this.store.getState().held === key) return;
    this.forgetTimer = this.after(SETTLE_MILLIS, () => {
      this.forgetTimer = null;
      void this.work();
    });
  }

  private isDone(entry: StudyEntry): boolean {
    const state = this.store.getState();
    return isSettled(entry, state.options) && isEvaluated(entry, state);
  }

  private stop(): void {
    this.forgetTimer?.();
    this.forgetTimer = null;
    this.running?.abort();
    this.running = null;
  }

  /**
   * Makes, measures and evaluates what the present recipe lacks. Every step looks again whether it was overtaken.
   * @param again measures even where that was done before
   */
  private async work(again = false): Promise<void> {
    // A command has its turn; the last of them calls again.
    if (this.turns.busy) return;
    const controller = new AbortController();
    this.running = controller;
    const { signal } = controller;
    const small = (this.store.getState().model?.bytes ?? 0) < PREPARE_FIRST_BYTES;
    if (small) await this.study.prepare(signal);
    const id = signal.aborted ? null : await this.entryOnScreen(signal);
    if (id !== null) {
      await this.study.measure(id, signal, again);
      await this.evaluateWithOriginal(id, signal);
      await this.study.profileIntegers(id, signal);
    }
    if (!signal.aborted) await this.study.prepare(signal);
    if (signal.aborted) return;
    this.store.setState({ job: null });
    // Counting takes no time worth showing.
    if (id !== null) {
      await this.study.countCosts(ORIGINAL, signal);
      if (id !== ORIGINAL) await this.study.countCosts(id, signal);
      await this.study.examine(id, signal);
    }
    if (!signal.aborted) this.running = null;
  }

  private async evaluateWithOriginal(id: string, signal: AbortSignal): Promise<void> {
    await this.study.evaluate(ORIGINAL, signal);
    if (id !== ORIGINAL) await this.study.evaluate(id, signal);
  }

  /** Makes the recipe on screen where that is missing, and shows it. Null where it could not be made. */
  private async entryOnScreen(signal: AbortSignal): Promise<string | null> {
    const state = this.store.getState();
    if (state.model === null) return null;
    const recipe = recipeOf(state);
    if (hasIntegers(recipe)) await this.study.timeDevice(signal);
    const made = await this.study.entryFor(recipe, signal);
    if (signal.aborted) return null;
    if (!made.ok) {
      this.store.setState({ failed: { recipeKey: recipeKey(recipe), error: made.error }, job: null });
      showError(this.store, made.error);
      return null;
    }
    const { id } = made.value;
    if (this.store.getState().currentId !== id) {
      this.store.setState({ currentId: id, lastId: id, failed: null });
    }
    return id;
  }
}
