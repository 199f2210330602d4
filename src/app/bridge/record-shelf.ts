/**
 * Evaluations with a memory: the records of a model over a set are kept by what they depend on, so that the original
 * is evaluated once and nothing twice. It must not know metrics or workers.
 */
import type { DataConfig, DataPart } from '../../core/dataset/types.ts';
import type { Result } from '../../core/errors.ts';
import type { RunRecords } from './evaluation.ts';

/** What the records of one run depend on. */
export interface RunKey {
  readonly modelId: string;
  /** Null = the original. */
  readonly variantId: string | null;
  readonly dataId: string;
  readonly config: DataConfig;
  readonly part: DataPart;
  readonly provider: 'wasm' | 'webgpu';
}

/** About 100 bytes each; the oldest runs go first. */
const MOST_RECORDS = 1_000_000;

export class RecordShelf {
  /** In the order of use, the latest last. */
  readonly #runs = new Map<string, { readonly key: RunKey; readonly run: RunRecords }>();
  readonly #texts = new WeakMap<DataConfig, string>();

  get(key: RunKey): RunRecords | undefined {
    const text = this.#textOf(key);
    const known = this.#runs.get(text);
    if (known === undefined) return undefined;
    this.#runs.delete(text);
    this.#runs.set(text, known);
    return known.run;
  }

  async getOrRun(key: RunKey, run: () => Promise<Result<RunRecords>>): Promise<Result<RunRecords>> {
    const known = this.get(key);
    if (known !== undefined) return { ok: true, value: known };
    const made = await run();
    if (made.ok) {
      this.#runs.set(this.#textOf(key), { key, run: made.value });
      this.#trim();
    }
    return made;
  }

  /** Forgets all runs of which this holds. */
  drop(which: (key: RunKey) => boolean): void {
    for (const [text, { key }] of this.#runs) if (which(key)) this.#runs.delete(text);
  }

  #trim(): void {
    let total = 0;
    for (const { run } of this.#runs.values()) total += run.records.length;
    for (const [text, { run }] of this.#runs) {
      if (total <= MOST_RECORDS || this.#runs.size <= 2) return;
      this.#runs.delete(text);
      total -= run.records.length;
    }
  }

  #textOf({ modelId, variantId, dataId, config, part, provider }: RunKey): string {
    const text = this.#texts.get(config) ?? JSON.stringify(config);
    this.#texts.set(config, text);
    return `${modelId} ${variantId ?? 'original'} ${dataId} ${part} ${provider} ${text}`;
  }
}
