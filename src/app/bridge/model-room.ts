/**
 * The studio worker as the page sees it: models that are open, questions about them and their variants, and all of them
 * again after the worker was lost. It keeps files and recipes. It must not know data or measurements.
 */
import type { ErrorRecord, Result } from '../../core/errors.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type {
  DownloadFile,
  JobProgressMessage,
  ModelSummary,
  OpenFile,
  StudioWorkerApi,
  VariantSummary,
} from '../../worker/api.ts';
import type { WorkerLink } from './lifeline.ts';
import { RESTORE_JOB, ServingLine, type AskOptions } from './serving-line.ts';
import type { CallOptions, VariantOptions } from './studio.ts';

export type SpawnStudio = (
  onProgress: (message: JobProgressMessage) => void,
) => Promise<WorkerLink<StudioWorkerApi>>;

/** What brings a model back after its worker was lost. */
interface OpenModel {
  readonly files: readonly OpenFile[];
  readonly recipes: Map<string, Recipe>;
  /** Why it could not be brought back. */
  lost?: ErrorRecord;
}

export class ModelRoom {
  readonly #models = new Map<string, OpenModel>();
  readonly #line: ServingLine<StudioWorkerApi>;

  constructor(spawn: SpawnStudio) {
    this.#line = new ServingLine<StudioWorkerApi>({
      spawn,
      restore: async (ask) => {
        for (const model of this.#models.values()) {
          const opened = await ask((api) => api.reopen(RESTORE_JOB, model.files));
          delete model.lost;
          if (!opened.ok) model.lost = opened.error;
        }
      },
    });
  }

  async open(files: readonly OpenFile[], options: CallOptions): Promise<Result<ModelSummary>> {
    const opened = await this.#line.ask(options, (api, job) => api.open(job, files));
    if (opened.ok) this.#models.set(opened.value.modelId, { files, recipes: new Map() });
    return opened;
  }

  async close(modelId: string): Promise<Result<null>> {
    if (!this.#models.delete(modelId)) return { ok: true, value: null };
    return this.#line.ask({}, (api) => api.close(modelId));
  }

  async makeVariant(
    modelId: string,
    recipe: Recipe,
    options: VariantOptions,
  ): Promise<Result<VariantSummary>> {
    const made = await this.ask(modelId, options, (api, job) => api.makeVariant(job, modelId, recipe));
    if (made.ok) this.knowVariant(modelId, made.value.variantId, recipe);
    return made;
  }

  knowVariant(modelId: string, variantId: string, recipe: Recipe): void {
    this.#models.get(modelId)?.recipes.set(variantId, recipe);
  }

  dropVariant(modelId: string, variantId: string): Promise<Result<null>> {
    this.#models.get(modelId)?.recipes.delete(variantId);
    return this.ask(modelId, { urgent: true }, (api) => api.dropVariant(modelId, variantId));
  }

  /** One question about an open model, in its turn. */
  async ask<T>(
    modelId: string,
    options: AskOptions,
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    // A worker that was lost is made anew, and its models with it, before anything is said of them.
    const answer = await this.#line.ask(options, work);
    if (answer.ok || answer.error.code === 'cancelled') return answer;
    return { ok: false, error: this.#models.get(modelId)?.lost ?? answer.error };
  }

  /** The same about a variant, which is made again first where the worker no longer has it. */
  askOfVariant<T>(
    modelId: string,
    variantId: string | null,
    options: AskOptions,
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.ask(modelId, options, async (api, job) => {
      const recipe = variantId === null ? undefined : this.#models.get(modelId)?.recipes.get(variantId);
      if (recipe !== undefined) {
        const made = await api.makeVariant(job, modelId, recipe);
        if (!made.ok) return made;
      }
      return work(api, job);
    });
  }

  /** Whole files, to run the model elsewhere. */
  files(
    modelId: string,
    variantId: string | null,
    signal: AbortSignal,
  ): Promise<Result<readonly DownloadFile[]>> {
    return this.askOfVariant(modelId, variantId, { signal, urgent: true }, (api) =>
      api.files(modelId, variantId),
    );
  }

  dispose(): void {
    this.#line.dispose();
  }
}
