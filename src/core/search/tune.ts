/**
 * Recipes of mixed precision that a goal may be met with: sensitivity, then allocations for several damages around the
 * one that is allowed, checked together on the calibration samples. What is predicted is called so: the host makes and
 * measures the candidates. It must not know pages or accuracy.
 */
import type { Model } from '../onnx/ir.ts';
import { PASSES } from '../passes/registry.ts';
import { makeSkeleton } from '../recipe/make-skeleton.ts';
import { predictSize } from '../recipe/predict.ts';
import type { SizeSkeleton } from '../recipe/skeleton.ts';
import type { Recipe, RecipeStep } from '../recipe/types.ts';
import { targetOf } from '../targets/registry.ts';
import { allocate } from './allocate.ts';
import type { Aim, Allocation } from './allocate.ts';
import { damageBudget } from './budget.ts';
import { readBatches } from './batches.ts';
import { within } from './context.ts';
import type { SearchContext } from './context.ts';
import { keptReasons } from './kept-reasons.ts';
import { recipeOf, tabulate } from './layer-options.ts';
import type { ChoiceTable } from './layer-options.ts';
import { activationStep, EQUALIZE, weightStep } from './options.ts';
import { CombinedDamage } from './combined.ts';
import { measureSensitivity } from './sensitivity.ts';
import type { LayerOption, SensitivityReport, TuneCandidate, TuneRequest, TuneResult } from './types.ts';
import { workOf } from './work-graph.ts';

const SENSITIVITY_SHARE = 0.75;
const CORRECT_BIAS = 'correct-bias';

/** Around the damage that is expected to be allowed: the expectation may be off either way. */
const BUDGET_FACTORS = [1, 0.3, 3, 0.1, 10] as const;

/**
 * @param model simplified.
 * @throws PareError as measureSensitivity does.
 */
export async function tune(model: Model, request: TuneRequest, host: SearchContext): Promise<TuneResult> {
  const started = host.now();
  const context = { ...host, now: () => host.now(), made: host.made ?? new Map() };
  const { target, samples, speed } = request;
  const options = usefulOptions(request);
  const { report, anchors } = await measureSensitivity(
    model,
    { options: options.filter((option) => option !== 'fp32'), samples, metric: 'auto', target, speed },
    within(context, 0, SENSITIVITY_SHARE),
  );
  const skeleton =
    context.skeleton ??
    (await makeSkeleton(model, {
      simplified: true,
      checkpoint: (_, doing) => context.checkpoint(SENSITIVITY_SHARE, doing),
    }));
  const [batch] = await readBatches(model, context.calibration.samples, 1);
  const graph = await workOf(model, targetOf(target), context.runner, batch);
  const table = tabulate({ report, options, graph, skeleton, speed, target: targetOf(target) });
  const budget = damageBudget(report.metric, request.goal.maxLoss, anchors);
  const search = new Search(
    { model, request, options, report, table, skeleton },
    within(context, SENSITIVITY_SHARE, 1),
  );
  try {
    const candidates = await search.candidates(budget.damage);
    return { sensitivity: report, candidates, millis: context.now() - started };
  } finally {
    await search.release();
  }
}

/** fp32 is always there: a layer that nothing else is good enough for keeps its floats. */
function usefulOptions({ options, target }: TuneRequest): LayerOption[] {
  const integers = targetOf(target).activations !== null;
  const asked = options.filter((option) => option !== 'int8-activations' || integers);
  return [...new Set<LayerOption>(['fp32', ...asked])];
}

interface Found {
  readonly model: Model;
  readonly request: TuneRequest;
  readonly options: readonly LayerOption[];
  readonly report: SensitivityReport;
  readonly table: ChoiceTable;
  readonly skeleton: SizeSkeleton;
}

/** Sums of the same times in another order: floats all through must not be slower than floats by the last bit. */
const ROUNDING = 1e-9;

class Search {
  readonly #found: Found;
  readonly #context: SearchContext;
  readonly #combined: CombinedDamage;
  readonly #candidates: TuneCandidate[] = [];
  readonly #seen = new Set<string>();

