/**
 * Which of the dropped files is the model, and what lies beside it. It must not know how files are read; the caller
 * looks inside where names are not enough.
 */
import { PareError } from '../core/errors.ts';

export interface Named {
  /** Relative path inside a dropped folder, or the bare name. */
  readonly path: string;
}

export interface ModelAndData<T> {
  readonly model: T;
  /** By path relative to the model's own folder, as external data locations are. */
  readonly beside: ReadonlyMap<string, T>;
}

/** More candidates than this are a folder of something else; looking into each would take long. */
const MOST_TO_LOOK_INTO = 32;
/** Names that an error lists before it says how many more there are. */
const MOST_TO_NAME = 10;

/**
 * One file is the model whatever its name. Of several it is the only one that ends in .onnx; where none does, the
 * only one that `looksLikeModel`.
 * @throws PareError `usage` without files, `several-models`, `not-onnx`
 */
export async function chooseModel<T extends Named>(
  files: readonly T[],
  looksLikeModel: (file: T) => Promise<boolean>,
): Promise<ModelAndData<T>> {
  const visible = files.filter((file) => !isClutter(file.path));
  const [first] = visible;
  if (first === undefined) {
    throw new PareError('usage', 'There is no file to open.', { hint: 'Choose a file that ends in .onnx.' });
  }
  if (visible.length === 1) return { model: first, beside: new Map() };
  const named = visible.filter((file) => file.path.toLowerCase().endsWith('.onnx'));
  const candidates = named.length > 0 ? named : await modelsAmong(visible, looksLikeModel);
  const [model, ...others] = candidates;
  if (model === undefined) throw noModel(visible);
  if (others.length > 0) throw severalModels(candidates);
  return { model, beside: filesBeside(model, visible) };
}

/** One after the other, so that no more than one of them is in memory. */
async function modelsAmong<T>(
  files: readonly T[],
  looksLikeModel: (file: T) => Promise<boolean>,
): Promise<T[]> {
  const found: T[] = [];
  for (const file of files.slice(0, MOST_TO_LOOK_INTO)) if (await looksLikeModel(file)) found.push(file);
  return found;
}

/** What operating systems leave in folders and archives. */
function isClutter(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
}

function filesBeside<T extends Named>(model: T, files: readonly T[]): ReadonlyMap<string, T> {
  const folder = model.path.slice(0, model.path.lastIndexOf('/') + 1);
  const beside = new Map<string, T>();
  for (const file of files) {
    if (file === model) continue;
    beside.set(file.path.startsWith(folder) ? file.path.slice(folder.length) : file.path, file);
  }
  return beside;
}

function list(files: readonly Named[]): string {
  const names = files.slice(0, MOST_TO_NAME).map((file) => file.path);
  const more = files.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function severalModels(files: readonly Named[]): PareError {
  return new PareError('several-models', `There are ${files.length} models here: ${list(files)}.`, {
    hint: 'Open one model at a time, together with its own data files.',
  });
}

function noModel(files: readonly Named[]): PareError {
  return new PareError('not-onnx', `None of the ${files.length} files is an ONNX model: ${list(files)}.`, {
    hint: 'Add the file that ends in .onnx.',
  });
}
