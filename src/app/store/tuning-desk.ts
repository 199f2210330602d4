/**
 * The user's commands about sensitivity, automatic precision, hazards and the graph: each talks to the studio in its turn
 * and puts what it learned into the store. It must not know workers or React.
 */
import type { ParamValues } from '../../core/passes/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { Fix, LayerOption, TuneResult } from '../../core/search/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import { DEFAULT_TARGET } from '../../core/targets/types.ts';
import type { TargetId } from '../../core/targets/types.ts';
import type { CallOptions, Studio } from '../bridge/studio.ts';
import { chooseEntry } from './auto-choice.ts';
import { samplesOf } from './calibrating.ts';
import { dataInUse, samplesKey, variantIdOf } from './entries.ts';
import { edit, replaceRecipe } from './edits.ts';
import { announce, showError } from './notices.ts';
import { PRECISION_PARAM, QUANTIZE } from './pass-names.ts';
import type { Pipeline } from './pipeline.ts';
import { hasIntegers, precisionOf, recipeKey, stepOf, withFix } from './recipe-edit.ts';
import { ORIGINAL, recipeOf } from './state.ts';
import type { AppState, AppStore, StudyEntry } from './state.ts';
import { AUTO_OFF, FIRST_GOAL } from './tuning-state.ts';
import type { AutoState, AutoTrial, TuningDesk } from './tuning-state.ts';

/** More take longer and change the order of the layers little. */
export const SENSITIVITY_SAMPLES = 64;
/** As many recipes are made and measured, so that neighbours that the prediction cannot tell apart are told apart. */
const CANDIDATES = 4;

type Call = CallOptions & { readonly signal: AbortSignal };

export function createTuningDesk(store: AppStore, studio: Studio, pipeline: Pipeline): TuningDesk {
  return new Desk(store, studio, pipeline);
}

class Desk implements TuningDesk {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly pipeline: Pipeline;

  constructor(store: AppStore, studio: Studio, pipeline: Pipeline) {
    this.store = store;
    this.studio = studio;
    this.pipeline = pipeline;
    let before = store.getState();
    store.subscribe((state) => {
      const was = before;
      before = state;
      const stale = staleAfter(was, state);
      if (stale !== null) store.setState(stale);
      if (was.data !== state.data) this.tellSamples();
    });
  }

  /** Variants of an earlier visit are made again with the samples that they were made with, now that those are open. */
  private tellSamples(): void {
    const { model, entries, data } = this.store.getState();
    const inUse = dataInUse({ data });
    if (model === null || inUse === null) return;
    for (const { id, recipe, calibration } of Object.values(entries)) {
      if (calibration?.origin !== 'samples') continue;
      this.studio.knowVariant(model.modelId, id, recipe, { data: inUse, samples: samplesOf(recipe) });
    }
  }

  async measureSensitivity(options?: readonly LayerOption[]): Promise<void> {
    const title = 'Measuring what each layer does to the outputs';
    await this.pipeline.command({ kind: 'sensitivity', title, key: 'sensitivity' }, async (call) => {
      const { model } = this.store.getState();
      const target = targetOnScreen(this.store.getState());
      if (model === null || !(await this.calibrated(call))) return;
      const asked = askedOf(recipeOf(this.store.getState()));
      const all = options ?? sensitivityOptions(target);
      const request = {
        options: asked === undefined || all.includes(asked) ? all : [...all, asked],
        samples: SENSITIVITY_SAMPLES,
        metric: 'auto',
        target,
        params: weightParams(recipeOf(this.store.getState())),
        ...(asked === undefined ? {} : { asked }),
      } as const;
      const again = this.pipeline.show('sensitivity', title, call.signal);
      const found = await this.studio.sensitivity(model.modelId, request, {
        ...again,
        supersede: 'sensitivity',
      });
      if (call.signal.aborted || (!found.ok && found.error.code === 'cancelled')) return;
      this.store.setState({
        ...(found.ok ? { sensitivity: found.value } : {}),
        sensitivityError: found.ok ? null : found.error,
      });
      if (found.ok) announce(this.store, `Measured ${found.value.layers.length} layers.`);
    });
  }

  async tune(): Promise<void> {
    const title = 'Choosing each layer’s precision';
    if (this.store.getState().model === null) return;
    this.auto({ ...AUTO_OFF, state: 'searching' });
    let settled = false;
    try {
      await this.pipeline.command({ kind: 'tune', title, key: 'tune' }, async (call) => {
        const found = await this.search(call, title);
        if (found === null || call.signal.aborted) return;
        await this.tryOut(found, call.signal);
        settled = !call.signal.aborted;
      });
    } finally {
      // Stopped, or never begun.
      if (!settled && this.store.getState().auto.state !== 'failed') this.auto(AUTO_OFF);
    }
  }

