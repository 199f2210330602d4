/**
 * The studio worker's work without its transport: opens models, makes variants, answers questions about them. Models
 * never change; what a variant does not touch it shares. It must not know Comlink, jobs or pages.
 */
import type { BytePart, ByteSource } from '../core/bytes/source.ts';
import type { DoctorReport } from '../core/doctor/types.ts';
import { PareError } from '../core/errors.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import type { Model } from '../core/onnx/ir.ts';
import { externalLocations, readModel } from '../core/onnx/read.ts';
import { assertValid } from '../core/onnx/verify.ts';
import { listWeights, type WeightLayer } from '../core/onnx/weights.ts';
import { writeModel } from '../core/onnx/write.ts';
import { applyRecipe } from '../core/passes/manager.ts';
import type { PassOutcome } from '../core/passes/types.ts';
import { countCostsByRunning, type Dimensions } from '../core/profile/costs.ts';
import { layerNodes } from '../core/profile/layer-nodes.ts';
import type { CostSummary, ProfileResult } from '../core/profile/types.ts';
import { makeSkeleton } from '../core/recipe/make-skeleton.ts';
import { parseRecipe } from '../core/recipe/parse.ts';
import type { SizeSkeleton } from '../core/recipe/skeleton.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import type { SensitivityReport, SensitivityRequest, TuneRequest, TuneResult } from '../core/search/types.ts';
import { outlineOf, type GraphOutline } from '../core/report/outline.ts';
import type { TargetId } from '../core/targets/types.ts';
import type { PictureDecoder } from '../data/types.ts';
import { createKernels } from '../kernels/dispatch.ts';
import { guessSizes } from '../runtime/guess-sizes.ts';
import type {
  CalibrationInfo,
  DownloadFile,
  LayerDetail,
  MeasureData,
  ModelSummary,
  OpenFile,
  VariantSummary,
} from './api.ts';
import { blobOf } from './blob-parts.ts';
import { openSource } from './cached-source.ts';
import { chooseModel } from './choose-model.ts';
import { examineModel } from './examine.ts';
import { heapBytes } from './heap-bytes.ts';
import { modelIdOf, variantIdOf } from './identity.ts';
import type { Checkpoint } from './jobs.ts';
import { describeLayer } from './layer-detail.ts';
import { infoOf, ModelCalibration } from './model-calibration.ts';
import { dataIdOf, openData as openDataset } from './open-data.ts';
import { makeVariant, variantFileName, type VariantHost } from './make-variant.ts';
import {
  LEAST_STATISTICS_SAMPLES,
  searchRecipes,
  searchSensitivity,
  type SearchHost,
} from './search-model.ts';
import { summarizeModel } from './summary.ts';
import { VariantShelf } from './variant-shelf.ts';
import type { NamedBlob } from './zip.ts';

export interface WorkshopTools {
  readonly runner: GraphRunner;
  /** Milliseconds, monotonic. */
  now(): number;
  /** Reads pictures of calibration samples; absent where the host has no codecs. */
  readonly decoder?: PictureDecoder | undefined;
}

interface OpenedModel {
  readonly model: Model;
  readonly fileName: string;
  readonly weights: readonly WeightLayer[];
  readonly original: readonly NamedBlob[];
  readonly variants: VariantShelf<KeptVariant>;
  /** What *simplify* made of it. */
  readonly firstOutcomes: Map<string, PassOutcome>;
  /** What methods may look at. */
  readonly calibration: ModelCalibration;
  simplified?: SizeSkeleton;
}

interface KeptVariant {
  readonly summary: VariantSummary;
  readonly files: readonly NamedBlob[];
  /** With compressed weights as data. */
  readonly logical: Model;
  readonly heldBytes: number;
}

/** Small models: a long history at hand. Large ones: about as much as two more models. */
const SHELF_BYTES = 256 * 1024 * 1024;
const SHELF_MODELS = 2;

