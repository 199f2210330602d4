// `npm start`: from a fresh clone to the page in one command. Installs and builds only what is missing or older than
// its sources. No dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(ROOT, ...parts);
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package-lock.json', 'scripts'];

/** Runs npm and stops the whole program when it fails. */
function npm(...args) {
  const { status, error } = spawnSync('npm', args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error || status !== 0) {
    console.error(`npm ${args.join(' ')} failed${error ? `: ${error.message}` : ''}.`);
    process.exit(1);
  }
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  let latest = 0;
  for (const name of readdirSync(path)) {
    // The kernels are built into the source tree; they follow the build, they do not cause it.
    if (name === 'generated') continue;
    latest = Math.max(latest, newest(join(path, name)));
  }
  return latest;
}

/** npm writes this file after every install; it is older than the lockfile when the lockfile changed since. */
export function installIfNeeded() {
  const marker = at('node_modules', '.package-lock.json');
  if (existsSync(marker) && newest(marker) >= newest(at('package-lock.json'))) return false;
  console.log('Installing what the lockfile names …');
  npm('ci');
  return true;
}

export function buildIfNeeded() {
  const page = at('dist', 'studio', 'index.html');
  const built = Math.min(newest(page), newest(at('dist', 'cli', 'pare.js')));
  if (built > 0 && SOURCES.every((source) => newest(at(source)) <= built)) return false;
  console.log('Building …');
  npm('run', 'build');
  return true;
}

if (process.argv[1] && statSync(process.argv[1]).ino === statSync(fileURLToPath(import.meta.url)).ino) {
  installIfNeeded();
  buildIfNeeded();
  const { serve } = await import('./serve.mjs');
  await serve(process.argv.slice(2));
}
