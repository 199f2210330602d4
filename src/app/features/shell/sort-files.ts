/**
 * Which of some files are the model, which are data, and which is a recipe or a description, by their names alone. It
 * must not open any: what a file really holds is found out, and said, by whoever opens it.
 */
import type { PickedFile } from '../../ui/file-button.tsx';

type Named = Pick<PickedFile, 'path'>;

export interface SortedFiles<F extends Named> {
  readonly model: readonly F[];
  readonly data: readonly F[];
  /** One JSON file alone: a recipe, a description, or labels; its text decides. */
  readonly document: F | null;
}

const MODEL = /\.onnx$/i;
/** Files that hold samples. A zip, an archive of arrays or one table is enough of a set by itself. */
const CARRIER =
  /\.(zip|jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic|npy|npz|csv|tsv|wav|gz)$|idx\d[-.]ubyte$|\.idx\d?$/i;
/** Files that say something about samples: labels, class lists, tokenizers. Lines of a text are samples too. */
const COMPANION = /\.(json|jsonl|txt)$/i;
/** What the system leaves in folders; it is neither. */
const LITTER = /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini)$/i;

export function sortFiles<F extends Named>(files: readonly F[], modelOpen: boolean): SortedFiles<F> {
  const wanted = files.filter(({ path }) => !LITTER.test(path));
  const first = wanted[0];
  if (first === undefined) return { model: files, data: [], document: null };
  if (wanted.length === 1 && modelOpen && /\.json$/i.test(first.path)) {
    return { model: [], data: [], document: first };
  }
  const hasModel = wanted.some(({ path }) => MODEL.test(path));
  const hasCarrier = wanted.some(({ path }) => CARRIER.test(path));
  if (hasModel) return besideModel(wanted, hasCarrier);
  const textsOnly = wanted.every(({ path }) => COMPANION.test(path));
  // Without a model there is nothing to measure data with: the opening says so, with the name of the file.
  if (modelOpen && (hasCarrier || textsOnly)) return { model: [], data: wanted, document: null };
  return { model: wanted, data: [], document: null };
}

/**
 * External data may have any name, so everything that is not known to be data goes with the model. A folder of a model
 * often brings config.json or tokenizer.json: without samples these are no set.
 */
function besideModel<F extends Named>(files: readonly F[], hasCarrier: boolean): SortedFiles<F> {
  const isData = ({ path }: F): boolean => CARRIER.test(path) || COMPANION.test(path);
  if (!hasCarrier) {
    return { model: files.filter((file) => !isData(file)), data: [], document: null };
  }
  return { model: files.filter((file) => !isData(file)), data: files.filter(isData), document: null };
}
