/** Alphabets that a text recogniser may write with: a list that came along, or a common one of the right size. It must not know models. */
import type { Dataset } from '../types.ts';
import { textLines } from './classes.ts';

export interface Alphabet {
  readonly title: string;
  readonly letters: readonly string[];
  readonly blank: number;
  /** Blank, lines of a file, space: as PaddleOCR's recognisers have it. */
  readonly paddle: boolean;
}

const range = (from: string, to: string): string[] => {
  const start = from.charCodeAt(0);
  return Array.from({ length: to.charCodeAt(0) - start + 1 }, (_, i) => String.fromCharCode(start + i));
};
const digits = range('0', '9');
const lower = range('a', 'z');
const upper = range('A', 'Z');
const COMMON: readonly { readonly title: string; readonly letters: readonly string[] }[] = [
  { title: 'digits', letters: digits },
  { title: 'digits and lower case', letters: [...digits, ...lower] },
  { title: 'digits and upper case', letters: [...digits, ...upper] },
  { title: 'digits and letters', letters: [...digits, ...lower, ...upper] },
  { title: 'printable ASCII without space', letters: range('!', '~') },
  { title: 'printable ASCII', letters: range(' ', '~') },
];

/** Those that leave exactly one of `classes` for the blank, which is the first or the last. */
export function alphabetsFor(dataset: Pick<Dataset, 'texts'>, classes: number): Alphabet[] {
  const found: Alphabet[] = [];
  for (const [path, text] of dataset.texts) {
    const lines = textLines(text);
    if (lines.length === classes - 1) {
      found.push(...bothBlanks(`letters of ${path}`, lines, false, classes));
    } else if (lines.length === classes - 2) {
      found.push(...bothBlanks(`letters of ${path} and space`, [...lines, ' '], true, classes));
    }
  }
  for (const { title, letters } of COMMON) {
    if (letters.length === classes - 1) found.push(...bothBlanks(title, letters, false, classes));
  }
  return found;
}

function bothBlanks(title: string, letters: readonly string[], paddle: boolean, classes: number): Alphabet[] {
  return [
    { title, letters, blank: 0, paddle },
    { title: `${title}, blank last`, letters, blank: classes - 1, paddle: false },
  ];
}
