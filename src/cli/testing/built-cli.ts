/** The command line built for a test, so that it never looks at an old one, and run in a process of its own. It must not check anything. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param name a folder of its own for each test file, since they run side by side. It lies two folders below the project,
 * as dist/cli does: the program looks for package.json and node_modules from there.
 * @returns runs the program in a working folder; a code of −1 = it was ended after `hangMillis`
 */
export async function buildCli(
  name: string,
): Promise<(folder: string, hangMillis: number, args: readonly string[]) => Promise<Run>> {
  const outDir = join(ROOT, '.cache', name);
  await build({
    root: ROOT,
    configFile: join(ROOT, 'vite.cli.config.ts'),
    logLevel: 'error',
    build: { outDir },
  });
  return (cwd, timeout, args) =>
    new Promise((done) => {
      execFile(
        process.execPath,
        [join(outDir, 'pare.js'), ...args],
        { cwd, timeout, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          done({ code, stdout, stderr });
        },
      );
    });
}
