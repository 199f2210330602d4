/**
 * The most bytes of values that are alive at the same time when steps run in their order: a value lives from the step
 * that writes it to the last that reads it, an input from the start, an output to the end. Nothing is done in place. It
 * must not know operators.
 */

export interface Step {
  readonly reads: Iterable<string>;
  readonly writes: readonly string[];
  /** Bytes that the step needs on top while it runs: the peak of its inner graph. */
  readonly inside: number;
}

/** @param bytes of each value; a value without an entry is a constant and takes nothing. */
export function peakBytes(
  steps: readonly Step[],
  bytes: ReadonlyMap<string, number>,
  ends: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): number {
  const lastRead = new Map<string, number>();
  steps.forEach(({ reads, writes }, i) => {
    for (const name of writes) lastRead.set(name, i);
    for (const name of reads) lastRead.set(name, i);
  });
  const dies = new Map<number, string[]>();
  const kept = new Set(ends.outputs);
  for (const [name, step] of lastRead) {
    if (kept.has(name) || !bytes.has(name)) continue;
    const names = dies.get(step) ?? [];
    names.push(name);
    dies.set(step, names);
  }
  const sizeOf = (name: string): number => bytes.get(name) ?? 0;
  let alive = [...new Set(ends.inputs)].reduce((sum, name) => sum + sizeOf(name), 0);
  let peak = alive;
  steps.forEach(({ writes, inside }, i) => {
    for (const name of writes) alive += sizeOf(name);
    peak = Math.max(peak, alive + inside);
    for (const name of dies.get(i) ?? []) alive -= sizeOf(name);
  });
  return peak;
}
