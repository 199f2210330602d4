/**
 * The studio worker as the page sees it: models that are open, questions about them and their variants, and all of them
 * again after the worker was lost. It keeps files, recipes and which samples a variant was made with. It must not know
 * how data are read, or measurements.
 */
import type { ErrorRecord, Result } from '../../core/errors.ts';
import { looksAtData } from '../../core/recipe/looks-at-data.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type {
  CalibrationInfo,
  DownloadFile,
  JobProgressMessage,
  MeasureData,
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

/** What methods that look at data are told to look at; `data` null = made-up inputs. */
export interface CalibrationOrder {
  readonly data: MeasureData | null;
  readonly samples: number;
}

/** How a variant is made again. */
interface KnownVariant {
  readonly recipe: Recipe;
  /** Null where it looked at no samples. */
  readonly order: CalibrationOrder | null;
}

/** What brings a model back after its worker was lost. */
interface OpenModel {
  readonly files: readonly OpenFile[];
  readonly variants: Map<string, KnownVariant>;
  /** In force; null until somebody asked for one. */
  order: CalibrationOrder | null;
  /** What the present worker was told last. */
  told: CalibrationOrder | null;
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
          // The samples are told when they are needed: reading them takes a while.
          model.told = null;
          if (!opened.ok) model.lost = opened.error;
        }
      },
    });
  }

  async open(files: readonly OpenFile[], options: CallOptions): Promise<Result<ModelSummary>> {
    const opened = await this.#line.ask(options, (api, job) => api.open(job, files));
    if (opened.ok) {
      this.#models.set(opened.value.modelId, { files, variants: new Map(), order: null, told: null });
    }
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
    if (!looksAtData(recipe)) return this.#make(modelId, { recipe, order: null }, options);
    return this.#make(modelId, { recipe, order: this.#models.get(modelId)?.order ?? null }, options);
  }

  async #make(
    modelId: string,
    known: KnownVariant,
    options: VariantOptions,
  ): Promise<Result<VariantSummary>> {
    const made = await this.ask(modelId, options, async (api, job) => {
      const told = await this.#tell(modelId, known.order, api, job);
      return told.ok ? api.makeVariant(job, modelId, known.recipe) : told;
    });
    if (made.ok) this.#models.get(modelId)?.variants.set(made.value.variantId, known);
    return made;
  }

  /** @param order of the samples that it was made with; null where it looked at none */
  knowVariant(
    modelId: string,
    variantId: string,
    recipe: Recipe,
    order: CalibrationOrder | null = null,
  ): void {
    const variants = this.#models.get(modelId)?.variants;
    variants?.set(variantId, { recipe, order: variants.get(variantId)?.order ?? order });
  }

  dropVariant(modelId: string, variantId: string): Promise<Result<null>> {
    this.#models.get(modelId)?.variants.delete(variantId);
    return this.ask(modelId, { urgent: true }, (api) => api.dropVariant(modelId, variantId));
  }

  /** What is looked at from now on; remembered for a worker that takes the place of a lost one. */
  async calibrate(
    modelId: string,
    order: CalibrationOrder,
    options: CallOptions,
  ): Promise<Result<CalibrationInfo>> {
    const told = await this.ask(modelId, options, (api, job) =>
      api.calibrate(job, modelId, order.data, order.samples),
    );
    const model = this.#models.get(modelId);
    if (told.ok && model !== undefined) {
      model.order = order;
      model.told = order;
    }
    return told;
  }

  /** A question whose answer depends on the samples in force. */
  askCalibrated<T>(
    modelId: string,
    options: AskOptions,
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.ask(modelId, options, async (api, job) => {
      const told = await this.#tell(modelId, this.#models.get(modelId)?.order ?? null, api, job);
      return told.ok ? work(api, job) : told;
    });
  }

  /** Unless the worker was told the same last. */
  async #tell(
    modelId: string,
    order: CalibrationOrder | null,
    api: StudioWorkerApi,
    job: string,
  ): Promise<Result<null>> {
    const model = this.#models.get(modelId);
    if (order === null || model === undefined || sameOrder(model.told, order)) return DONE;
    const told = await api.calibrate(job, modelId, order.data, order.samples);
    if (!told.ok) return told;
    model.told = order;
    return DONE;
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
      const known = variantId === null ? undefined : this.#models.get(modelId)?.variants.get(variantId);
      if (known !== undefined) {
        const told = await this.#tell(modelId, known.order, api, job);
        if (!told.ok) return told;
        const made = await api.makeVariant(job, modelId, known.recipe);
        if (!made.ok) return made;
        if (made.value.variantId !== variantId) return OTHER_SAMPLES;
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

/** Its bytes would not be those that were measured. */
const OTHER_SAMPLES: Result<never> = {
  ok: false,
  error: {
    code: 'data-invalid',
    message: 'This variant was made with samples that are not open now, so that it cannot be made again.',
    hint: 'Choose the data again that it was made with, or make it anew from its recipe.',
  },
};

const DONE: Result<null> = { ok: true, value: null };

/** Files and descriptions are immutable, so that the objects are their identity. */
function sameOrder(a: CalibrationOrder | null, b: CalibrationOrder): boolean {
  return (
    a !== null &&
    a.samples === b.samples &&
    a.data?.files === b.data?.files &&
    a.data?.config === b.data?.config
  );
}