export class Workshop {
  readonly #tools: WorkshopTools;
  readonly #kernels = createKernels();
  readonly #models = new Map<string, OpenedModel>();

  constructor(tools: WorkshopTools) {
    this.#tools = tools;
  }

  /** Nothing that is open changes unless the new model can be opened. */
  async open(files: readonly OpenFile[], checkpoint: Checkpoint): Promise<ModelSummary> {
    const loaded = await load(files, checkpoint);
    const { model, modelId, fileName, weights, bytes } = loaded;
    const skeleton = await makeSkeleton(model, {
      checkpoint: (fraction, doing) => checkpoint(LOADED + (1 - LOADED) * fraction, doing),
    });
    this.#keep(loaded);
    return { modelId, fileName, bytes, skeleton, ...summarizeModel(model, weights) };
  }

  /** Brings back what a lost worker had open; nobody waits for its summary. Gives the model's id. */
  async reopen(files: readonly OpenFile[], checkpoint: Checkpoint): Promise<string> {
    const loaded = await load(files, checkpoint);
    this.#keep(loaded);
    return loaded.modelId;
  }

  #keep({ modelId, model, fileName, weights, original, bytes }: LoadedModel): void {
    const variants = new VariantShelf<KeptVariant>(Math.max(SHELF_BYTES, SHELF_MODELS * bytes));
    const calibration = new ModelCalibration(model, this.#tools.runner);
    const firstOutcomes = new Map<string, PassOutcome>();
    this.#models.set(modelId, { model, fileName, weights, original, variants, firstOutcomes, calibration });
  }

  close(modelId: string): void {
    this.#models.delete(modelId);
  }

