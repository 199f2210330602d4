/** A Studio whose answers the test gives by hand: every call waits until it is settled, and can be looked at. */
import type { DataConfig, DataSummary } from '../../../core/dataset/types.ts';
import type { ErrorRecord, Result } from '../../../core/errors.ts';
import type { TaskComparison, TaskSummary } from '../../../core/metrics/tasks/types.ts';
import type { Recipe } from '../../../core/recipe/types.ts';
import type { SensitivityRequest, TuneRequest } from '../../../core/search/types.ts';
import type { Evaluation, MeasureResult, ModelSummary, VariantSummary } from '../../../worker/api.ts';
import type { CallOptions, Studio } from '../../bridge/studio.ts';

export interface PendingCall {
  readonly name: string;
  readonly options: CallOptions;
  readonly recipe: Recipe | undefined;
  readonly variantId: string | null | undefined;
  readonly config: DataConfig | undefined;
  readonly request: SensitivityRequest | TuneRequest | undefined;
  readonly part: string | undefined;
  readonly samples: number | undefined;
  succeed(value: unknown): Promise<void>;
  fail(error: ErrorRecord): Promise<void>;
}

export interface FakeStudio {
  readonly studio: Studio;
  readonly calls: PendingCall[];
  /** The newest call of that name that was not aborted. */
  last(name: string): PendingCall;
}

const CANCELLED: ErrorRecord = { code: 'cancelled', message: 'cancelled' };

