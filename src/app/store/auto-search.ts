/**
 * *Auto*: asks for recipes of mixed precision, makes, measures and evaluates the likeliest, and takes the best that was
 * measured. It must not know workers or React.
 */
import type { Recipe } from '../../core/recipe/types.ts';
import type { Confirmation } from '../../core/search/confirm.ts';
import type { TuneResult } from '../../core/search/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import type { CallOptions, Studio } from '../bridge/studio.ts';
import { chooseEntry } from './auto-choice.ts';
import type { Choice } from './auto-choice.ts';
import { choosingPart, confirmEntry } from './auto-confirm.ts';
import { replaceRecipe } from './edits.ts';
import { announce, showError } from './notices.ts';
import { ACTIVATIONS } from './pass-names.ts';
import type { Pipeline } from './pipeline.ts';
import { recipeKey } from './recipe-edit.ts';
import { ORIGINAL } from './state.ts';
import type { AppStore, StudyEntry } from './state.ts';
import { targetOnScreen, tuneOptions } from './target-options.ts';
import { AUTO_OFF, FIRST_GOAL } from './tuning-state.ts';
import type { AutoState, AutoTrial } from './tuning-state.ts';
import { SENSITIVITY_SAMPLES, calibrated } from './samples-told.ts';

/** As many recipes are made and measured, so that neighbours that the prediction cannot tell apart are told apart. */
const CANDIDATES = 4;

type Call = CallOptions & { readonly signal: AbortSignal };

export class AutoSearch {
  private readonly store: AppStore;
  private readonly studio: Studio;
  private readonly pipeline: Pipeline;

  constructor(store: AppStore, studio: Studio, pipeline: Pipeline) {
    this.store = store;
    this.studio = studio;
    this.pipeline = pipeline;
  }

  async run(): Promise<void> {
    const title = 'Choosing each layer’s precision';
    if (this.store.getState().model === null) return;
    this.auto({ ...AUTO_OFF, state: 'searching' });
    let settled = false;
    try {
      await this.pipeline.command({ kind: 'tune', title, key: 'tune' }, async (call) => {
        const found = await this.find(call, title);
        if (found === null || call.signal.aborted) return;
        await this.tryOut(found, call.signal);
        settled = !call.signal.aborted;
      });
    } finally {
      // Stopped, or never begun.
      if (!settled && this.store.getState().auto.state !== 'failed') this.auto(AUTO_OFF);
    }
  }

