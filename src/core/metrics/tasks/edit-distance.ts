/** Levenshtein distance over code points. It must not know where texts come from. */

/** A comparison takes the product of both lengths; no line, word or sentence of a test set is as long. */
export const MOST_CODE_POINTS = 20_000;

/** Code points, so that a character outside the basic plane counts once; undefined for a text longer than the bound. */
export function codePoints(text: string): readonly number[] | undefined {
  const points: number[] = [];
  for (const character of text) {
    if (points.length === MOST_CODE_POINTS) return undefined;
    points.push(character.codePointAt(0) ?? 0);
  }
  return points;
}

/**
 * Insertions, deletions and substitutions that turn `a` into `b`; O(|a|·|b|) time, one row of memory.
 * Source: Wagner & Fischer, J. ACM 21 (1974) 168–173.
 */
export function editDistance(a: readonly number[], b: readonly number[]): number {
  const row = Uint32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    let diagonal = row[0];
    row[0] = i + 1;
    for (let j = 0; j < b.length; j++) {
      const above = row[j + 1];
      const substituted = diagonal + (a[i] === b[j] ? 0 : 1);
      row[j + 1] = Math.min(substituted, above + 1, row[j] + 1);
      diagonal = above;
    }
  }
  return row[b.length];
}
