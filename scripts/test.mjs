// `npm test`: everything that must hold, in one command on a fresh machine. Installs what is missing, goes on after a
// failing suite, and ends with one line of counts. No dependencies: it runs before there are any.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfNeeded } from './start.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORTS = join(ROOT, '.cache', 'reports');
/** No suite may hang the run: the longest takes a few minutes on two cores. */
const SUITE_LIMIT_MILLIS = 10 * 60_000;

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
const report = (name) => join(REPORTS, `${name}.json`);
const vitest = (name, projects, env = {}) => ({
  name,
  command: [
    bin('vitest'),
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report(name)}`,
  ],
  env,
  count: countVitest,
});

/** A suite without a report of its own counts as one test. */
const SUITES = [
  { name: 'kernels', command: ['npm', 'run', '--silent', 'kernels'] },
  { name: 'types', command: [process.execPath, 'scripts/typecheck.mjs'] },
  { name: 'lint', command: [bin('eslint'), '.', '--max-warnings', '0'] },
  { name: 'format', command: [bin('prettier'), '--check', '.'] },
  { name: 'imports', command: [bin('depcruise'), 'src', '--config', '.dependency-cruiser.cjs'] },
  { name: 'unused', command: [bin('knip')] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'size', command: [bin('size-limit')] },
  vitest('unit', ['unit']),
  vitest('conformance', ['conformance-node', 'conformance-browser'], {
    REQUIRE_BACKENDS: 'reference,wasm,webgpu',
  }),
  {
    name: 'e2e',
    command: [bin('playwright'), 'test'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report('e2e') },
    count: countPlaywright,
  },
];

function readReport(name) {
  try {
    return JSON.parse(readFileSync(report(name), 'utf8'));
  } catch {
    return undefined;
  }
}

function countVitest(name) {
  const found = readReport(name);
  if (found === undefined) return undefined;
  // A file that cannot even be loaded has no tests but has failed.
  const broken = found.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: found.numPassedTests,
    failed: found.numFailedTests + broken,
    skipped: found.numPendingTests + found.numTodoTests,
  };
}

function countPlaywright(name) {
  const stats = readReport(name)?.stats;
  return stats && { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

/** Runs a command with its output shown. Resolves to its exit status; null when it was stopped at the limit. */
function run([command, ...args], env) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env },
      timeout: SUITE_LIMIT_MILLIS,
      shell: process.platform === 'win32',
    });
    child.on('error', (error) => {
      console.error(error.message);
      done(null);
    });
    child.on('exit', (status) => done(status));
  });
}

async function runSuite({ name, command, env, count }) {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const status = await run(command, env);
  const counted = count?.(name) ?? { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  // A crash after the last test, or an error outside any test, must not read as success.
  if (status !== 0 && counted.failed === 0) counted.failed = 1;
  return { name, ...counted, seconds: (performance.now() - started) / 1000 };
}

function printTable(results) {
  console.log('\nsuite        passed  failed  skipped  seconds');
  for (const { name, passed, failed, skipped, seconds } of results) {
    const cells = [name.padEnd(11), String(passed).padStart(7), String(failed).padStart(7)];
    console.log([...cells, String(skipped).padStart(8), seconds.toFixed(1).padStart(8)].join(' '));
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `No suite is called ${unknown.join(', ')}. There are: ${SUITES.map((s) => s.name).join(', ')}.`,
  );
  process.exit(2);
}

installIfNeeded();
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

const results = [];
const { ensureChromium } = await import('./chromium.mjs');
try {
  process.env.PARE_CHROMIUM = await ensureChromium();
} catch (error) {
  // The suites that need the browser will fail for themselves; the others still say what they have to say.
  console.error(error.message);
  results.push({ name: 'browser', passed: 0, failed: 1, skipped: 0, seconds: 0 });
}
for (const suite of SUITES) {
  if (wanted.length === 0 || wanted.includes(suite.name)) results.push(await runSuite(suite));
}
printTable(results);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