  /** Candidates, the likeliest first; null where there are none to try. */
  private async find(call: Call, title: string): Promise<TuneResult | null> {
    const { model } = this.store.getState();
    if (model === null || !(await calibrated(this.store, this.pipeline, call.signal))) return null;
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

  /**
   * Makes, measures and evaluates each candidate, then takes the best that was measured. Where all that speaks against
   * them is that they may be slower, the best is tried once more without integers: floats are as fast as the original.
   */
  private async tryOut({ candidates }: TuneResult, signal: AbortSignal): Promise<void> {
    await this.pipeline.study.measure(ORIGINAL, signal);
    await this.pipeline.study.evaluate(ORIGINAL, signal);
    let trials: readonly AutoTrial[] = candidates.map(({ recipe }, candidate) =>
      trialOf(recipe, candidate, false),
    );
    for (const i of candidates.keys()) {
      trials = await this.tryOne(trials, i, candidates[i].recipe, signal);
      if (signal.aborted) return;
    }
    const { held } = this.choose(trials);
    const recipes = trials.map(({ candidate }) => candidates[candidate].recipe);
    if (held !== null) {
      const recipe = withoutIntegers(recipes[held]);
      trials = [...trials, trialOf(recipe, trials[held].candidate, true)];
      recipes.push(recipe);
      trials = await this.tryOne(trials, trials.length - 1, recipe, signal);
      if (signal.aborted) return;
    }
    const choice = this.choose(trials);
    const said = await this.confirmed(trials, choice, signal);
    if (!signal.aborted) this.take(recipes, trials, choice, said);
  }

  /** What samples that chose nothing say of the taken one; null where none is taken, or there is no accuracy. */
  private confirmed(
    trials: readonly AutoTrial[],
    { taken }: Choice,
    signal: AbortSignal,
  ): Promise<Confirmation | null> | null {
    const { entries } = this.store.getState();
    const tried = trials.flatMap(({ entryId }) => (entryId === null ? [] : [entries[entryId]]));
    const entryId = taken === null ? null : trials[taken].entryId;
    return entryId === null
      ? null
      : confirmEntry(this.store, this.pipeline.study, entries[entryId], tried, signal);
  }

  private async tryOne(
    trials: readonly AutoTrial[],
    i: number,
    recipe: Recipe,
    signal: AbortSignal,
  ): Promise<readonly AutoTrial[]> {
    const { study } = this.pipeline;
    const changed = (fields: Partial<AutoTrial>): readonly AutoTrial[] =>
      trials.with(i, { ...trials[i], ...fields });
    this.auto({ ...AUTO_OFF, state: 'trying', trials: changed({ state: 'running' }) });
    const made = await study.entryFor(recipe, signal);
    if (!made.ok) return changed({ state: 'failed', reason: `It could not be made: ${made.error.message}` });
    await study.measure(made.value.id, signal);
    await study.evaluate(made.value.id, signal);
    return changed({ entryId: made.value.id });
  }

  /** By place in `trials`. */
  private choose(trials: readonly AutoTrial[]): Choice {
    const { entries, goal, options, model } = this.store.getState();
    const tried = trials.flatMap(({ entryId }, i) => {
      const entry = entryId === null ? undefined : entries[entryId];
      return entry === undefined ? [] : [{ i, entry }];
    });
    const of = tried.map(({ entry }): StudyEntry => entry);
    const half = choosingPart(this.store.getState());
    const choice = chooseEntry(goal ?? FIRST_GOAL, of, model?.bytes ?? 0, options, half);
    const place = (at: number | null): number | null => (at === null ? null : tried[at].i);
    const reasons: (string | null)[] = trials.map(({ reason }) => reason);
    tried.forEach(({ i }, at) => (reasons[i] = choice.reasons[at]));
    return { taken: place(choice.taken), held: place(choice.held), reasons };
  }

  private take(
    recipes: readonly Recipe[],
    trials: readonly AutoTrial[],
    { taken: best, reasons }: Choice,
    confirmation: Confirmation | null,
  ): void {
    const refuted = confirmation?.state === 'refuted';
    const taken = refuted ? null : best;
    const ended = trials.map((trial, i): AutoTrial => {
      if (trial.entryId === null) return trial;
      const reason = refuted && i === best ? confirmation.sentence : reasons[i];
      return { ...trial, state: i === taken ? 'taken' : 'passed-over', reason };
    });
    const said =
      taken === null
        ? noneSaid(trials.length)
        : `${recipesTried(trials.length)}, the best was taken. ${confirmation?.sentence ?? ''}`.trim();
    if (taken !== null) replaceRecipe(this.store, recipes[taken]);
    this.auto({ state: taken === null ? 'none' : 'done', trials: ended, error: null, said });
    announce(this.store, said);
  }

  private auto(auto: AutoState): void {
    this.store.setState({ auto });
  }
}

function trialOf(recipe: Recipe, candidate: number, floats: boolean): AutoTrial {
  return { candidate, floats, recipeKey: recipeKey(recipe), entryId: null, state: 'waiting', reason: null };
}

function withoutIntegers(recipe: Recipe): Recipe {
  return { ...recipe, steps: recipe.steps.filter(({ pass }) => pass !== ACTIVATIONS) };
}

function recipesTried(count: number): string {
  return count === 1 ? 'One recipe was made and measured' : `${count} recipes were made and measured`;
}

function noneSaid(count: number): string {
  if (count === 0) return 'No recipe can meet this goal. The recipe stays as it was.';
  return `${recipesTried(count)}; none of them may be taken. The recipe stays as it was.`;
}
