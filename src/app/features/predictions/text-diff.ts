/** Two short texts letter by letter: what both have, what the second lacks, what it has too much. Pure. */

export interface TextPiece {
  readonly kind: 'same' | 'missing' | 'extra';
  readonly text: string;
}

/** Beyond this many comparisons the texts are shown whole: a difference of that size is not read letter by letter. */
const MOST_CELLS = 250_000;

/** Longest common subsequence of code points. `missing` is only in `expected`, `extra` only in `found`. */
export function diffText(expected: string, found: string): readonly TextPiece[] {
  if (expected === found) return expected === '' ? [] : [{ kind: 'same', text: expected }];
  const a = Array.from(expected);
  const b = Array.from(found);
  if (a.length * b.length > MOST_CELLS)
    return joined([
      ['missing', expected],
      ['extra', found],
    ]);
  const width = b.length + 1;
  // table[i, j] = length of the longest common subsequence of a[i..] and b[j..]
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const cell = i * width + j;
      table[cell] =
        a[i] === b[j]
          ? (table[cell + width + 1] ?? 0) + 1
          : Math.max(table[cell + width] ?? 0, table[cell + 1] ?? 0);
    }
  }
  return joined(walk(a, b, table, width));
}

function walk(
  a: readonly string[],
  b: readonly string[],
  table: Uint16Array,
  width: number,
): [TextPiece['kind'], string][] {
  const pieces: [TextPiece['kind'], string][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] ?? '', b[j] ?? ''];
    if (left === right) {
      pieces.push(['same', left]);
      i++;
      j++;
    } else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) {
      pieces.push(['missing', left]);
      i++;
    } else {
      pieces.push(['extra', right]);
      j++;
    }
  }
  for (; i < a.length; i++) pieces.push(['missing', a[i] ?? '']);
  for (; j < b.length; j++) pieces.push(['extra', b[j] ?? '']);
  return pieces;
}

function joined(pieces: readonly (readonly [TextPiece['kind'], string])[]): readonly TextPiece[] {
  const out: { kind: TextPiece['kind']; text: string }[] = [];
  for (const [kind, text] of pieces) {
    if (text === '') continue;
    const last = out.at(-1);
    if (last?.kind === kind) last.text += text;
    else out.push({ kind, text });
  }
  return out;
}