  async examine(entryId: string): Promise<void> {
    const title = 'Looking for hazards';
    await this.pipeline.command({ kind: 'examine', title, key: 'examine' }, (call) =>
      this.pipeline.study.examine(entryId, call.signal, true),
    );
  }

  async parity(entryId: string): Promise<void> {
    const variantId = variantIdOf(entryId);
    if (variantId === null) return;
    this.store.setState({ parityError: null });
    const title = 'Comparing the runtimes of this browser';
    await this.pipeline.command({ kind: 'examine', title, key: 'parity' }, async (call) => {
      const { model, options } = this.store.getState();
      if (model === null) return;
      const data = dataInUse(this.store.getState());
      const how = { ...call, supersede: 'measure' };
      const rows = await this.studio.parity(model.modelId, variantId, options, how, data);
      if (call.signal.aborted || (!rows.ok && rows.error.code === 'cancelled')) return;
      this.store.setState(({ parity }) =>
        rows.ok ? { parity: { ...parity, [entryId]: rows.value } } : { parityError: rows.error },
      );
    });
  }

  async loadOutline(entryId: string): Promise<void> {
    const { model, outline } = this.store.getState();
    if (model === null || entryId in outline) return;
    const found = await this.studio.outline(model.modelId, variantIdOf(entryId));
    if (this.store.getState().model !== model) return;
    this.store.setState((state) => ({
      outlineError: found.ok ? null : found.error,
      ...(found.ok ? { outline: { ...state.outline, [entryId]: found.value } } : {}),
    }));
  }

  applyFix(fix: Fix): void {
    edit(this.store, (draft) => withFix(draft, fix));
    announce(this.store, `${fix.label}: the recipe was changed.`);
  }

  private async calibrated(call: Call): Promise<boolean> {
    const told = await this.pipeline.study.calibrate(recipeOf(this.store.getState()), call.signal);
    if (call.signal.aborted) return false;
    if (!told.ok && told.error.code !== 'cancelled') showError(this.store, told.error);
    return told.ok;
  }

  /** Candidates, the likeliest first; null where there are none to try. */
  private async search(call: Call, title: string): Promise<TuneResult | null> {
    const { model } = this.store.getState();
    if (model === null || !(await this.calibrated(call))) return null;
    const goal = this.store.getState().goal ?? FIRST_GOAL;
    this.store.setState({ goal });
    const target = targetOnScreen(this.store.getState());
    const { measurable } = targetOf(target);
    if (measurable) await this.pipeline.study.timeDevice(call.signal);
    const { speed, options } = this.store.getState();
    if (call.signal.aborted) return null;
    const request = {
      goal,
      target,
      options: tuneOptions(target),
      speed: measurable && speed?.threads === options.threads ? speed : null,
      samples: SENSITIVITY_SAMPLES,
      candidates: CANDIDATES,
    };
    const shown = this.pipeline.show('tune', title, call.signal);
    const found = await this.studio.tune(model.modelId, request, { ...shown, supersede: 'sensitivity' });
    if (call.signal.aborted || (!found.ok && found.error.code === 'cancelled')) return null;
    if (!found.ok) {
      this.auto({ ...AUTO_OFF, state: 'failed', error: found.error });
      showError(this.store, found.error);
      return null;
    }
    this.store.setState({ tune: found.value, sensitivity: found.value.sensitivity, sensitivityError: null });
    return found.value;
  }

  /** Makes, measures and evaluates each candidate, then takes the best that was measured. */
  private async tryOut({ candidates }: TuneResult, signal: AbortSignal): Promise<void> {
    const trials: AutoTrial[] = candidates.map(({ recipe }) => ({
      recipeKey: recipeKey(recipe),
      entryId: null,
      state: 'waiting',
      reason: null,
    }));
    const change = (i: number, fields: Partial<AutoTrial>): void => {
      trials[i] = { ...trials[i], ...fields };
      this.auto({ ...AUTO_OFF, state: 'trying', trials: [...trials] });
    };
    const { study } = this.pipeline;
    await study.measure(ORIGINAL, signal);
    await study.evaluate(ORIGINAL, signal);
    for (const [i, { recipe }] of candidates.entries()) {
      change(i, { state: 'running' });
      const made = await study.entryFor(recipe, signal);
      if (signal.aborted) return;
      if (!made.ok) {
        change(i, { state: 'failed', reason: `It could not be made: ${made.error.message}` });
        continue;
      }
      await study.measure(made.value.id, signal);
      await study.evaluate(made.value.id, signal);
      if (signal.aborted) return;
      change(i, { state: 'waiting', entryId: made.value.id });
    }
    this.take(candidates, trials);
  }

