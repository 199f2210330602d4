/**
 * What it takes to know a variant: make it, measure it, evaluate it, look for hazards. Each step looks at the store for
 * what is missing and puts there what it found. Who decides when, and what is on screen, is the pipeline. It must not
 * know React.
 */
import type { Result } from '../../core/errors.ts';
import { looksAtData } from '../../core/recipe/looks-at-data.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import { DEFAULT_TARGET } from '../../core/targets/types.ts';
import type { CalibrationInfo, Evaluation } from '../../worker/api.ts';
import type { Studio } from '../bridge/studio.ts';
import { Calibrator } from './calibrating.ts';
import {
  dataInUse,
  entryOf,
  evaluationKey,
  isEvaluated,
  keepEvaluation,
  keepMeasurement,
  variantIdOf,
} from './entries.ts';
import type { JobBoard } from './job-board.ts';
import { hasIntegers, recipeKey } from './recipe-edit.ts';
import { ORIGINAL, entryOfRecipe, isSettled, recipeOf } from './state.ts';
import type { AppStore, StudyEntry } from './state.ts';

/** Milliseconds: latencies that would not be shown are not waited for. */
const NO_TIMING = 1;

export class StudyWork {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly board: JobBoard;
  private readonly calibrator: Calibrator;
  /** The model whose simplified sizes are known, or known not to be had. */
  private prepared: string | null = null;
  /** Numbers of threads with which the device could not be timed. */
  private readonly untimed = new Set<number>();

  constructor(store: AppStore, studio: Studio, board: JobBoard) {
    this.store = store;
    this.studio = studio;
    this.board = board;
    this.calibrator = new Calibrator(store, studio);
  }

  forgetModel(): void {
    this.prepared = null;
  }

  /** The entry of a recipe: known, or made now. It is put among the entries, not on screen. */
  async entryFor(recipe: Recipe, signal: AbortSignal): Promise<Result<StudyEntry>> {
    const key = recipeKey(recipe);
    const looks = looksAtData(recipe);
    const before = entryOfRecipe(this.store.getState(), key);
    // One that was made with samples that are gone is better than a new one with made-up inputs.
    if (before !== undefined && (!looks || this.withoutData())) return { ok: true, value: before };
    if (!looks) return this.make(recipe, null, signal);
    const samples = await this.calibrate(recipe, signal);
    if (!samples.ok) return samples;
    const known = entryOfRecipe(this.store.getState(), key);
    return known === undefined ? this.make(recipe, samples.value, signal) : { ok: true, value: known };
  }

  calibrate(recipe: Recipe, signal: AbortSignal): Promise<Result<CalibrationInfo>> {
    const call = this.board.begin('calibrate', 'Choosing the samples that methods look at', signal);
    return this.calibrator.ensure(recipe, call);
  }

  private withoutData(): boolean {
    return dataInUse(this.store.getState()) === null;
  }

  private async make(
    recipe: Recipe,
    samples: CalibrationInfo | null,
    signal: AbortSignal,
  ): Promise<Result<StudyEntry>> {
    const { model } = this.store.getState();
    if (model === null || signal.aborted) return ABORTED;
    const options = this.board.begin('make', 'Making the variant', signal);
    const made = await this.studio.makeVariant(model.modelId, recipe, { ...options, supersede: 'variant' });
    if (signal.aborted) return ABORTED;
    if (!made.ok) return made;
    const entry = entryOf(this.store.getState(), made.value, recipe, samples);
    this.store.setState((now) => ({ entries: { ...now.entries, [entry.id]: entry } }));
    return { ok: true, value: entry };
  }

  /** @param again measures even where that was done before */
  async measure(id: string, signal: AbortSignal, again = false): Promise<void> {
    const state = this.store.getState();
    const { model, options } = state;
    const entry = state.entries[id];
    if (signal.aborted || model === null || entry === undefined) return;
    if (!again && isSettled(entry, options)) return;
    const title = id === ORIGINAL ? 'Measuring the original' : 'Measuring the variant';
    const call = this.board.begin('measure', title, signal);
    const result = await this.studio.measure(
      model.modelId,
      variantIdOf(id),
      targetOf(entry.recipe.target).measurable ? options : { ...options, budgetMillis: NO_TIMING },
      { ...call, supersede: 'measure' },
      dataInUse(state),
    );
    if (!signal.aborted) keepMeasurement(this.store, id, result, options);
  }

