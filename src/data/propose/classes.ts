/**
 * Which output of the model each label means: by number, by a list of classes that came along, or by order.
 * It must not know models beyond how many classes they have.
 */
import type { Dataset } from '../types.ts';

/** As DataConfig.classes and ClassificationTask.classOffset. */
export interface ClassMapping {
  readonly title: string;
  readonly classes: readonly string[];
  readonly classOffset: number;
}

/** All ways that fit, the likelier first; none when the labels cannot be the model's classes. */
export function classMappings(dataset: Pick<Dataset, 'classes' | 'texts'>, outputs: number): ClassMapping[] {
  const labels = dataset.classes;
  if (labels.length === 0) return [];
  const numbers = labels.every((name) => /^\d{1,9}$/.test(name)) ? labels.map(Number) : undefined;
  return numbers === undefined ? byName(labels, dataset.texts, outputs) : byNumber(labels, numbers, outputs);
}

function byNumber(labels: readonly string[], numbers: readonly number[], outputs: number): ClassMapping[] {
  const found: ClassMapping[] = [];
  const largest = Math.max(...numbers);
  const smallest = Math.min(...numbers);
  const shifted = (classOffset: number): ClassMapping => {
    const title =
      classOffset === 0
        ? 'labels as class numbers'
        : `labels ${classOffset > 0 ? '+' : '−'} 1 as class numbers`;
    return { title, classes: [], classOffset };
  };
  // A model of 1001 classes has the background first (TensorFlow's ImageNet); so may one with a class more than labels.
  const background = largest + 1 < outputs && (outputs === 1001 || labels.length + 1 === outputs);
  if (largest < outputs) found.push(shifted(0));
  if (background) found.push(shifted(1));
  if (smallest >= 1 && largest === outputs) found.push(shifted(-1));
  if (labels.length === outputs && largest >= outputs) {
    found.push({ title: 'labels in order', classes: labels, classOffset: 0 });
  }
  return outputs === 1001 && background ? found.reverse() : found;
}

function byName(
  labels: readonly string[],
  texts: ReadonlyMap<string, string>,
  outputs: number,
): ClassMapping[] {
  const found: ClassMapping[] = [];
  for (const [path, text] of texts) {
    for (const classOffset of [0, 1]) {
      const names = classNames(text, outputs - classOffset);
      const classes = names && matched(labels, names);
      if (classes) found.push({ title: `names as in ${path}`, classes, classOffset });
    }
  }
  for (const classOffset of [0, 1]) {
    if (labels.length === outputs - classOffset) {
      const background = classOffset === 1 ? ', class 0 is background' : '';
      found.push({ title: `names in order${background}`, classes: labels, classOffset });
    }
  }
  const leading = byLeadingNumber(labels, outputs);
  if (leading !== undefined) found.push(leading);
  // A single score: the second of two classes.
  if (outputs === 1 && labels.length === 2) {
    found.push({ title: 'names in order', classes: labels, classOffset: 0 });
  }
  return found;
}

/** The classes of a list that came along and knows every label, in the list's order; else the labels in theirs. */
export function listedClasses({ classes, texts }: Pick<Dataset, 'classes' | 'texts'>): readonly string[] {
  for (const text of texts.values()) {
    const names = jsonNames(text) ?? textLines(text);
    const found = names.length < MOST_CLASSES ? matched(classes, names) : undefined;
    if (found !== undefined && classes.length > 0) return found;
  }
  return classes;
}

/** A longer text is no list of classes. */
const MOST_CLASSES = 30_000;

/** '07_cat', '7-cat', '7 cat': the number is the class. */
function byLeadingNumber(labels: readonly string[], outputs: number): ClassMapping | undefined {
  const numbers = labels.map((name) => Number(/^(\d{1,9})[\s._-]/.exec(name)?.[1] ?? Number.NaN));
  if (!numbers.every((n) => n < outputs) || new Set(numbers).size !== labels.length) return undefined;
  const classes = Array.from({ length: outputs }, (_, i) => `class ${i}`);
  for (const [i, n] of numbers.entries()) classes[n] = labels[i];
  return { title: 'numbers at the start of the names', classes, classOffset: 0 };
}

/** The lines of a list, or the entries of a JSON one, when there are exactly `count`. */
export function classNames(text: string, count: number): readonly string[] | undefined {
  const names = jsonNames(text) ?? textLines(text);
  return names.length === count ? names : undefined;
}

export function textLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** ["tench", …], {"0": "tench", …} or {"0": ["n01440764", "tench"], …}. */
function jsonNames(text: string): string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).sort(([a], [b]) => Number(a) - Number(b));
  if (!entries.every(([key], i) => key === String(i))) return undefined;
  return entries.map(([, entry]) => (Array.isArray(entry) ? entry.map(String).join(' ') : String(entry)));
}

/** The list with each label in the place of the name that it matches; undefined unless every label does. */
function matched(labels: readonly string[], names: readonly string[]): readonly string[] | undefined {
  const places = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    for (const form of forms(name)) if (!places.has(form)) places.set(form, i);
  }
  const classes = [...names];
  const used = new Set<number>();
  for (const label of labels) {
    const place = forms(label)
      .map((form) => places.get(form))
      .find((each) => each !== undefined);
    if (place === undefined || used.has(place)) return undefined;
    used.add(place);
    classes[place] = label;
  }
  return classes;
}

/** A name in lower case without punctuation; without a leading WordNet id; that id alone; the first of several. */
function forms(name: string): string[] {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const [, id, rest] = /^(n\d{8})?(.*)$/s.exec(name.trim()) ?? [];
  const words = rest === undefined || plain(rest) === '' ? name : rest;
  const first = words.split(',')[0] ?? words;
  return [...new Set([plain(words), ...(id === undefined ? [] : [id]), plain(first)])].filter(
    (f) => f !== '',
  );
}
