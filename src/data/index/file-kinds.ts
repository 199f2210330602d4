/** What a file is by its name, so that 100,000 files need not be opened to be sorted. It must not read them. */
import { baseName, extensionOf } from '../files/names.ts';

export type FileKind =
  | 'picture'
  | 'sound'
  | 'npy'
  | 'npz'
  | 'idx'
  | 'table'
  | 'json'
  | 'text'
  | 'archive'
  | 'other-sound'
  | 'other';

const BY_EXTENSION: Readonly<Record<string, FileKind>> = {
  jpg: 'picture',
  jpeg: 'picture',
  jpe: 'picture',
  jfif: 'picture',
  png: 'picture',
  webp: 'picture',
  gif: 'picture',
  bmp: 'picture',
  tif: 'picture',
  tiff: 'picture',
  avif: 'picture',
  heic: 'picture',
  heif: 'picture',
  jxl: 'picture',
  jp2: 'picture',
  ppm: 'picture',
  pgm: 'picture',
  wav: 'sound',
  wave: 'sound',
  mp3: 'other-sound',
  flac: 'other-sound',
  ogg: 'other-sound',
  opus: 'other-sound',
  m4a: 'other-sound',
  aac: 'other-sound',
  aif: 'other-sound',
  aiff: 'other-sound',
  npy: 'npy',
  npz: 'npz',
  csv: 'table',
  tsv: 'table',
  tab: 'table',
  json: 'json',
  jsonl: 'text',
  txt: 'text',
  names: 'text',
  tar: 'archive',
  tgz: 'archive',
  rar: 'archive',
  '7z': 'archive',
  bz2: 'archive',
  xz: 'archive',
  zst: 'archive',
};

/** train-images-idx3-ubyte, train-images.idx3-ubyte, labels.idx */
const IDX_NAME = /idx\d?[-.](u?byte|short|int|float|double)$|\.idx\d?$/i;

/** The name without a trailing .gz, which only says how it is packed. */
export function withoutGz(path: string): string {
  return path.replace(/\.gz$/i, '');
}

export function kindOf(path: string): FileKind {
  const inner = withoutGz(path);
  if (IDX_NAME.test(baseName(inner))) return 'idx';
  const kind = BY_EXTENSION[extensionOf(inner)] ?? 'other';
  // A packed picture or sound is nobody's habit; arrays, tables and lists are.
  if (inner !== path && (kind === 'picture' || kind === 'sound' || kind === 'npz')) return 'other';
  return kind;
}

/** A cell that names a picture, sound or array. */
export function isMediaName(cell: string): boolean {
  const kind = kindOf(cell.trim());
  return kind === 'picture' || kind === 'sound' || kind === 'npy' || kind === 'other-sound';
}