  async evaluate(id: string, signal: AbortSignal): Promise<void> {
    const state = this.store.getState();
    const { model, data, options } = state;
    const entry = state.entries[id];
    if (signal.aborted || model === null || entry === undefined || isEvaluated(entry, state)) return;
    const config = data?.config ?? null;
    const key = evaluationKey(state);
    if (data === null || config === null || key === null) return;
    const what = id === ORIGINAL ? 'the original' : 'the variant';
    const call = this.board.begin('evaluate', `Evaluating ${what} on ${data.summary.name}`, signal);
    const how = { provider: options.provider, part: 'evaluation' } as const;
    const { dataId } = data.summary;
    const variantId = variantIdOf(id);
    const result = await this.studio.evaluate(model.modelId, variantId, dataId, config, how, {
      ...call,
      supersede: 'measure',
    });
    if (!signal.aborted) keepEvaluation(this.store, id, result, key);
  }

  /** On the samples that no search sees; null where no data is in use, or the work was stopped. */
  async evaluateHeldBack(id: string, signal: AbortSignal): Promise<Result<Evaluation> | null> {
    const { model, data, options } = this.store.getState();
    const config = data?.config ?? null;
    if (signal.aborted || model === null || data === null || config === null) return null;
    const call = this.board.begin('evaluate', 'Confirming on the samples that are held back', signal);
    const how = { provider: options.provider, part: 'hold-back' } as const;
    const { dataId } = data.summary;
    const result = await this.studio.evaluate(model.modelId, variantIdOf(id), dataId, config, how, {
      ...call,
      supersede: 'measure',
    });
    return signal.aborted ? null : result;
  }

  async countCosts(id: string, signal: AbortSignal): Promise<void> {
    const { model, costs, options } = this.store.getState();
    if (signal.aborted || model === null || id in costs) return;
    const result = await this.studio.costs(model.modelId, variantIdOf(id), options.dimensions);
    if (signal.aborted || !result.ok) return;
    this.store.setState((state) => ({ costs: { ...state.costs, [id]: result.value } }));
  }

  /** What became of integer arithmetic is only known from the runtime's own profile. */
  async profileIntegers(id: string, signal: AbortSignal): Promise<void> {
    const { model, options, entries, profiles } = this.store.getState();
    const entry = entries[id];
    if (signal.aborted || model === null || entry === undefined || !hasIntegers(entry.recipe)) return;
    const known = profiles[id];
    if (known?.provider === options.provider && known.threads === options.threads) return;
    // A model that could not be measured cannot be profiled either.
    if ((entry.measurement?.latency ?? null) === null) return;
    const call = this.board.begin('profile', 'Looking which layers compute in integers', signal);
    const result = await this.studio.profile(model.modelId, variantIdOf(id), options, {
      ...call,
      supersede: 'measure',
    });
    if (signal.aborted || !result.ok) return;
    this.store.setState((state) => ({ profiles: { ...state.profiles, [id]: result.value } }));
  }

  /** @param again looks even where that was done before */
  async examine(id: string, signal: AbortSignal, again = false): Promise<void> {
    const { model, entries, doctor } = this.store.getState();
    const entry = entries[id];
    if (signal.aborted || model === null || entry === undefined || (!again && id in doctor)) return;
    // The file as it was opened is looked at for the target on screen.
    const recipe = id === ORIGINAL ? recipeOf(this.store.getState()) : entry.recipe;
    const target = recipe.target ?? DEFAULT_TARGET;
    const profile = this.store.getState().profiles[id];
    const result = await this.studio.examine(model.modelId, variantIdOf(id), target, { signal }, profile);
    if (signal.aborted || (!result.ok && result.error.code === 'cancelled')) return;
    this.store.setState((state) => ({
      doctorError: result.ok ? null : result.error,
      ...(result.ok ? { doctor: { ...state.doctor, [id]: result.value } } : {}),
    }));
  }

  /** Times this device before the first recipe whose speed depends on it: about three seconds, once. */
  async timeDevice(signal: AbortSignal): Promise<void> {
    const { speed, options } = this.store.getState();
    const { threads } = options;
    if (signal.aborted || speed?.threads === threads || this.untimed.has(threads)) return;
    const call = this.board.begin('benchmark', 'Timing this device, once', signal);
    const found = await this.studio.benchmark(threads, call);
    if (signal.aborted) return;
    if (found.ok) this.store.setState({ speed: found.value });
    else if (found.error.code !== 'cancelled') this.untimed.add(threads);
  }

  /** Reads the sizes of the simplified model ahead of need, so that its prediction is there when it is asked for. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { model } = this.store.getState();
    if (model === null || this.prepared === model.modelId) return;
    const call = this.board.begin('prepare', 'Simplifying a copy, to predict its size', signal);
    const result = await this.studio.simplifiedSkeleton(model.modelId, call);
    if (signal.aborted) return;
    // A graph that cannot be simplified says so when the recipe asks for it; until then nobody needs to know.
    this.prepared = model.modelId;
    if (result.ok) this.store.setState({ simplified: result.value });
  }
}

const ABORTED: Result<never> = {
  ok: false,
  error: { code: 'cancelled', message: 'The work was cancelled.' },
};