/** Lets every promise that is ready run its continuation. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export function fakeStudio(): FakeStudio {
  const calls: PendingCall[] = [];
  const pending = <T>(
    name: string,
    options: CallOptions = {},
    about: Partial<
      Pick<PendingCall, 'recipe' | 'variantId' | 'config' | 'request' | 'samples' | 'part'>
    > = {},
  ): Promise<Result<T>> =>
    new Promise((resolve) => {
      const stop = (): void => resolve({ ok: false, error: CANCELLED });
      const answer = async (result: Result<T>): Promise<void> => {
        options.signal?.removeEventListener('abort', stop);
        resolve(result);
        await settle();
      };
      options.signal?.addEventListener('abort', stop);
      calls.push({
        name,
        options,
        recipe: about.recipe,
        variantId: about.variantId,
        config: about.config,
        request: about.request,
        samples: about.samples,
        part: about.part,
        succeed: (value) => answer({ ok: true, value: value as T }),
        fail: (error) => answer({ ok: false, error }),
      });
    });
  const studio: Studio = {
    capabilities: { crossOriginIsolated: true, cores: 2, webgpu: false },
    open: (_files, options) => pending('open', options),
    openSample: (options) => pending('openSample', options),
    simplifiedSkeleton: (_model, options) => pending('simplifiedSkeleton', options),
    makeVariant: (_model, recipe, options) => pending('makeVariant', options, { recipe }),
    measure: (_model, variantId, _how, options, data) =>
      pending('measure', options, { variantId, ...(data ? { config: data.config } : {}) }),
    knowVariant: (_model, variantId, recipe, madeWith) =>
      void pending(
        'knowVariant',
        {},
        {
          variantId,
          recipe,
          samples: madeWith?.samples,
          config: madeWith?.data?.config,
        },
      ),
    profile: (_model, variantId, _how, options) => pending('profile', options, { variantId }),
    costs: (_model, variantId) => pending('costs', {}, { variantId }),
    addData: (_files, options) => pending('addData', options),
    addSampleData: (options) => pending('addSampleData', options),
    closeData: () => pending('closeData'),
    proposeData: (_model, _data, options) => pending('proposeData', options),
    previewData: (_model, _data, config, _indices, options) => pending('previewData', options, { config }),
    checkData: (_data, config) => pending('checkData', {}, { config }),
    findDuplicates: (_data, options) => pending('findDuplicates', options),
    evaluate: (_model, variantId, _data, config, { part }, options) =>
      pending('evaluate', options, { variantId, config, part }),
    thumbnails: () => pending('thumbnails'),
    calibrate: (_model, data, samples, options) =>
      pending('calibrate', options, { samples, ...(data === null ? {} : { config: data.config }) }),
    sensitivity: (_model, request, options) => pending('sensitivity', options, { request }),
    tune: (_model, request, options) => pending('tune', options, { request }),
    examine: (_model, variantId, _target, options) => pending('examine', options, { variantId }),
    outline: (_model, variantId) => pending('outline', {}, { variantId }),
    benchmark: (_threads, options) => pending('benchmark', options),
    parity: (_model, variantId, _how, options, data) =>
      pending('parity', options, { variantId, ...(data ? { config: data.config } : {}) }),
    layerDetail: (_model, variantId) => pending('layerDetail', {}, { variantId }),
    download: (_model, variantId) => pending('download', {}, { variantId }),
    dropVariant: (_model, variantId) => pending('dropVariant', {}, { variantId }),
    close: () => pending('close'),
    dispose: () => undefined,
  };
  const last = (name: string): PendingCall => {
    const found = calls.findLast((call) => call.name === name && call.options.signal?.aborted !== true);
    if (found === undefined)
      throw new Error(`no live call of ${name}; calls: ${calls.map((c) => c.name).join(', ')}`);
    return found;
  };
  return { studio, calls, last };
}

export function modelSummary(over: Partial<ModelSummary> = {}): ModelSummary {
  return {
    modelId: 'm1',
    fileName: 'model.onnx',
    bytes: 1000,
    parameters: 200,
    weightBytes: 800,
    nodes: 10,
    irVersion: 8,
    opset: 17,
    producer: '',
    inputs: [],
    outputs: [],
    layers: [],
    remarks: [],
    externalData: false,
    // The prediction is another module's business; only its identity matters here.
    skeleton: { bytes: 1000, layers: [] } as unknown as ModelSummary['skeleton'],
    ...over,
  };
}

export function variantSummary(variantId: string, recipe: Recipe, bytes: number): VariantSummary {
  return { variantId, recipe, bytes, fileName: 'model.pare.onnx', millis: 1, steps: [], kernels: {} };
}

export function measureResult(over: Partial<MeasureResult> = {}): MeasureResult {
  return {
    latency: {
      source: 'measured',
      provider: 'wasm',
      threads: 1,
      inputs: 'data',
      originalMillis: 10,
      variantMillis: 8,
      originalInterval: { low: 9.9, high: 10.1 },
      variantInterval: { low: 7.9, high: 8.1 },
      speedup: 1.25,
      speedupInterval: { low: 1.2, high: 1.3 },
      runs: 100,
      discarded: 10,
      createMillis: { original: 5, variant: 6 },
      originalP90Millis: 10.5,
      originalP99Millis: 11,
      variantP90Millis: 8.5,
      variantP99Millis: 9,
      firstRunMillis: { original: 40, variant: 20 },
      noise: { spread: 0.03, word: 'quiet' },
    },
    agreement: {
      source: 'measured',
      inputs: 'synthetic',
      samples: 8,
      cosine: 0.999,
      sqnrDb: 30,
      outputs: [],
    },
    memory: { source: 'measured', originalBytes: 5000, variantBytes: 4000 },
    notMeasured: [],
    machine: { cores: 2, userAgent: 'test', runtime: 'test', crossOriginIsolated: true },
    ...over,
  };
}

export function dataSummary(dataId = 'd1', over: Partial<DataSummary> = {}): DataSummary {
  return {
    dataId,
    name: 'photos',
    kind: 'images',
    bytes: 100,
    samples: 9,
    labelled: 9,
    label: 'class',
    classes: [],
    groups: [],
    sources: [],
    problems: [],
    ...over,
  };
}

export function dataConfig(over: Partial<DataConfig> = {}): DataConfig {
  return {
    format: 'pare-data',
    version: 1,
    name: 'photos',
    inputs: {},
    task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 0 },
    classes: ['cat', 'dog'],
    split: { seed: 1, calibration: 0, holdBack: 0 },
    exclude: [],
    ...over,
  };
}

/** 0.80 of the original against `value`; the interval is 0.01 wide on both sides. */
export function evaluation(value = 0.8, over: Partial<TaskComparison> = {}): Evaluation {
  const summary = (of: number): TaskSummary => ({
    main: 'top1',
    value: of,
    interval: { low: of - 0.02, high: of + 0.02 },
    higherIsBetter: true,
    n: 9,
    metrics: { top1: of },
    perClass: [],
    confusion: [],
    failed: [],
  });
  const difference = value - 0.8;
  const comparison: TaskComparison = {
    metric: 'top1',
    higherIsBetter: true,
    baseline: 0.8,
    value,
    difference,
    interval: { low: difference - 0.01, high: difference + 0.01 },
    n: 9,
    pValue: null,
    verdict: difference > 0.01 ? 'better' : difference < -0.01 ? 'worse' : 'indistinguishable',
    sentence: '',
    tooFew: null,
    perClass: [],
    perGroup: [],
    lost: 0,
    gained: 0,
    other: 0,
    changed: [],
    confusionChange: [],
    ...over,
  };
  return {
    source: 'measured',
    dataId: 'd1',
    name: 'photos',
    part: 'evaluation',
    summary: { ...summary(value), higherIsBetter: comparison.higherIsBetter, main: comparison.metric },
    baseline: { ...summary(0.8), higherIsBetter: comparison.higherIsBetter, main: comparison.metric },
    comparison,
    millis: 1,
    workers: 1,
  };
}
