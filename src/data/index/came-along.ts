/**
 * Small texts that come with a set (class lists, alphabets, tokenizers) and a word about every file that is not used. It
 * must not know samples.
 */
import { PareError } from '../../core/errors.ts';
import type { FileSet } from '../files/file-set.ts';
import { decodeText } from '../files/table-text.ts';
import { baseName, extensionOf } from '../files/names.ts';
import { kindOf } from './file-kinds.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

const MAX_TOKENIZER_BYTES = 20 * 1024 * 1024;
const MAX_TEXT_BYTES = 1024 * 1024;
/** A text a sample (YOLO labels, transcripts) is another format; its files are not all kept. */
const MAX_TEXTS = 64;
const NAMED =
  /^(tokenizer\.json|(classes|labels|keys|categories|alphabet|vocab|dict).*\.(txt|json)|.*\.names)$/i;
const TEXT_EXTENSIONS = new Set(['txt', 'json', 'names', 'yaml', 'yml', 'labels', 'keys', 'model_config']);

/** Named lists first, so that many other texts cannot push them out. */
export async function textsOf(set: FileSet, problems: ProblemLog): Promise<Map<string, string>> {
  const wanted = set.paths
    .map((path, file) => ({ path, file, named: NAMED.test(baseName(path)) }))
    .filter(({ path, named }) => named || TEXT_EXTENSIONS.has(extensionOf(path)))
    .sort((a, b) => Number(b.named) - Number(a.named));
  const texts = new Map<string, string>();
  for (const { path, file, named } of wanted.slice(0, MAX_TEXTS)) {
    if (set.size(file) > (named ? MAX_TOKENIZER_BYTES : MAX_TEXT_BYTES)) continue;
    try {
      const bytes = await set.read(file, MAX_TOKENIZER_BYTES);
      if (!bytes.subarray(0, 4096).includes(0)) texts.set(path, decodeText(bytes));
    } catch (cause) {
      if (!(cause instanceof PareError)) throw cause;
      if (problems.has('unreadable-labels', path)) continue;
      problems.add('warning', 'unreadable-text', path, () => cause.message, path);
    }
  }
  return texts;
}

const WHY: Readonly<Record<ReturnType<typeof kindOf>, string>> = {
  picture: 'picture',
  sound: 'sound',
  npy: 'array',
  npz: 'array',
  idx: 'array',
  table: 'table',
  json: 'JSON file',
  text: 'text',
  archive: 'archive',
  'other-sound': 'sound in another format than WAV',
  other: 'file',
};

/** Counts every file that neither is in `used` nor came along as a text. */
export function noteUnused(
  set: FileSet,
  used: Iterable<number>,
  texts: ReadonlyMap<string, string>,
  problems: ProblemLog,
): void {
  const known = new Set(used);
  for (const [file, path] of set.paths.entries()) {
    if (known.has(file) || texts.has(path)) continue;
    const kind = kindOf(path);
    const what = WHY[kind];
    const advice = kind === 'archive' ? ' Only zip archives are opened.' : '';
    const many = kind === 'other-sound' ? 'sounds in other formats than WAV' : `${what}s`;
    problems.add('note', 'unused-file', path, (n) => `${counted(n, what, many)} not used.${advice}`, kind);
  }
}
