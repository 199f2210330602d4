/**
 * Finds the file that a name in a label file means: names are written relative to many places, absolute, with
 * backslashes or without extension. It must not know labels.
 */
import { baseName, cleanPath, stemOf } from '../files/names.ts';

export type Found =
  { readonly kind: 'one'; readonly file: number } | { readonly kind: 'none' } | { readonly kind: 'several' };

/** Files of one name that are compared one by one. */
const FEW = 64;
/** Parts of a path that are looked up together, the most first. */
const TAILS = [3, 2];

const NONE: Found = { kind: 'none' };
const SEVERAL: Found = { kind: 'several' };

export class PathIndex {
  readonly #paths: readonly string[];
  readonly #exact = new Map<string, number>();
  readonly #byBase = new Map<string, number[]>();
  readonly #byStem = new Map<string, number[]>();
  /** By the last two and three parts; made when many files share a name: one search through all of them a row is too slow. */
  #byTail: ReadonlyMap<string, number[]> | undefined;

  /** @param files numbers of the samples' files among `paths`; a result is a position in `files` */
  constructor(paths: readonly string[], files: readonly number[]) {
    this.#paths = files.map((file) => oneForm(paths[file]));
    for (const [i, path] of this.#paths.entries()) {
      this.#exact.set(path, i);
      push(this.#byBase, baseName(path), i);
      push(this.#byStem, stemOf(path), i);
    }
  }

  /**
   * The same path, also below `folder`; else the file of that name (then: of that name without extension) that shares
   * most folders with it.
   */
  find(name: string, folder: string): Found {
    const clean = oneForm(cleanPath(name.trim()));
    if (clean === '') return NONE;
    const exact =
      this.#exact.get(folder === '' ? clean : `${oneForm(folder)}/${clean}`) ?? this.#exact.get(clean);
    if (exact !== undefined) return { kind: 'one', file: exact };
    const base = baseName(clean);
    const named = this.#byBase.get(base) ?? this.#byStem.get(base) ?? [];
    return this.#closest(clean, named.length > FEW ? this.#byFolders(clean) : named);
  }

  /** Of the many files of a name those with the same folders before it; when these are many too, nothing tells them apart. */
  #byFolders(name: string): readonly number[] {
    this.#byTail ??= tailsOf(this.#paths);
    const parts = name.split('/');
    for (const length of TAILS) {
      const found = parts.length < length ? undefined : this.#byTail.get(parts.slice(-length).join('/'));
      if (found !== undefined) return found.slice(0, FEW);
    }
    // Two are enough to say that there are several.
    return (this.#byBase.get(baseName(name)) ?? this.#byStem.get(baseName(name)) ?? []).slice(0, 2);
  }

  #closest(name: string, candidates: readonly number[]): Found {
    if (candidates.length === 0) return NONE;
    if (candidates.length === 1) return { kind: 'one', file: candidates[0] };
    let best = -1;
    let winner: Found = NONE;
    for (const file of candidates) {
      const shared = sharedFolders(name, this.#paths[file]);
      if (shared === best) winner = SEVERAL;
      if (shared <= best) continue;
      best = shared;
      winner = { kind: 'one', file };
    }
    return winner;
  }
}

function tailsOf(paths: readonly string[]): Map<string, number[]> {
  const tails = new Map<string, number[]>();
  for (const [i, path] of paths.entries()) {
    const parts = path.split('/');
    for (const length of TAILS) if (parts.length >= length) push(tails, parts.slice(-length).join('/'), i);
  }
  return tails;
}

function sharedFolders(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  let shared = 0;
  while (shared + 1 < Math.min(left.length, right.length) && left.at(-2 - shared) === right.at(-2 - shared))
    shared++;
  return shared;
}

/** macOS writes ö as o and two dots in file names, label files as one character. */
function oneForm(text: string): string {
  return text.normalize('NFC');
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
