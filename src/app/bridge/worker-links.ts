/**
 * Real workers behind the lifelines: started from own-origin scripts, wrapped by Comlink, handed what they need. The
 * only page file that makes workers. It must not know models, recipes or queues.
 */
import { transfer, wrap } from 'comlink';
import type { ErrorRecord } from '../../core/errors.ts';
import { bundleFor, runtimeWasmUrl, type RuntimeBundle } from '../../runtime/assets.ts';
import type {
  DataWorkerApi,
  DataWorkerSetup,
  JobProgressMessage,
  MeasureWorkerApi,
  StudioWorkerApi,
  StudioWorkerSetup,
} from '../../worker/api.ts';
import dataScript from '../../worker/data-worker.ts?worker&url';
import studioScript from '../../worker/main.ts?worker&url';
import measureJspiScript from '../../worker/measure-worker-jspi.ts?worker&url';
import measureWebgpuScript from '../../worker/measure-worker-webgpu.ts?worker&url';
import measureWasmScript from '../../worker/measure-worker.ts?worker&url';
import { loadCodecs } from './codecs.ts';
import type { WorkerLink } from './lifeline.ts';
import { fetchOnce, workerAddress } from './worker-script.ts';

/** One file a runtime bundle: two bundles cannot live in one worker. */
const MEASURE_SCRIPTS: Readonly<Record<RuntimeBundle, string>> = {
  wasm: measureWasmScript,
  jspi: measureJspiScript,
  webgpu: measureWebgpuScript,
};

export type ProgressListener = (message: JobProgressMessage) => void;

/** Fetches what the first model and the first data will need, so that nothing is requested while the user works. */
export async function warmUp(): Promise<void> {
  await Promise.all([
    ...[studioScript, measureWasmScript, dataScript, runtimeWasmUrl('wasm')].map(fetchOnce),
    loadCodecs(),
  ]);
}

export async function spawnStudioWorker(onProgress: ProgressListener): Promise<WorkerLink<StudioWorkerApi>> {
  const [worker, runtimeWasm, codecs] = await Promise.all([
    startWorker(studioScript, 'pare-studio'),
    fetchOnce(runtimeWasmUrl('wasm')),
    loadCodecs(),
  ]);
  // Every method of both interfaces answers with a promise, or with nothing: Comlink's proxy has the same shape.
  const api = wrap(worker) as unknown as StudioWorkerApi;
  const cell = cancelCell();
  const setup: StudioWorkerSetup = {
    progress: progressPort(onProgress),
    runtimeWasm,
    codecs,
    ...(cell === undefined ? {} : { cancelCell: cell }),
  };
  const link = linkTo(worker, api, stopBy(api, cell));
  return ready(link, api.connect(transfer(setup, [setup.progress])));
}

export async function spawnDataWorker(onProgress: ProgressListener): Promise<WorkerLink<DataWorkerApi>> {
  const [worker, codecs] = await Promise.all([startWorker(dataScript, 'pare-data'), loadCodecs()]);
  const api = wrap(worker) as unknown as DataWorkerApi;
  const cell = cancelCell();
  const setup: DataWorkerSetup = {
    progress: progressPort(onProgress),
    codecs,
    ...(cell === undefined ? {} : { cancelCell: cell }),
  };
  const link = linkTo(worker, api, stopBy(api, cell));
  return ready(link, api.connect(transfer(setup, [setup.progress])));
}

export async function spawnMeasureWorker(
  provider: 'wasm' | 'webgpu',
  onProgress: ProgressListener,
): Promise<WorkerLink<MeasureWorkerApi>> {
  const [worker, runtimeWasm, codecs] = await Promise.all([
    startWorker(MEASURE_SCRIPTS[bundleFor(provider)], 'pare-measure'),
    fetchOnce(runtimeWasmUrl(provider)),
    loadCodecs(),
  ]);
  const api = wrap(worker) as unknown as MeasureWorkerApi;
  const progress = progressPort(onProgress);
  const link = linkTo(worker, api, () => worker.terminate());
  return ready(link, api.connect(transfer({ progress, runtimeWasm, codecs }, [progress])));
}

async function startWorker(script: string, name: string): Promise<Worker> {
  return new Worker(await workerAddress(script), { type: 'module', name });
}

function progressPort(onProgress: ProgressListener): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event: MessageEvent<JobProgressMessage>) => onProgress(event.data);
  return port2;
}

function linkTo<Api>(worker: Worker, api: Api, requestStop: (job: string) => void): WorkerLink<Api> {
  const crashed = new Promise<ErrorRecord>((resolve) => {
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      resolve({
        code: 'runtime-crashed',
        message: `A worker stopped: ${event.message || 'it could not be started'}.`,
        hint: 'The work can be tried again; the model and the recipe are kept.',
      });
    });
  });
  return { api, crashed, requestStop, terminate: () => worker.terminate() };
}

/** A worker that dies while it starts must not leave its caller waiting. */
async function ready<Api>(
  link: WorkerLink<Api>,
  connected: Promise<{ ok: boolean }>,
): Promise<WorkerLink<Api>> {
  const failure = await Promise.race([connected.then(() => undefined), link.crashed]);
  if (failure === undefined) return link;
  link.terminate();
  throw new Error(failure.message);
}

/** Heard even while the worker is busy; absent where memory cannot be shared. */
function cancelCell(): SharedArrayBuffer | undefined {
  if (!globalThis.crossOriginIsolated) return undefined;
  const cell = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  // Jobs count from 0, so that a fresh cell stops none.
  Atomics.store(new Int32Array(cell), 0, -1);
  return cell;
}

function stopBy(
  api: { cancel(job: string): void },
  cell: SharedArrayBuffer | undefined,
): (job: string) => void {
  return (job) => {
    if (cell !== undefined) Atomics.store(new Int32Array(cell), 0, Number(job));
    api.cancel(job);
  };
}
