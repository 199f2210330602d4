/**
 * The user's commands about sensitivity, automatic precision, hazards and the graph: each talks to the studio in its turn
 * and puts what it learned into the store. It must not know workers or React.
 */
import type { ParamValues } from '../../core/passes/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { Fix, LayerOption, SensitivityRequest } from '../../core/search/types.ts';
import type { Studio } from '../bridge/studio.ts';
import type { AutoSearch } from './auto-search.ts';
import { samplesOf } from './calibrating.ts';
import { dataInUse, samplesKey, variantIdOf } from './entries.ts';
import { edit } from './edits.ts';
import { announce } from './notices.ts';
import { ACTIVATIONS, PRECISION_PARAM, QUANTIZE } from './pass-names.ts';
import type { Pipeline } from './pipeline.ts';
import { hasIntegers, precisionOf, stepOf, withFix } from './recipe-edit.ts';
import { ORIGINAL, recipeOf } from './state.ts';
import type { AppState, AppStore } from './state.ts';
import { sensitivityOptions, targetOnScreen } from './target-options.ts';
import { SENSITIVITY_SAMPLES, calibrated } from './samples-told.ts';
import type { TuningDesk } from './tuning-state.ts';

/** @param search gives the automatic search, which no first view waits for; asked when it is first needed */
export function createTuningDesk(
  store: AppStore,
  studio: Studio,
  pipeline: Pipeline,
  search: () => Promise<Pick<AutoSearch, 'run'>>,
): TuningDesk {
  return new Desk(store, studio, pipeline, search);
}

class Desk implements TuningDesk {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly pipeline: Pipeline;
  private readonly search: () => Promise<Pick<AutoSearch, 'run'>>;

  constructor(
    store: AppStore,
    studio: Studio,
    pipeline: Pipeline,
    search: () => Promise<Pick<AutoSearch, 'run'>>,
  ) {
    this.store = store;
    this.studio = studio;
    this.pipeline = pipeline;
    this.search = search;
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
      if (model === null || !(await calibrated(this.store, this.pipeline, call.signal))) return;
      const asked = askedOf(recipeOf(this.store.getState()));
      const all = options ?? sensitivityOptions(target);
      const request = {
        options: asked === undefined || all.includes(asked) ? all : [...all, asked],
        samples: SENSITIVITY_SAMPLES,
        metric: 'auto',
        target,
        params: weightParams(recipeOf(this.store.getState())),
        ...rangeAsked(recipeOf(this.store.getState())),
        speed: this.store.getState().speed,
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
    await (await this.search()).run();
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

/** What the layers have on screen: fixes are proposed against it. Undefined where weights stay floats. */
export function askedOf(recipe: Recipe): LayerOption | undefined {
  const precision = precisionOf(recipe);
  if (precision === 'fp32' || precision === 'fp16') return undefined;
  return precision === 'int8' && hasIntegers(recipe) ? 'int8-activations' : precision;
}

/** How ranges of values between layers are chosen on screen; nothing where the pass chooses. */
function rangeAsked(recipe: Recipe): Pick<SensitivityRequest, 'range'> {
  const range = stepOf(recipe, ACTIVATIONS)?.params?.['range'];
  return typeof range === 'string' ? { range } : {};
}

/** How weights are encoded on screen, whatever the precision: scales for what, by which method. */
function weightParams(recipe: Recipe): ParamValues {
  const { [PRECISION_PARAM]: _precision, ...params } = stepOf(recipe, QUANTIZE)?.params ?? {};
  return params;
}
