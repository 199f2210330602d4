/** Workers with a memory like the real ones: what they held is gone when they are. Everything they are asked is logged. */
import type { DataSummary, PreviewSample, Proposal, SplitReport } from '../../../core/dataset/types.ts';
import type { ErrorRecord, Result } from '../../../core/errors.ts';
import type { ClassRecord, SampleRecord } from '../../../core/metrics/tasks/types.ts';
import type { CostSummary, ProfileResult } from '../../../core/profile/types.ts';
import { looksAtData } from '../../../core/recipe/looks-at-data.ts';
import type { Recipe } from '../../../core/recipe/types.ts';
import type { DeviceSpeed, SensitivityReport, TuneResult } from '../../../core/search/types.ts';
import type {
  DataWorkerApi,
  Evaluation,
  EvaluationSetup,
  JobProgressMessage,
  LayerDetail,
  MeasureRequest,
  MeasureResult,
  MeasureWorkerApi,
  ModelSummary,
  ProfileRequest,
  StudioWorkerApi,
  VariantSummary,
} from '../../../worker/api.ts';
import { createStudioOn } from '../create-studio.ts';

const value = <T>(of: T) => Promise.resolve({ ok: true as const, value: of });
const failure = (code: ErrorRecord['code']) =>
  Promise.resolve({ ok: false as const, error: { code, message: code } });

/** A recipe that ends the runtime of its worker, and a measurement that never answers. */
export const BREAKING_SEED = 66;
export const DEAF_SEED = 99;

export interface FakeOptions {
  readonly cores?: number;
  readonly samples?: number;
  /** Of one sample, on the fake clock. */
  readonly sampleMillis?: number;
  /** Called before each range; a code makes it fail. `worker` counts from 1. */
  readonly onRange?: (worker: number, from: number, to: number) => ErrorRecord['code'] | 'never' | undefined;
  readonly onOpenEvaluation?: (worker: number) => ErrorRecord['code'] | undefined;
}

export function record(index: number): ClassRecord {
  return { kind: 'class', index, truth: 0, predicted: 0, confidence: 1, rank: 0 };
}

/** Like the real one: recipes that look at samples name their variants by them. */
function variantOf(id: string, recipe: Recipe, samples: string | undefined): string {
  return looksAtData(recipe) ? `${id}-v on ${samples ?? 'made-up inputs'}` : `${id}-v`;
}