  private take(candidates: TuneResult['candidates'], trials: readonly AutoTrial[]): void {
    const { entries, goal, options, model } = this.store.getState();
    const tried = trials.flatMap(({ entryId }, i) => {
      const entry = entryId === null ? undefined : entries[entryId];
      return entry === undefined ? [] : [{ i, entry }];
    });
    const choice = chooseEntry(
      goal ?? FIRST_GOAL,
      tried.map(({ entry }): StudyEntry => entry),
      model?.bytes ?? 0,
      options,
    );
    const ended = trials.map((trial, i): AutoTrial => {
      const place = tried.findIndex((one) => one.i === i);
      if (place < 0) return trial;
      return {
        ...trial,
        state: place === choice.taken ? 'taken' : 'passed-over',
        reason: choice.reasons[place],
      };
    });
    const taken = choice.taken === null ? undefined : tried[choice.taken];
    const said =
      taken === undefined ? noneSaid(trials.length) : `${recipesTried(trials.length)}, the best was taken.`;
    if (taken !== undefined) replaceRecipe(this.store, candidates[taken.i].recipe);
    this.auto({ state: taken === undefined ? 'none' : 'done', trials: ended, error: null, said });
    announce(this.store, said);
  }

  private auto(auto: AutoState): void {
    this.store.setState({ auto });
  }
}

function recipesTried(count: number): string {
  return count === 1 ? 'One recipe was made and measured' : `${count} recipes were made and measured`;
}

function noneSaid(count: number): string {
  if (count === 0) return 'No recipe can meet this goal. The recipe stays as it was.';
  return `${recipesTried(count)}; none of them may be taken. The recipe stays as it was.`;
}

export function targetOnScreen(state: AppState): TargetId {
  return recipeOf(state).target ?? DEFAULT_TARGET;
}

/**
 * What its numbers depend on has changed: they would be those of other samples, or for another runtime. Data that were
 * taken out change nothing: what was found on them still holds.
 */
function staleAfter(was: AppState, state: AppState): Partial<AppState> | null {
  if (was.model !== state.model) return null;
  const { calibratedWith } = state;
  const otherData =
    was.data !== state.data &&
    dataInUse(state) !== null &&
    calibratedWith !== null &&
    calibratedWith !== samplesKey(state);
  const otherTarget = targetOnScreen(was) !== targetOnScreen(state);
  if (!otherData && !otherTarget) return null;
  const { [ORIGINAL]: _original, ...doctor } = state.doctor;
  return {
    sensitivity: null,
    sensitivityError: null,
    tune: null,
    ...(otherData ? { calibration: null, calibrationError: null, calibratedWith: null } : {}),
    ...(otherTarget ? { doctor } : {}),
  };
}

/** What the target computes and stores, of what is worth asking for. */
function allowed(target: TargetId, option: LayerOption): boolean {
  const { activations, weights, fp16 } = targetOf(target);
  switch (option) {
    case 'fp32':
      return true;
    case 'fp16':
      return fp16 !== 'refuses';
    case 'int8':
      return weights.bits.includes(8);
    case 'int8-activations':
      return activations !== null;
    case 'int4':
      return weights.bits.includes(4);
    case 'int3':
      return weights.bits.includes(3);
    case 'int2':
      return weights.bits.includes(2);
    default:
      return option satisfies never;
  }
}

/** Half floats change nothing that could be measured in one layer. */
const SENSITIVITY_OPTIONS: readonly LayerOption[] = ['int8', 'int8-activations', 'int4'];
const TUNE_OPTIONS: readonly LayerOption[] = ['fp32', 'fp16', 'int8', 'int8-activations', 'int4'];

function sensitivityOptions(target: TargetId): readonly LayerOption[] {
  return SENSITIVITY_OPTIONS.filter((option) => allowed(target, option));
}

/** What the layers have on screen: fixes are proposed against it. Undefined where weights stay floats. */
function askedOf(recipe: Recipe): LayerOption | undefined {
  const precision = precisionOf(recipe);
  if (precision === 'fp32' || precision === 'fp16') return undefined;
  return precision === 'int8' && hasIntegers(recipe) ? 'int8-activations' : precision;
}

/** How weights are encoded on screen, whatever the precision: scales for what, by which method. */
function weightParams(recipe: Recipe): ParamValues {
  const { [PRECISION_PARAM]: _precision, ...params } = stepOf(recipe, QUANTIZE)?.params ?? {};
  return params;
}

function tuneOptions(target: TargetId): readonly LayerOption[] {
  return TUNE_OPTIONS.filter((option) => allowed(target, option));
}
