/**
 * One model over one set: ranges of samples go to as many workers as pay, the records come back in order. What was
 * evaluated before is kept, so that the original is run once and paired with every variant. It must not know metrics.
 */
import type { ErrorRecord, Result } from '../../core/errors.ts';
import type { SampleRecord } from '../../core/metrics/tasks/types.ts';
import type { DownloadFile, EvaluationSetup, JobProgress } from '../../worker/api.ts';
import { cancelledResult } from './job-queue.ts';
import type { MeasureLine } from './measure-room.ts';

/** What a run over a whole part gave. */
export interface RunRecords {
  readonly records: readonly SampleRecord[];
  /** Wall time, the loading of model and set included. */
  readonly millis: number;
  readonly workers: number;
}

export interface EvaluationHost {
  readonly open: () => MeasureLine;
  readonly cores: number;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
}

/** A rest that takes less is done before another worker has loaded its model. */
const WORTH_JOINING_MILLIS = 4000;
/** More workers fight for memory bandwidth, which is what most models wait for. */
const MOST_WORKERS = 4;
/** What all workers together may take. A tab that takes much more is the first to be ended by the system. */
const WORKERS_BYTES = 450_000_000;
/** A runtime with its heap, a decoder, and the samples of one batch. */
const WORKER_BYTES = 90_000_000;
/** The model's bytes, its initializers, prepacked copies of them, activations. */
const COPIES_OF_MODEL = 4;
/** One range should take about this long: short enough to share the rest evenly, long enough to fill batches. */
const RANGE_MILLIS = 600;
const FIRST_RANGE = 32;
const LARGEST_RANGE = 2048;
/** Before this many samples the first batch's own costs hide the pace. */
const PACE_SAMPLES = 64;

export async function runOver(
  host: EvaluationHost,
  setup: EvaluationSetup,
  signal: AbortSignal,
  onProgress: (progress: JobProgress) => void,
): Promise<Result<RunRecords>> {
  const run = new Run(host, { ...setup, model: setup.model.map(shared) }, signal, onProgress);
  try {
    return await run.finish();
  } finally {
    run.dispose();
  }
}

/**
 * How many workers a model of this size may have. Half the cores: on two, a second worker won nothing (20,000 digits in
 * 6 s instead of 7, 20,000 photographs in 69 s instead of 71) and took 200–400 MB.
 */
export function mostWorkers(cores: number, modelBytes: number): number {
  const each = WORKER_BYTES + COPIES_OF_MODEL * modelBytes;
  return Math.max(1, Math.min(Math.floor(cores / 2), MOST_WORKERS, Math.floor(WORKERS_BYTES / each)));
}

interface Range {
  readonly from: number;
  readonly to: number;
}

class Run {
  readonly #host: EvaluationHost;
  readonly #setup: EvaluationSetup;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: JobProgress) => void;
  readonly #lines: MeasureLine[] = [];
  readonly #parts = new Map<number, readonly SampleRecord[]>();
  /** Ranges of workers that were lost, to be done by those that are left. */
  readonly #returned: Range[] = [];
  readonly #most: number;
  #samples = 0;
  #next = 0;
  #done = 0;
  #size = FIRST_RANGE;
  #working = 0;
  #started = 0;
  #failure: ErrorRecord | undefined;

  constructor(
    host: EvaluationHost,
    setup: EvaluationSetup,
    signal: AbortSignal,
    onProgress: (progress: JobProgress) => void,
  ) {
    this.#host = host;
    this.#setup = setup;
    this.#signal = signal;
    this.#onProgress = onProgress;
    // One GPU, one worker.
    this.#most = setup.provider === 'webgpu' ? 1 : mostWorkers(host.cores, bytesOf(setup.model));
  }

