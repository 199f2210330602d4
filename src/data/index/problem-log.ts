/** Collects what was found in a set, counted, with the first few examples. It must not know formats. */
import type { DataProblem } from '../../core/dataset/types.ts';

const MAX_EXAMPLES = 5;

type Severity = DataProblem['severity'];

interface Kept {
  readonly severity: Severity;
  readonly code: string;
  readonly sentence: (count: number) => string;
  count: number;
  readonly examples: string[];
}

/** One line per code and sentence, however often it happens. */
export class ProblemLog {
  readonly #kept = new Map<string, Kept>();

  /**
   * Counts one more of `code`.
   * @param example the key or path it happened at
   * @param sentence what was found and what follows from it, for the count in the end
   * @param topic keeps problems of one code apart, where each needs its own sentence
   */
  add(
    severity: Severity,
    code: string,
    example: string | null,
    sentence: (count: number) => string,
    topic = '',
  ): void {
    const id = `${code}\n${topic}`;
    const known = this.#kept.get(id) ?? { severity, code, sentence, count: 0, examples: [] };
    known.count++;
    if (example !== null && known.examples.length < MAX_EXAMPLES) known.examples.push(example);
    this.#kept.set(id, known);
  }

  /** Whether `code` was told about this very topic. */
  has(code: string, topic: string): boolean {
    return this.#kept.has(`${code}\n${topic}`);
  }

  /** What was found, errors first. */
  list(): DataProblem[] {
    const order = ['error', 'warning', 'note'];
    return [...this.#kept.values()]
      .map(({ severity, code, sentence, count, examples }) => ({
        severity,
        code,
        message: sentence(count),
        count,
        examples,
      }))
      .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  }
}

/** "1 file", "1,200 files". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
