/**
 * Profile and latency lab as commands: both put lines into the store as they come. They take turns with everything
 * else, so that nothing is profiled while something is timed. It must not know workers or React.
 */
import type { ProfileResult } from '../../core/profile/types.ts';
import type { MeasureOptions, Studio, StudioCapabilities } from '../bridge/studio.ts';
import type { LabLine } from './data-state.ts';
import { dataInUse, variantIdOf } from './entries.ts';
import { announce } from './notices.ts';
import type { Pipeline } from './pipeline.ts';
import { ORIGINAL, mostThreads } from './state.ts';
import type { AppStore } from './state.ts';

/** The entry on screen and the original, so that they can be compared side by side. */
export async function profileEntries(store: AppStore, studio: Studio, pipeline: Pipeline): Promise<void> {
  store.setState({ profileError: null });
  await pipeline.command({ kind: 'profile', title: 'Profiling', key: 'profile' }, async (call) => {
    const { model, options, currentId } = store.getState();
    if (model === null) return;
    const known = store.getState().profiles[ORIGINAL];
    const ids = new Set<string>();
    // The original's profile with these options is not made twice for two variants.
    if (currentId === null || currentId === ORIGINAL || known === undefined || !madeWith(known, options)) {
      ids.add(ORIGINAL);
    }
    if (currentId !== null) ids.add(currentId);
    for (const id of ids) {
      const result = await studio.profile(model.modelId, variantIdOf(id), options, {
        ...call,
        supersede: 'measure',
      });
      if (call.signal.aborted || (!result.ok && result.error.code === 'cancelled')) return;
      if (!result.ok) {
        store.setState({ profileError: result.error });
        return;
      }
      store.setState(({ profiles }) => ({ profiles: { ...profiles, [id]: result.value } }));
    }
    announce(store, 'Profiled.');
  });
}

function madeWith({ provider, threads }: ProfileResult, options: MeasureOptions): boolean {
  return provider === options.provider && threads === options.threads;
}

/** Every provider and number of threads that this machine has, one after the other. */
export async function runLab(store: AppStore, studio: Studio, pipeline: Pipeline): Promise<void> {
  await pipeline.command({ kind: 'lab', title: 'Latency lab', key: 'lab' }, async (call) => {
    const { model, options, currentId } = store.getState();
    if (model === null) return;
    const entryId = currentId ?? ORIGINAL;
    store.setState({ lab: [] });
    const settings = labSettings(studio.capabilities);
    for (const [i, { provider, threads }] of settings.entries()) {
      const report = call.onProgress;
      const result = await studio.measure(
        model.modelId,
        variantIdOf(entryId),
        { ...options, provider, threads },
        {
          signal: call.signal,
          supersede: 'measure',
          onProgress: ({ fraction }) =>
            report?.({
              fraction: (i + fraction) / settings.length,
              doing: `${provider === 'wasm' ? 'WASM' : 'WebGPU'}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
            }),
        },
        dataInUse(store.getState()),
      );
      if (call.signal.aborted || (!result.ok && result.error.code === 'cancelled')) return;
      const line: LabLine = {
        entryId,
        provider,
        threads,
        latency: result.ok ? result.value.latency : null,
        reason: result.ok ? reasonOf(result.value) : result.error.message,
      };
      store.setState(({ lab }) => ({ lab: [...lab, line] }));
    }
    announce(store, 'The latency lab is done.');
  });
}

function reasonOf({
  latency,
  notMeasured,
}: {
  readonly latency: unknown;
  readonly notMeasured: readonly { readonly what: string; readonly reason: string }[];
}): string | null {
  if (latency !== null) return null;
  return notMeasured.find(({ what }) => what === 'latency')?.reason ?? 'No latency was measured.';
}

/** Threads double from 1 and end with all there are; the GPU has no such choice. */
export function labSettings(
  capabilities: StudioCapabilities,
): readonly Pick<MeasureOptions, 'provider' | 'threads'>[] {
  const most = mostThreads(capabilities);
  const counts: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  counts.push(most);
  const settings: Pick<MeasureOptions, 'provider' | 'threads'>[] = counts.map((threads) => ({
    provider: 'wasm',
    threads,
  }));
  if (capabilities.webgpu) settings.push({ provider: 'webgpu', threads: 1 });
  return settings;
}
