// Type-checks the project twice: the core without browser and Node types (it must run in both), then everything.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
let failed = false;
for (const project of ['tsconfig.core.json', 'tsconfig.json']) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${project}: ${status === 0 ? 'no type errors' : 'type errors'}`);
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
