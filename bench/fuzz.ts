/**
 * Fuzzing: `npx tsx bench/fuzz.ts [inputs] [seed]`, a million mutated models by default. Each is opened, verified,
 * drafted, saved, its values read, encoded anew. A process that is silent for thirty seconds hangs: it is ended and the
 * batch it was in is named. Fails on a hang, on any throw that is no coded error, and on any broken promise.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const INPUTS = Number(process.argv[2] ?? 1_000_000);
const SEED = Number(process.argv[3] ?? 20_250_101);
const PROCESSES = Math.min(2, availableParallelism());
/** Fifty inputs take some 20 ms of an idle processor; the rest is for a busy one. */
const SILENCE_MILLIS = 30_000;
const CHILD = fileURLToPath(new URL('support/fuzz-child.ts', import.meta.url));

interface Report {
  readonly done: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
  readonly slowestMillis: number;
  readonly slowestIndex: number;
  readonly seeds: number;
}

function run(first: number): Promise<Report | string> {
  const args = [SEED, first, PROCESSES, INPUTS].map(String);
  const child = fork(CHILD, args, { execArgv: ['--import', 'tsx'] });
  return new Promise((resolve) => {
    let at = first;
    let timer = setTimeout(silent, SILENCE_MILLIS * 2);
    function silent(): void {
      child.kill('SIGKILL');
      resolve(
        `HANG: silent for ${SILENCE_MILLIS / 1000} s in the batch from input ${at} (every ${PROCESSES}.)`,
      );
    }
    child.on('message', (message: { at: number } | Report) => {
      clearTimeout(timer);
      if ('at' in message) {
        at = message.at;
        timer = setTimeout(silent, SILENCE_MILLIS);
      } else resolve(message);
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(`the process of the batch from input ${at} ended with ${String(code)}`);
    });
  });
}

const start = performance.now();
const reports = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => run(i)));
const counts = new Map<string, number>();
const findings: string[] = [];
let done = 0;
for (const report of reports) {
  if (typeof report === 'string') {
    findings.push(report);
    continue;
  }
  done += report.done;
  findings.push(...report.findings);
  for (const [outcome, count] of Object.entries(report.counts)) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + count);
  }
  console.log(
    `${report.seeds} seed files; slowest input ${report.slowestIndex}: ${report.slowestMillis.toFixed(1)} ms`,
  );
}
const seconds = (performance.now() - start) / 1000;
console.log(
  `${done} of ${INPUTS} inputs, seed ${SEED}, ${seconds.toFixed(0)} s, ${Math.round(done / seconds)} a second`,
);
for (const [outcome, count] of [...counts].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(count).padStart(9)}  ${outcome}`);
}
for (const finding of findings) console.log(`FINDING  ${finding}`);
const hangs = findings.filter((f) => f.startsWith('HANG')).length;
console.log(`${hangs} hangs, ${findings.length - hangs} other findings`);
process.exitCode = findings.length === 0 && done === INPUTS ? 0 : 1;
