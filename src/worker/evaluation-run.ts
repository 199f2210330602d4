/**
 * One model over one part of a set, range by range; set and session stay open in between. A sample that the model
 * refuses costs itself only. It must not know how records are used.
 */
import { PareError } from '../core/errors.ts';
import type { FailedRecord, SampleRecord } from '../core/metrics/tasks/types.ts';
import type { Evaluator } from '../data/evaluate/evaluate.ts';
import type { Checkpoint, Dataset } from '../data/types.ts';

/** Single samples that may fail in a row, with none before that worked, until it is the model that fails. */
const HOPELESS = 8;

export interface RunOverPart {
  readonly evaluator: Evaluator;
  readonly dataset: Pick<Dataset, 'info'>;
  /** Position in the set of each sample of the part. */
  readonly indices: ArrayLike<number>;
}

export class EvaluationRun {
  readonly #over: RunOverPart;
  #succeeded = false;
  #failedInRow = 0;

  constructor(over: RunOverPart) {
    this.#over = over;
  }

  get samples(): number {
    return this.#over.evaluator.samples;
  }

  /**
   * Records of the samples [from, to) of the part, in order. What the model refuses together is halved until the sample
   * that it refuses stands alone.
   * @throws PareError when the runtime is broken, or refuses one sample after the other; `cancelled`.
   */
  async evaluate(from: number, to: number, checkpoint: Checkpoint): Promise<readonly SampleRecord[]> {
    assertRange(from, to, this.samples);
    const records: SampleRecord[] = [];
    const waiting: [number, number][] = [[from, to]];
    for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
      const [start, end] = range;
      try {
        const at = (fraction: number): number => (start - from + fraction * (end - start)) / (to - from);
        records.push(
          ...(await this.#over.evaluator.evaluate(start, end, (fraction, doing) =>
            checkpoint(at(fraction), doing),
          )),
        );
        this.#succeeded = true;
        this.#failedInRow = 0;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (end - start > 1) {
          const middle = (start + end) >>> 1;
          waiting.push([middle, end], [start, middle]);
        } else {
          if (!this.#succeeded && ++this.#failedInRow >= Math.min(HOPELESS, this.samples)) throw error;
          records.push(this.#failed(start, error));
        }
      }
    }
    return records;
  }

  #failed(position: number, { message }: PareError): FailedRecord {
    const index = this.#over.indices[position];
    return { kind: 'failed', index, key: this.#over.dataset.info(index).key, reason: message };
  }
}

/** The runtime said no to these samples; it works on for others. */
function isRefusal(error: unknown): error is PareError {
  return error instanceof PareError && (error.code === 'runtime-refused' || error.code === 'out-of-memory');
}

function assertRange(from: number, to: number, samples: number): void {
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= samples) return;
  throw new PareError('usage', `Samples ${from} to ${to} were asked for; there are ${samples}.`);
}
