/** A Studio whose answers the test gives by hand: every call waits until it is settled, and can be looked at. */
import type { ErrorRecord, Result } from '../../../core/errors.ts';
import type { Recipe } from '../../../core/recipe/types.ts';
import type { MeasureResult, ModelSummary, VariantSummary } from '../../../worker/api.ts';
import type { CallOptions, Studio } from '../../bridge/studio.ts';

export interface PendingCall {
  readonly name: string;
  readonly options: CallOptions;
  readonly recipe: Recipe | undefined;
  readonly variantId: string | null | undefined;
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
    about: { recipe?: Recipe; variantId?: string | null } = {},
  ): Promise<Result<T>> =>
    new Promise((resolve) => {
      const answer = async (result: Result<T>): Promise<void> => {
        resolve(result);
        await settle();
      };
      options.signal?.addEventListener('abort', () => resolve({ ok: false, error: CANCELLED }));
      calls.push({
        name,
        options,
        recipe: about.recipe,
        variantId: about.variantId,
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
    measure: (_model, variantId, _how, options) => pending('measure', options, { variantId }),
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
      originalMillis: 10,
      variantMillis: 8,
      originalInterval: { low: 9.9, high: 10.1 },
      variantInterval: { low: 7.9, high: 8.1 },
      speedup: 1.25,
      speedupInterval: { low: 1.2, high: 1.3 },
      runs: 100,
      discarded: 10,
      createMillis: { original: 5, variant: 6 },
    },
    agreement: {
      source: 'measured',
      inputs: 'synthetic',
      samples: 8,
      cosine: 0.999,
      sqnrDb: 30,
      outputs: [],
    },
    accuracy: null,
    memory: { source: 'measured', originalBytes: 5000, variantBytes: 4000 },
    notMeasured: [{ what: 'accuracy', reason: 'there are no labelled data' }],
    machine: { cores: 2, userAgent: 'test', runtime: 'test', crossOriginIsolated: true },
    ...over,
  };
}
