/**
 * The sum behind one Gram matrix: rows are collected until a call of the kernel pays, then added group by group. It must
 * not know graphs or where rows come from.
 */
import type { MatrixKernels } from '../tensor/kernel-set.ts';
import type { LayerGram } from './types.ts';

/** Collected rows. */
const BUFFER_BYTES = 8 * 2 ** 20;
const MOST_BUFFERED_ROWS = 4096;
/** Multiply-adds of one call: some tens of milliseconds, so that a cancel is heard. */
const CALL_MACS = 2e8;
/** A call copies the matrix twice; fewer rows than this would mostly copy. */
const LEAST_ROWS_A_CALL = 64;

export class GramSum {
  readonly #kernels: Pick<MatrixKernels, 'accumulateGram'>;
  readonly #groups: number;
  readonly #columns: number;
  readonly #values: Float32Array;
  readonly #sums: Float64Array;
  readonly #buffer: Float32Array;
  #buffered = 0;
  #rows = 0;

  constructor(kernels: Pick<MatrixKernels, 'accumulateGram'>, groups: number, columns: number) {
    this.#kernels = kernels;
    this.#groups = groups;
    this.#columns = columns;
    this.#values = new Float32Array(groups * columns * columns);
    this.#sums = new Float64Array(groups * columns);
    this.#buffer = new Float32Array(bufferRows(groups * columns) * groups * columns);
  }

  /** What an instance holds. */
  static bytes(groups: number, columns: number): number {
    const width = groups * columns;
    return 4 * width * columns + 8 * width + 4 * bufferRows(width) * width;
  }

  /** @param rows of all groups side by side: groups · columns floats each */
  async add(rows: Float32Array, breathe: () => Promise<void>): Promise<void> {
    const width = this.#groups * this.#columns;
    const room = this.#buffer.length / width;
    const count = rows.length / width;
    for (let at = 0; at < count;) {
      const taken = Math.min(count - at, room - this.#buffered);
      this.#buffer.set(rows.subarray(at * width, (at + taken) * width), this.#buffered * width);
      this.#buffered += taken;
      at += taken;
      if (this.#buffered === room) await this.#flush(breathe);
    }
  }

  async finish(breathe: () => Promise<void>): Promise<void> {
    await this.#flush(breathe);
  }

  async #flush(breathe: () => Promise<void>): Promise<void> {
    const [n, groups, rows] = [this.#columns, this.#groups, this.#buffered];
    const width = groups * n;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) this.#sums[c] += this.#buffer[r * width + c];
    }
    const most = Math.max(LEAST_ROWS_A_CALL, Math.floor(CALL_MACS / (n * n)));
    for (let group = 0; group < groups; group++) {
      const matrix = this.#values.subarray(group * n * n, (group + 1) * n * n);
      const own = groups === 1 ? this.#buffer : this.#rowsOf(group);
      for (let at = 0; at < rows; at += most) {
        const some = Math.min(most, rows - at);
        await breathe();
        const sum = await this.#kernels.accumulateGram(
          own.subarray(at * n, (at + some) * n),
          some,
          n,
          matrix,
          matrix,
        );
        if (sum !== matrix) matrix.set(sum);
      }
    }
    this.#rows += rows;
    this.#buffered = 0;
  }

  #rowsOf(group: number): Float32Array {
    const n = this.#columns;
    const width = this.#groups * n;
    const own = new Float32Array(this.#buffered * n);
    for (let r = 0; r < this.#buffered; r++) {
      const from = r * width + group * n;
      own.set(this.#buffer.subarray(from, from + n), r * n);
    }
    return own;
  }

  gram(layer: string): LayerGram {
    return {
      layer,
      groups: this.#groups,
      columns: this.#columns,
      values: this.#values,
      sums: Float32Array.from(this.#sums),
      rows: this.#rows,
    };
  }
}

function bufferRows(width: number): number {
  return Math.max(1, Math.min(MOST_BUFFERED_ROWS, Math.floor(BUFFER_BYTES / (4 * width))));
}
