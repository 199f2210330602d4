// Runs the benchmarks: `npm run bench` all of them, `npm run bench -- kernels big-model` some. Each bench/<name>.ts
// is a program of its own that prints its figures; this file must not know what they measure.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(ROOT, 'bench');
const TSX = createRequire(import.meta.url).resolve('tsx/cli');

/** bench/<name>.ts at the top level; helpers live in folders below it. */
function benches() {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => entry.name.slice(0, -'.ts'.length))
    .sort();
}

function run(name) {
  return new Promise((done) => {
    const started = performance.now();
    const child = spawn(process.execPath, [TSX, join(FOLDER, `${name}.ts`)], { cwd: ROOT, stdio: 'inherit' });
    const end = (status) => done({ name, status, seconds: (performance.now() - started) / 1000 });
    child.on('error', (error) => {
      console.error(error.message);
      end(1);
    });
    child.on('exit', (code, signal) => end(code ?? signal));
  });
}

const known = benches();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  process.exit(2);
}

const memory = Math.round(totalmem() / 2 ** 30);
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} threads, ${memory} GiB, Node ${process.version}`,
);
const results = [];
// One after the other: two at once would measure each other.
for (const name of wanted.length > 0 ? wanted : known) {
  console.log(`\n── ${name}`);
  results.push(await run(name));
}
console.log('');
for (const { name, status, seconds } of results) {
  console.log(`${name.padEnd(14)} ${status === 0 ? 'done' : `failed (${status})`} ${seconds.toFixed(1)} s`);
}
process.exitCode = results.some((result) => result.status !== 0) ? 1 : 0;
