/**
 * The measurement worker's life: it is handed the runtime's and the codecs' WebAssembly, does one kind of work and is
 * thrown away. It must not know browsers; the platform brings the runtime.
 */
import type { DataConfig, PreviewSample, Proposal } from '../core/dataset/types.ts';
import type { Predictor } from '../core/dataset/predictor.ts';
import { attempt, PareError, type Result } from '../core/errors.ts';
import type { ParityRow } from '../core/doctor/types.ts';
import type { SampleRecord } from '../core/metrics/tasks/types.ts';
import type { ProfileResult } from '../core/profile/types.ts';
import type { DeviceSpeed } from '../core/search/types.ts';
import { createEvaluator } from '../data/evaluate/evaluate.ts';
import { preview } from '../data/evaluate/preview.ts';
import { indicesOf } from '../data/prepare/split.ts';
import { propose } from '../data/propose/propose.ts';
import type { Dataset, PictureDecoder } from '../data/types.ts';
import { measureDeviceSpeed } from '../runtime/device-speed.ts';
import { measure } from '../runtime/measure.ts';
import type { MeasureHost } from '../runtime/measure.ts';
import { readModelBytes } from '../runtime/model-bytes.ts';
import { measureParity } from '../runtime/parity.ts';
import { createPredictor } from '../runtime/predictor.ts';
import { profileModel } from '../runtime/profile.ts';
import { openSession, startRuntime } from '../runtime/session.ts';
import type { Session } from '../runtime/session.ts';
import type {
  DownloadFile,
  EvaluationSetup,
  MeasureData,
  MeasureRequest,
  MeasureResult,
  MeasureWorkerApi,
  MeasureWorkerSetup,
  OpenFile,
  ProfileRequest,
} from './api.ts';
import { EvaluationRun } from './evaluation-run.ts';
import { createWorkerDesk } from './jobs.ts';
import type { Checkpoint, JobDesk } from './jobs.ts';
import type { MeasurePlatform } from './measure-platform.ts';
import { openData, pictureDecoder } from './open-data.ts';
import { modelInputs, readSampleFeeds } from './sample-feeds.ts';

/** Share of the progress bar that loading model and set takes, where more follows. */
const LOADED = 0.3;

interface Connected {
  readonly desk: JobDesk;
  readonly wasm: Blob;
  readonly decoder: PictureDecoder;
}

interface OpenModel {
  readonly session: Session;
  readonly predictor: Predictor;
}

export class MeasureWorker implements MeasureWorkerApi {
  readonly #platform: MeasurePlatform;
  #connected: Connected | undefined;
  #session: Session | undefined;
  #evaluation: EvaluationRun | undefined;

  constructor(platform: MeasurePlatform) {
    this.#platform = platform;
  }