export function fakeHost({
  cores = 2,
  samples = 100,
  sampleMillis = 1,
  onRange = () => undefined,
  onOpenEvaluation = () => undefined,
}: FakeOptions = {}) {
  const log: string[] = [];
  const unreadable = new Set<string>();
  const slow = new Set<string>();
  const crashes: ((error: ErrorRecord) => void)[] = [];
  const dataCrashes: ((error: ErrorRecord) => void)[] = [];
  const requests: (MeasureRequest | ProfileRequest | EvaluationSetup)[] = [];
  const concluded: { baseline: readonly SampleRecord[]; variant: readonly SampleRecord[] | null }[] = [];
  const crashed = (list: ((error: ErrorRecord) => void)[]) =>
    new Promise<ErrorRecord>((resolve) => list.push(resolve));
  /** All workers run at once on this clock: each adds what its samples take, shared by those that are there. */
  let clock = 0;
  let running = 0;
  let spawned = 0;

  const spawnStudio = (report: (message: JobProgressMessage) => void) => {
    log.push('spawn');
    const models = new Set<string>();
    const variants = new Set<string>();
    /** Of each model, what it was told to look at. */
    const samplesOf = new Map<string, string>();
    const api: StudioWorkerApi = {
      connect: () => value(null),
      open: async (job, files) => {
        const text = await files[0].file.text();
        log.push(`open ${text} as job ${job}`);
        if (unreadable.has(text)) return failure('not-a-file');
        models.add(text);
        report({ job, fraction: 0.5, doing: 'reading' });
        report({ job, fraction: 0.2, doing: 'still reading' });
        return value({ modelId: text } as ModelSummary);
      },
      reopen: async (job, files) => {
        const text = await files[0].file.text();
        log.push(`reopen ${text} as job ${job}`);
        if (slow.has(text)) return new Promise(() => undefined);
        if (unreadable.has(text)) return failure('not-a-file');
        models.add(text);
        return value(text);
      },
      close: (id) => {
        log.push(`close ${id}`);
        return value(null);
      },
      simplifiedSkeleton: () => new Promise(() => undefined),
      makeVariant: (_job, id, recipe) => {
        const { seed } = recipe;
        if (seed === BREAKING_SEED) return failure('runtime-crashed');
        if (!models.has(id)) return failure('usage');
        if (!variants.has(id)) log.push(`make of ${id}`);
        variants.add(id);
        return value({ variantId: variantOf(id, recipe, samplesOf.get(id)) } as VariantSummary);
      },
      calibrate: (_job, id, data, count) => {
        const description = data === null ? 'made-up inputs' : `${count} of ${data.config.name}`;
        log.push(`calibrate ${id} with ${description}`);
        samplesOf.set(id, description);
        return value({
          origin: data === null ? 'synthetic' : 'samples',
          description,
          count,
          key: description,
        });
      },
      sensitivity: (_job, id) => {
        log.push(`sensitivity of ${id} on ${samplesOf.get(id) ?? 'nothing'}`);
        return value({ layers: [], notMeasured: [] } as unknown as SensitivityReport);
      },
      tune: (_job, id) => {
        log.push(`tune ${id} on ${samplesOf.get(id) ?? 'nothing'}`);
        return value({ candidates: [] } as unknown as TuneResult);
      },
      examine: (_job, _id, _variant, target) => value({ target, findings: [], checked: [], notChecked: [] }),
      outline: (id) => value({ nodes: [], edges: [], inputs: [id], outputs: [] }),
      layerDetail: (_id, variant, layerId) =>
        variant === null || variants.has(variant.replace(/-v.*$/, ''))
          ? value({ layerId } as LayerDetail)
          : failure('usage'),
      costs: (_job, id, variant) => value({ macs: `${id} ${variant}`.length } as CostSummary),
      layerNodes: (_job, id) => value({ layer: [`node of ${id}`] }),
      files: (id, variant) => value([{ name: `${id}.${variant ?? 'original'}`, parts: ['bytes'] }]),
      download: (_job, id) => value([{ name: `${id}.pare.onnx`, parts: ['by', 'tes'] }]),
      dropVariant: () => value(null),
      cancel: () => undefined,
    };
    return Promise.resolve({
      crashed: crashed(crashes),
      requestStop: () => undefined,
      terminate: () => void log.push('kill'),
      api,
    });
  };

  const spawnData = () => {
    log.push('spawn data');
    const sets = new Set<string>();
    const known = <T>(dataId: string, of: T): Promise<Result<T>> =>
      sets.has(dataId) ? value(of) : failure('usage');
    const api: DataWorkerApi = {
      connect: () => value(null),
      open: async (job, files) => {
        const text = await files[0].file.text();
        log.push(`open data ${text} as job ${job}`);
        if (unreadable.has(text)) return failure('data-invalid');
        sets.add(text);
        return value({ dataId: text, samples } as DataSummary);
      },
      close: (dataId) => {
        log.push(`close data ${dataId}`);
        sets.delete(dataId);
        return value(null);
      },
      check: (_job, dataId) => known(dataId, { excluded: 0 } as SplitReport),
      duplicates: (_job, dataId) => known(dataId, { checked: samples, groups: [], total: 0, removable: [] }),
      conclude: (_job, dataId, _config, part, baseline, variant) => {
        concluded.push({ baseline, variant });
        return known(dataId, { dataId, part } as Omit<Evaluation, 'millis' | 'workers'>);
      },
      thumbnails: (_job, dataId) => known(dataId, []),
      cancel: () => undefined,
    };
    return Promise.resolve({
      crashed: crashed(dataCrashes),
      requestStop: () => undefined,
      terminate: () => void log.push('kill data'),
      api,
    });
  };

  const spawnMeasure = (provider: 'wasm' | 'webgpu') => {
    log.push(`spawn measure ${provider}`);
    const worker = ++spawned;
    let evaluating = false;
    const api: MeasureWorkerApi = {
      connect: () => value(null),
      cancel: () => undefined,
      measure: (_job, request) => {
        requests.push(request);
        return request.seed === DEAF_SEED
          ? new Promise(() => undefined)
          : value({ notMeasured: [] } as unknown as MeasureResult);
      },
      profile: (_job, request) => {
        requests.push(request);
        return value({ runs: 3 } as ProfileResult);
      },
      propose: (_job, model, data, seed) =>
        value([{ evidence: `${model[0].name} ${data[0].path} ${seed}` } as Proposal]),
      preview: (_job, setup, indices) => {
        requests.push(setup);
        return value(indices.map((index) => ({ index }) as PreviewSample));
      },
      benchmark: (_job, threads) => {
        log.push(`benchmark ${threads}`);
        return value({ threads, source: 'measured' } as DeviceSpeed);
      },
      parity: (_job, request, data) => {
        requests.push(request);
        log.push(`parity on ${data === undefined ? 'made-up inputs' : data.config.name}`);
        return value([]);
      },
      openEvaluation: (_job, setup) => {
        requests.push(setup);
        const code = onOpenEvaluation(worker);
        if (code !== undefined) return failure(code);
        running++;
        evaluating = true;
        return value({ samples });
      },
      evaluate: async (_job, from, to) => {
        const code = onRange(worker, from, to);
        if (code === 'never') return new Promise(() => undefined);
        if (code !== undefined) return failure(code);
        clock += ((to - from) * sampleMillis) / running;
        // Ranges of several workers end in turns.
        await new Promise((done) => setTimeout(done));
        log.push(`worker ${worker}: ${from}–${to}`);
        return value(Array.from({ length: to - from }, (_, i) => record(from + i)));
      },
    };
    return Promise.resolve({
      crashed: new Promise<ErrorRecord>(() => undefined),
      requestStop: () => undefined,
      terminate: () => {
        log.push('kill measure');
        if (evaluating) running--;
        evaluating = false;
      },
      api,
    });
  };

  const studio = createStudioOn({
    capabilities: { crossOriginIsolated: true, cores, webgpu: false },
    spawnStudio,
    spawnData,
    spawnMeasure,
    now: () => clock,
  });
  return { studio, log, crashes, dataCrashes, requests, concluded, unreadable, slow };
}
