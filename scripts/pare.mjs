#!/usr/bin/env node
// The command `pare`: starts the built command line. It is there before the first build, so that npm can link it, and
// says what is missing until then.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/pare.js', import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  console.error('The command line is not built yet. Run "npm run build" first.');
  process.exitCode = 1;
}
