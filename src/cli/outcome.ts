/** What a command gives back: one object for programs, one text for people. */
export interface Outcome {
  readonly json: unknown;
  /** Made while the model is still open: it may read from the file. */
  readonly text: string;
  /** Absent = done. */
  readonly exitCode?: number;
}

/** JSON has no infinities; they are written as text, so that nothing reads as missing. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === 'bigint') return String(item);
      if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
      return item;
    },
    2,
  );
}
