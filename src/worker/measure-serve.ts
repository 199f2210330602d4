/**
 * The measurement worker's life: it is handed the runtime's WebAssembly, measures once and is thrown away. It must not
 * know which bundle it serves; the entries measure-worker*.ts bring one each.
 */
import { expose } from 'comlink';
import { attempt, PareError } from '../core/errors.ts';
import type { Result } from '../core/errors.ts';
import { isRuntimeThread, prepareBrowserOrt } from '../runtime/browser-ort.ts';
import { readBrowserFacts, runtimeCapability } from '../runtime/capability.ts';
import { measure } from '../runtime/measure.ts';
import type { MeasureHost } from '../runtime/measure.ts';
import { watchMemories } from '../runtime/memory.ts';
import type { MemoryProbe } from '../runtime/memory.ts';
import type { Ort } from '../runtime/ort.ts';
import { RUNTIME_NAME } from '../runtime/ort.ts';
import type {
  JobProgressMessage,
  MeasureRequest,
  MeasureResult,
  MeasureWorkerApi,
  MeasureWorkerSetup,
} from './api.ts';
import { createBreath, createJobDesk } from './jobs.ts';
import type { Checkpoint, JobDesk } from './jobs.ts';

/** Serves measurements with this bundle, unless this worker is one of the runtime's own threads. */
export function serveMeasurements(ort: Ort, bundle: 'wasm' | 'jspi' | 'webgpu'): void {
  if (isRuntimeThread()) return;
  expose(new MeasureWorker(ort, bundle));
}

class MeasureWorker implements MeasureWorkerApi {
  readonly #ort: Ort;
  readonly #bundle: 'wasm' | 'jspi' | 'webgpu';
  readonly #memory: MemoryProbe = watchMemories();
  #desk: JobDesk | undefined;
  #wasm: Blob | undefined;

  constructor(ort: Ort, bundle: 'wasm' | 'jspi' | 'webgpu') {
    this.#ort = ort;
    this.#bundle = bundle;
  }

  connect(setup: MeasureWorkerSetup): Promise<Result<null>> {
    this.#wasm = setup.runtimeWasm;
    this.#desk = createJobDesk({
      post: (message: JobProgressMessage) => setup.progress.postMessage(message),
      now: () => performance.now(),
      breathe: createBreath(),
    });
    return Promise.resolve({ ok: true, value: null });
  }

  measure(job: string, request: MeasureRequest): Promise<Result<MeasureResult>> {
    const desk = this.#desk;
    const wasm = this.#wasm;
    if (desk === undefined || wasm === undefined) {
      return attempt(() => {
        throw new PareError('internal', 'The measurement worker was used before it was connected.');
      });
    }
    return desk.run(job, async (checkpoint) => measure(await this.#host(request, wasm, checkpoint), request));
  }

  cancel(job: string): void {
    this.#desk?.cancel(job);
  }

  async #host(request: MeasureRequest, wasm: Blob, checkpoint: Checkpoint): Promise<MeasureHost> {
    const capability = runtimeCapability(await readBrowserFacts());
    const threads = await prepareBrowserOrt(
      this.#ort,
      wasm,
      Math.max(1, Math.min(request.threads, capability.wasm.maxThreads)),
    );
    return {
      ort: this.#ort,
      providers: { wasm: true, webgpu: this.#gpu(capability.webgpu) },
      memory: this.#memory,
      clock: performance,
      threads,
      machine: {
        cores: navigator.hardwareConcurrency,
        userAgent: navigator.userAgent,
        runtime: `${RUNTIME_NAME} (${this.#bundle})`,
        crossOriginIsolated: globalThis.crossOriginIsolated,
      },
      checkpoint,
    };
  }

  #gpu({ available, reason }: { readonly available: boolean; readonly reason: string }): true | string {
    if (this.#bundle === 'wasm') return 'This measurement worker was started for the CPU.';
    return available ? true : reason;
  }
}
