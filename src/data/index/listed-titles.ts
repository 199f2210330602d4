/**
 * Names of classes that no sample has, out of a list that came along: where labels are numbers with a name beside each,
 * a list that says the same names at those numbers is believed about the others. It must not know models.
 */

/** A longer text is no list of classes. */
const MOST_CLASSES = 30_000;

/** @param titles beside `classes`. Gives the list, by label number; undefined where none agrees with every label. */
export function listedTitles(
  texts: ReadonlyMap<string, string>,
  classes: readonly string[],
  titles: readonly string[] | undefined,
): readonly string[] | undefined {
  if (titles === undefined || classes.length === 0) return undefined;
  for (const text of texts.values()) {
    const names = text.replace(/^\uFEFF/, '').split(/\r?\n/);
    if (names.length > MOST_CLASSES) continue;
    if (classes.every((name, i) => /^\d{1,9}$/.test(name) && names[Number(name)] === titles[i])) return names;
  }
  return undefined;
}
