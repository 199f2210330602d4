/** Paths of dropped files: made harmless, compared, taken apart. They are names only; nothing is opened by them. */

/** Files that systems leave behind in folders and zips. */
const LEFT_BEHIND =
  /(^|\/)(__MACOSX\/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$|\.git\/|\.ipynb_checkpoints\/)/i;

/** Forward slashes, no drive, no leading '/', no '.', '..' or empty part; what is left of "../../a" is "a". */
export function cleanPath(path: string): string {
  return path
    .replaceAll('\\', '/')
    .replace(/^[a-zA-Z]:\//, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}

/** The path tries to leave its folder: harmless here, and worth a note about the archive it comes from. */
export function escapes(path: string): boolean {
  return /^([a-zA-Z]:)?[\\/]/.test(path) || path.split(/[\\/]/).includes('..');
}

export function isLeftBehind(path: string): boolean {
  return LEFT_BEHIND.test(path);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Without the last part; '' at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Base name without its last extension. */
export function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]*$/, '');
}

/** Lower case, without the dot; '' where there is none. */
export function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(baseName(path))?.[1]?.toLowerCase() ?? '';
}

/** By code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names that are all whole numbers stand by value (2 before 10), all others by name. */
export function sortNames(names: Iterable<string>): string[] {
  const list = [...names];
  return list.every((name) => /^-?\d+$/.test(name))
    ? list.sort((a, b) => Number(a) - Number(b) || compareText(a, b))
    : list.sort(compareText);
}