  async finish(): Promise<Result<RunRecords>> {
    const began = this.#host.now();
    const joined: Promise<void>[] = [];
    const join = () => joined.push(this.#work(join));
    join();
    // Workers join while others run.
    for (let i = 0; i < joined.length; i++) await joined[i];
    // The last worker was lost after the others had gone home.
    if (this.#returned.length > 0 && this.#done > 0 && !this.#signal.aborted)
      await this.#work(() => undefined);
    if (this.#signal.aborted) return cancelledResult();
    if (this.#done < this.#samples || this.#samples === 0) {
      return { ok: false, error: this.#failure ?? NO_SAMPLES };
    }
    const records = [...this.#parts].sort(([a], [b]) => a - b).flatMap(([, part]) => part);
    return {
      ok: true,
      value: { records, millis: this.#host.now() - began, workers: Math.max(1, this.#working) },
    };
  }

  dispose(): void {
    for (const line of this.#lines) line.dispose();
  }

  /** The life of one worker. One that fails gives its range back; the run fails when nobody is left to take it. */
  async #work(join: () => void): Promise<void> {
    const first = this.#lines.length === 0;
    const line = this.#host.open();
    this.#lines.push(line);
    const opened = await line.call(
      (api, job) => api.openEvaluation(job, this.#setup),
      this.#signal,
      (progress) => (first ? this.#report(progress.doing) : undefined),
    );
    if (!opened.ok) {
      this.#lost(line, opened.error);
      return;
    }
    this.#working++;
    this.#samples = opened.value.samples;
    if (first) this.#started = this.#host.now();
    let ranges = 0;
    for (let range = this.#take(); range !== undefined; range = this.#take()) {
      const { from, to } = range;
      const began = this.#host.now();
      const records = await line.call(
        (api, job) => api.evaluate(job, from, to),
        this.#signal,
        ({ fraction }) => this.#report(undefined, fraction * (to - from)),
      );
      if (!records.ok) {
        this.#returned.push(range);
        this.#lost(line, records.error);
        // A heap that filled up is empty in a fresh worker; one that got nowhere would only fail again.
        if (ranges > 0 && !this.#signal.aborted) join();
        return;
      }
      ranges++;
      this.#parts.set(from, records.value);
      this.#done += to - from;
      this.#setPace(to - from, this.#host.now() - began);
      this.#report();
      if (this.#paysToJoin()) join();
    }
    line.dispose();
  }

  #take(): Range | undefined {
    if (this.#signal.aborted) return undefined;
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    if (this.#next >= this.#samples) return undefined;
    const from = this.#next;
    this.#next = Math.min(this.#samples, from + this.#size);
    return { from, to: this.#next };
  }

  #setPace(samples: number, millis: number): void {
    const fitting = Math.round((samples * RANGE_MILLIS) / Math.max(1, millis));
    // Twice as large at most, so that one lucky range does not make an endless one.
    this.#size = Math.max(1, Math.min(fitting, 2 * this.#size, LARGEST_RANGE));
  }

  #paysToJoin(): boolean {
    if (this.#lines.length >= this.#most || this.#done < PACE_SAMPLES) return false;
    const perSample = (this.#host.now() - this.#started) / this.#done;
    // The next one joins when the one before has proved itself.
    if (this.#working < this.#lines.length) return false;
    return (this.#samples - this.#next) * perSample > WORTH_JOINING_MILLIS;
  }

  #lost(line: MeasureLine, error: ErrorRecord): void {
    line.dispose();
    this.#failure ??= error;
  }

  #report(doing?: string, within = 0): void {
    const of = this.#samples;
    const fraction = of === 0 ? 0 : Math.min(1, (this.#done + within) / of);
    const many = this.#working > 1 ? `, ${this.#working} workers` : '';
    const counted = `${Math.round(fraction * of).toLocaleString('en')} of ${of.toLocaleString('en')} samples${many}`;
    this.#onProgress({ fraction, doing: doing ?? counted });
  }
}

const NO_SAMPLES: ErrorRecord = {
  code: 'data-invalid',
  message: 'No samples are left to evaluate.',
  hint: 'Add more data, or keep fewer of them back.',
};

/** One blob for all workers: buffers would be copied for each. */
function shared({ name, parts }: DownloadFile): DownloadFile {
  return parts.every((part) => part instanceof Blob)
    ? { name, parts }
    : { name, parts: [new Blob([...parts])] };
}

function bytesOf(files: readonly DownloadFile[]): number {
  let bytes = 0;
  for (const { parts } of files) {
    for (const part of parts) {
      bytes += part instanceof Blob ? part.size : typeof part === 'string' ? part.length : part.byteLength;
    }
  }
  return bytes;
}