  connect(setup: MeasureWorkerSetup): Promise<Result<null>> {
    const desk = createWorkerDesk(setup);
    this.#connected = {
      desk,
      wasm: setup.runtimeWasm,
      decoder: pictureDecoder(setup.codecs),
    };
    return Promise.resolve({ ok: true, value: null });
  }

  measure(job: string, request: MeasureRequest, data?: MeasureData): Promise<Result<MeasureResult>> {
    return this.#run(job, async (connected, checkpoint) =>
      measure(await this.#hostWithSamples(connected, request, data, checkpoint), request),
    );
  }

  parity(job: string, request: MeasureRequest, data?: MeasureData): Promise<Result<readonly ParityRow[]>> {
    return this.#run(job, async (connected, checkpoint) =>
      measureParity(await this.#hostWithSamples(connected, request, data, checkpoint), request),
    );
  }

  openEvaluation(job: string, setup: EvaluationSetup): Promise<Result<{ readonly samples: number }>> {
    return this.#run(job, async (connected, checkpoint) => {
      this.#evaluation = undefined;
      const dataset = await openData(setup.data, connected.decoder, within(checkpoint, 0, 0.5));
      const { predictor } = await this.#open(connected, setup, within(checkpoint, 0.5, 1));
      const { config, part } = setup;
      const indices = indicesOf(dataset, config, part);
      const evaluator = createEvaluator({ dataset, config, predictor, indices });
      this.#evaluation = new EvaluationRun({ evaluator, dataset, indices });
      return { samples: evaluator.samples };
    });
  }

  evaluate(job: string, from: number, to: number): Promise<Result<readonly SampleRecord[]>> {
    return this.#run(job, (_, checkpoint) => {
      if (this.#evaluation === undefined) {
        throw new PareError('internal', 'Samples were asked for before an evaluation was opened.');
      }
      return this.#evaluation.evaluate(from, to, checkpoint);
    });
  }

  propose(
    job: string,
    model: readonly DownloadFile[],
    data: readonly OpenFile[],
    seed: number,
  ): Promise<Result<readonly Proposal[]>> {
    return this.#run(job, async (connected, checkpoint) => {
      const { dataset, predictor } = await this.#openBoth(
        connected,
        { model, data, provider: 'wasm', threads: 1 },
        within(checkpoint, 0, LOADED),
      );
      return propose(dataset, predictor, {
        seed,
        checkpoint: within(checkpoint, LOADED, 1),
        now: () => performance.now(),
      });
    });
  }

  preview(
    job: string,
    setup: EvaluationSetup,
    indices: readonly number[],
  ): Promise<Result<readonly PreviewSample[]>> {
    return this.#run(job, async (connected, checkpoint) => {
      const { dataset, predictor } = await this.#openBoth(connected, setup, within(checkpoint, 0, LOADED));
      const { config } = setup;
      return preview({ dataset, config, predictor }, indices, within(checkpoint, LOADED, 1));
    });
  }

  profile(job: string, request: ProfileRequest): Promise<Result<ProfileResult>> {
    return this.#run(job, async (connected, checkpoint) => {
      const host = await this.#host(connected, request.threads, checkpoint);
      return profileModel({ ...host, prints: this.#platform.prints }, request);
    });
  }

  benchmark(job: string, threads: number): Promise<Result<DeviceSpeed>> {
    return this.#run(job, async (connected, checkpoint) => {
      const { ort, clock, threads: had } = await this.#host(connected, threads, checkpoint);
      await startRuntime(ort, 'wasm');
      return measureDeviceSpeed({ ort, clock, threads: had, checkpoint });
    });
  }

  cancel(job: string): void {
    this.#connected?.desk.cancel(job);
  }

  #run<T>(
    job: string,
    work: (connected: Connected, checkpoint: Checkpoint) => T | Promise<T>,
  ): Promise<Result<T>> {
    const connected = this.#connected;
    if (connected !== undefined) return connected.desk.run(job, (checkpoint) => work(connected, checkpoint));
    return attempt(() => {
      throw new PareError('internal', 'The measurement worker was used before it was connected.');
    });
  }

  async #host({ wasm }: Connected, threads: number, checkpoint: Checkpoint): Promise<MeasureHost> {
    return { ...(await this.#platform.prepare(wasm, threads)), checkpoint };
  }

  /** With `data` both models are run on the user's samples. */
  async #hostWithSamples(
    connected: Connected,
    request: MeasureRequest,
    data: MeasureData | undefined,
    checkpoint: Checkpoint,
  ): Promise<MeasureHost> {
    const host = await this.#host(connected, request.threads, checkpoint);
    if (data === undefined) return host;
    const dataset = await openData(data.files, connected.decoder, quiet(checkpoint));
    const inputs = await modelInputs(request.original);
    return { ...host, samples: (count) => readSampleFeeds(dataset, data.config, inputs, count) };
  }

  async #openBoth(
    connected: Connected,
    setup: Omit<EvaluationSetup, 'config' | 'part'> & { readonly config?: DataConfig },
    checkpoint: Checkpoint,
  ): Promise<{ dataset: Dataset; predictor: Predictor }> {
    const dataset = await openData(setup.data, connected.decoder, within(checkpoint, 0, 0.5));
    const { predictor } = await this.#open(connected, setup, within(checkpoint, 0.5, 1));
    return { dataset, predictor };
  }

  /** @throws PareError `not-measurable` where the provider is missing; as openSession and createPredictor do */
  async #open(
    connected: Connected,
    { model, provider, threads }: Pick<EvaluationSetup, 'model' | 'provider' | 'threads'>,
    checkpoint: Checkpoint,
  ): Promise<OpenModel> {
    const host = await this.#host(connected, threads, checkpoint);
    const available = host.providers[provider];
    if (available !== true) throw new PareError('not-measurable', available);
    await this.#session?.release();
    this.#session = undefined;
    await checkpoint(0, 'Loading the model');
    const bytes = await readModelBytes(model);
    await startRuntime(host.ort, provider);
    const session = await openSession(host.ort, bytes, provider, 'the model', () => host.clock.now());
    this.#session = session;
    return { session, predictor: createPredictor(session) };
  }
}

/** A part of the job's progress bar. */
function within(checkpoint: Checkpoint, from: number, to: number): Checkpoint {
  return (fraction, doing) => checkpoint(from + (to - from) * fraction, doing);
}

/** Indexing before a measurement: heard when cancelled, but the bar is the measurement's own. */
function quiet(checkpoint: Checkpoint): Checkpoint {
  return (_, doing) => checkpoint(0, doing);
}