  constructor(found: Found, context: SearchContext) {
    this.#found = found;
    this.#context = context;
    const { target, samples } = found.request;
    this.#combined = new CombinedDamage(
      found.model,
      { target, samples, metric: found.report.metric },
      context,
    );
  }

  release(): Promise<void> {
    return this.#combined.release();
  }

  async candidates(budget: number): Promise<TuneCandidate[]> {
    const { request } = this.#found;
    let factor = 1;
    for (const [i, share] of BUDGET_FACTORS.entries()) {
      if (this.#candidates.length >= request.candidates) break;
      await this.#context.checkpoint(i / BUDGET_FACTORS.length, 'sharing out precision');
      const allowed = budget * share;
      // Damages of layers do not simply add up: what the first allocation does together corrects the next.
      const found = await this.#propose(this.#aim(allowed / factor));
      if (found === undefined) continue;
      const together = await this.#combined.of(this.#choiceOf(found));
      const sum = found.totals.damage;
      if (sum > 0 && together > 0 && together > 2 * allowed) {
        factor = together / sum;
        const again = await this.#propose(this.#aim(allowed / factor));
        if (again !== undefined) await this.#add(again, allowed);
      }
      if (together <= 2 * allowed) await this.#add(found, allowed);
    }
    if (this.#candidates.length === 0) await this.#addLeastDamage(budget);
    return this.#candidates.slice(0, request.candidates);
  }

  /** Nothing keeps within the damage: what does least of it within the other limits. */
  async #addLeastDamage(budget: number): Promise<void> {
    const { damage: _, ...limits } = this.#aim(budget).limits;
    const found = await this.#propose({ minimize: 'damage', limits });
    if (found !== undefined) await this.#add(found, budget);
  }

  /** What is tried together, predicted and proposed is one allocation: with the same time, the one of fewest bytes. */
  async #propose(aim: Aim): Promise<Allocation | undefined> {
    const found = await this.#allocate(aim);
    if (found === undefined || aim.minimize !== 'nanos') return found;
    const limits = { ...aim.limits, nanos: found.totals.nanos };
    return (await this.#allocate({ minimize: 'bytes', limits })) ?? found;
  }

  #allocate(aim: Aim): Promise<Allocation | undefined> {
    const layers = this.#found.table.layers.map(({ allocation }) => allocation);
    return allocate(layers, aim, () => this.#context.checkpoint(0, 'sharing out precision'));
  }

  #aim(damage: number): Aim {
    const { goal } = this.#found.request;
    const { restBytes, restNanos, floatNanos } = this.#found.table;
    const slowest =
      floatNanos === null ? Infinity : floatNanos / Math.max(goal.minSpeedup ?? 0, goal.neverSlower ? 1 : 0);
    const limits = {
      damage,
      ...(goal.maxBytes === undefined ? {} : { bytes: goal.maxBytes - restBytes }),
      ...(Number.isFinite(slowest) ? { nanos: slowest * (1 + ROUNDING) - restNanos } : {}),
    };
    switch (goal.objective) {
      case 'smallest':
        return { minimize: 'bytes', limits };
      case 'fastest':
      case 'least-energy':
        return floatNanos === null ? { minimize: 'bytes', limits } : { minimize: 'nanos', limits };
      case 'most-accurate':
        return { minimize: 'damage', limits };
      default:
        return goal.objective satisfies never;
    }
  }

  #choiceOf({ picks }: Allocation): Record<string, LayerOption> {
    return Object.fromEntries(
      this.#found.table.layers.map(({ layer, options }, i) => [layer, options[picks[i]]]),
    );
  }

  async #add(found: Allocation, budget: number): Promise<void> {
    const { request, options, report, table } = this.#found;
    const choice = this.#choiceOf(found);
    const corrections = this.#corrections(choice);
    for (const equalized of this.#equalizeHelps(report, choice) ? [true, false] : [false]) {
      const steps = [
        ...(equalized ? [{ pass: EQUALIZE }] : []),
        ...[weightStep(choice)].filter((step) => step !== undefined),
        ...corrections,
        ...[activationStep(choice)].filter((step) => step !== undefined),
      ];
      const recipe = recipeOf(steps, request.target === 'ort-wasm' ? {} : { target: request.target });
      const key = JSON.stringify(recipe.steps);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.#candidates.push({
        recipe,
        choice,
        predicted: {
          bytes: this.#bytes(recipe),
          speedup:
            table.floatNanos === null ? null : table.floatNanos / (table.restNanos + found.totals.nanos),
          damage: found.totals.damage,
        },
        kept: keptReasons(table.layers, choice, options, budget, request.speed),
      });
    }
    await this.#context.checkpoint(0, 'sharing out precision');
  }

  #corrections(choice: Readonly<Record<string, LayerOption>>): RecipeStep[] {
    const rounds = Object.values(choice).some((option) => option !== 'fp32' && option !== 'fp16');
    return rounds && PASSES.some(({ meta }) => meta.id === CORRECT_BIAS) ? [{ pass: CORRECT_BIAS }] : [];
  }

  /** Where trying it helped a layer that is rounded. */
  #equalizeHelps(report: SensitivityReport, choice: Readonly<Record<string, LayerOption>>): boolean {
    return report.layers.some(
      ({ layer, fixes }) =>
        choice[layer] !== 'fp32' &&
        fixes.some(({ changes }) => changes.some(({ pass }) => pass === EQUALIZE)),
    );
  }

  #bytes(recipe: Recipe): number {
    return predictSize(this.#found.skeleton, recipe).bytes;
  }
}