  async simplifiedSkeleton(modelId: string, checkpoint: Checkpoint): Promise<SizeSkeleton> {
    const opened = this.#model(modelId);
    if (opened.simplified === undefined) {
      const recipe = { seed: 1, steps: [{ pass: 'simplify' }] };
      const context = { ...this.#host(opened, checkpoint), kernels: this.#kernels };
      const { logical } = await applyRecipe(opened.model, recipe, context);
      opened.simplified = await makeSkeleton(logical, { simplified: true, checkpoint });
    }
    return opened.simplified;
  }

  /** The one that is kept, if it is. */
  async makeVariant(modelId: string, input: unknown, checkpoint: Checkpoint): Promise<VariantSummary> {
    const opened = this.#model(modelId);
    const recipe = parseRecipe(input);
    const calibration = opened.calibration.forRecipe(recipe);
    const samples = calibration?.samples;
    // Made-up inputs are the same for everybody.
    const variantId = variantIdOf(modelId, recipe, samples?.origin === 'samples' ? samples.key : undefined);
    const known = opened.variants.get(variantId);
    if (known !== undefined) return known.summary;
    const fileName = variantFileName(opened.fileName);
    const host = { ...this.#host(opened, checkpoint), calibration };
    const made = await makeVariant(opened.model, recipe, fileName, host);
    const summary: VariantSummary = {
      variantId,
      recipe,
      bytes: made.bytes,
      fileName,
      millis: made.millis,
      steps: made.steps,
      kernels: made.kernels,
      ...(made.samples === undefined ? {} : { calibration: infoOf(made.samples) }),
    };
    const shared = [...opened.firstOutcomes.values()].map((outcome) => outcome.model);
    const heldBytes = made.bytes + heapBytes(made.logical, shared);
    const files = namedBlobs(fileName, made.written);
    opened.variants.put(variantId, { summary, files, logical: made.logical, heldBytes });
    return summary;
  }

  /**
   * Sets what methods may look at from now on.
   * @param data null = made-up inputs
   * @throws PareError `usage` where the description sets no samples aside; as openDataset does
   */
  async calibrate(
    modelId: string,
    data: MeasureData | null,
    samples: number,
    checkpoint: Checkpoint,
  ): Promise<CalibrationInfo> {
    const { calibration } = this.#model(modelId);
    if (data === null) return calibration.set(undefined, samples);
    const { decoder } = this.#tools;
    if (decoder === undefined)
      throw new PareError('internal', 'The studio worker has no codecs to read data with.');
    const dataset = await openDataset(data.files, decoder, checkpoint);
    return calibration.set({ dataset, config: data.config, dataId: await dataIdOf(data.files) }, samples);
  }

  async layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<LayerDetail> {
    const { weights } = this.#model(modelId);
    const base = weights.find(({ id }) => id === layerId);
    if (base === undefined) {
      throw new PareError('layer-unknown', `The model has no layer "${layerId}".`, { at: layerId });
    }
    const variant = variantId === null ? undefined : this.#variant(modelId, variantId);
    const changed = variant && listWeights(variant.logical).find(({ id }) => id === layerId);
    return describeLayer(base, changed, this.#kernels);
  }

  /** @param dimensions sizes of free dimensions; the likeliest guess where one is missing. */
  async costs(modelId: string, variantId: string | null, dimensions: Dimensions): Promise<CostSummary> {
    const model = this.#logical(modelId, variantId);
    return countCostsByRunning(model, guessSizes(model, dimensions), this.#tools.runner);
  }

  /** Which layer is guilty, on what `calibrate` has set. */
  async sensitivity(
    modelId: string,
    request: SensitivityRequest,
    checkpoint: Checkpoint,
  ): Promise<SensitivityReport> {
    return searchSensitivity(await this.#searchHost(modelId, request.samples, checkpoint), request);
  }

  /** Recipes of mixed precision, on what `calibrate` has set. */
  async tune(modelId: string, request: TuneRequest, checkpoint: Checkpoint): Promise<TuneResult> {
    return searchRecipes(await this.#searchHost(modelId, request.samples, checkpoint), request);
  }

  async #searchHost(modelId: string, samples: number, checkpoint: Checkpoint): Promise<SearchHost> {
    const opened = this.#model(modelId);
    const quiet: Checkpoint = (_, doing) => checkpoint(0, doing);
    return {
      runner: this.#tools.runner,
      now: () => this.#tools.now(),
      checkpoint,
      firstOutcomes: opened.firstOutcomes,
      model: opened.model,
      calibration: opened.calibration.withSamples(Math.max(samples, LEAST_STATISTICS_SAMPLES)),
      rounding: opened.calibration.withSamples(DEFAULT_CALIBRATION_SAMPLES),
      skeleton: await this.simplifiedSkeleton(modelId, quiet),
    };
  }

  layerNodes(modelId: string, variantId: string | null): Readonly<Record<string, readonly string[]>> {
    return layerNodes(this.#logical(modelId, variantId));
  }

  /** With weights as data: what decodes them is not drawn. */
  outline(modelId: string, variantId: string | null): GraphOutline {
    return outlineOf(this.#logical(modelId, variantId));
  }

  /** Of what would be downloaded, on what `calibrate` has set. */
  examine(
    modelId: string,
    variantId: string | null,
    target: TargetId,
    profile: ProfileResult | undefined,
    checkpoint: Checkpoint,
  ): Promise<DoctorReport> {
    const { model: original, calibration } = this.#model(modelId);
    const patient = { original, profile, calibration: calibration.withSamples(DEFAULT_CALIBRATION_SAMPLES) };
    if (variantId === null) return examineModel(patient, target, checkpoint);
    const { files, logical, summary } = this.#variant(modelId, variantId);
    const variant = { files, logical, calibratedOn: summary.calibration };
    return examineModel({ ...patient, variant }, target, checkpoint);
  }

  files(modelId: string, variantId: string | null): readonly NamedBlob[] {
    return variantId === null ? this.#model(modelId).original : this.#variant(modelId, variantId).files;
  }

  dropVariant(modelId: string, variantId: string): void {
    this.#models.get(modelId)?.variants.delete(variantId);
  }

  #host({ firstOutcomes }: OpenedModel, checkpoint: Checkpoint): VariantHost {
    return { runner: this.#tools.runner, now: () => this.#tools.now(), checkpoint, firstOutcomes };
  }

  /** With weights as data: what decodes them is folded when a runtime loads the file. */
  #logical(modelId: string, variantId: string | null): Model {
    return variantId === null ? this.#model(modelId).model : this.#variant(modelId, variantId).logical;
  }

  #model(modelId: string): OpenedModel {
    const opened = this.#models.get(modelId);
    if (opened !== undefined) return opened;
    throw new PareError('usage', 'This model is not open any more.', { hint: 'Open it again.' });
  }

  #variant(modelId: string, variantId: string): KeptVariant {
    const variant = this.#model(modelId).variants.get(variantId);
    if (variant !== undefined) return variant;
    throw new PareError('usage', 'This variant is not there any more.', {
      hint: 'Make it again from its recipe.',
    });
  }
}

interface LoadedModel extends Pick<OpenedModel, 'model' | 'fileName' | 'weights' | 'original'> {
  readonly modelId: string;
  /** All files together. */
  readonly bytes: number;
}

/** Share of the progress bar that loading takes when a model is opened. */
const LOADED = 0.3;

/** @throws PareError as chooseModel, readModel and assertValid do */
async function load(files: readonly OpenFile[], checkpoint: Checkpoint): Promise<LoadedModel> {
  await checkpoint(0, 'reading the file');
  const { model: modelFile, beside } = await chooseModel(files, ({ file }) => readsAsModel(file));
  const source = await openSource(modelFile.file);
  const model = readModel(source, { files: await openData(source, beside) });
  await checkpoint(LOADED / 2, 'checking the graph');
  assertValid(model);
  const weights = listWeights(model);
  const written = writeModel(model);
  const fileName = baseName(modelFile.path);
  const original = namedBlobs(fileName, written);
  await checkpoint(LOADED, 'naming the model');
  const modelId = modelIdOf([source, ...usedSources(written.data)]);
  const bytes = original.reduce((total, { blob }) => total + blob.size, 0);
  return { model, modelId, fileName, weights, original, bytes };
}

export function downloadFile({ name, blob }: NamedBlob): DownloadFile {
  return { name, parts: [blob] };
}

/** Opens what the model names; the rest of a dropped folder stays unread. */
async function openData(
  model: ByteSource,
  beside: ReadonlyMap<string, OpenFile>,
): Promise<ReadonlyMap<string, ByteSource>> {
  const data = new Map<string, ByteSource>();
  if (beside.size === 0) return data;
  const locations = externalLocations(readModel(model, { missingExternal: 'allow' }));
  // The reader finds a file by its name where a browser gave no folder.
  const names = new Set([...locations].map(baseName));
  for (const [path, { file }] of beside) {
    if (names.has(baseName(path))) data.set(path, await openSource(file));
  }
  return data;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function readsAsModel(file: Blob): Promise<boolean> {
  try {
    readModel(await openSource(file), { missingExternal: 'allow' });
    return true;
  } catch (error) {
    if (error instanceof PareError) return false;
    throw error;
  }
}

function namedBlobs(
  fileName: string,
  {
    model,
    data,
  }: { model: readonly BytePart[]; data: readonly { name: string; parts: readonly BytePart[] }[] },
): NamedBlob[] {
  return [
    { name: fileName, blob: blobOf(model) },
    ...data.map(({ name, parts }) => ({ name, blob: blobOf(parts) })),
  ];
}

function usedSources(data: readonly { parts: readonly BytePart[] }[]): ByteSource[] {
  return data.flatMap(({ parts }) =>
    parts.flatMap((part) => (part instanceof Uint8Array ? [] : [part.source])),
  );
}
