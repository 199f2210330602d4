/** Where tests find models that are not part of the project: the folder `shared` beside it, if there is one. Tests only. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** The folder, or undefined. A test that needs it prints why it is skipped. */
export function sharedDir(): string | undefined {
  const dir = resolve(root, '../shared');
  return existsSync(dir) ? dir : undefined;
}

/** The root folder of the project. */
export function projectDir(): string {
  return root;
}

/** All files below `dir` whose name ends in `ending`, sorted. */
export function filesBelow(dir: string, ending: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) visit(path);
      else if (name.endsWith(ending)) found.push(path);
    }
  };
  visit(dir);
  return found;
}
