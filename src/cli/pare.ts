/**
 * The command line: arguments in, one outcome out, an exit code that scripts can rely on. A readable sentence for
 * people, one JSON object for programs, never a stack trace.
 */
import { readFileSync } from 'node:fs';
import { toErrorRecord, type ErrorRecord } from '../core/errors.ts';
import { parseCommand, wantsJson, type Command } from './arguments.ts';
import { describeData } from './data.ts';
import { doctor } from './doctor.ts';
import { EXIT_DONE, exitCodeOf } from './exit-codes.ts';
import { HELP } from './help.ts';
import { inspect } from './inspect.ts';
import { measureModel } from './measure.ts';
import { optimize } from './optimize.ts';
import { toJson, type Outcome } from './outcome.ts';
import { profileModelFile } from './profile.ts';
import { sensitivity } from './sensitivity.ts';
import { printable } from './table.ts';
import { tuneModel } from './tune.ts';
import { listTargets } from './targets.ts';

async function run(command: Command): Promise<Outcome> {
  switch (command.name) {
    case 'help':
      return { json: { help: HELP }, text: HELP.trimEnd() };
    case 'version': {
      const version = ownVersion();
      return { json: { version }, text: version };
    }
    case 'inspect':
      return inspect(command.model);
    case 'optimize':
      return optimize(command);
    case 'measure':
      return measureModel(command);
    case 'data':
      return describeData(command);
    case 'profile':
      return profileModelFile(command);
    case 'doctor':
      return doctor(command);
    case 'targets':
      return listTargets();
    case 'tune':
      return tuneModel(command);
    case 'sensitivity':
      return sensitivity(command);
    default:
      return command satisfies never;
  }
}

/** package.json lies two folders above the built file and above this one alike. */
function ownVersion(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : 'unknown';
}

function sentence({ message, at, hint }: ErrorRecord): string {
  const place = at === undefined || message.includes(at) ? '' : ` At ${at}.`;
  return printable(`${message}${place}${hint === undefined ? '' : ` ${hint}`}`);
}

/** Resolves when the bytes have left: a process that ends earlier cuts a pipe short. */
function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((done) => stream.write(`${text}\n`, () => done()));
}

async function main(args: readonly string[]): Promise<number> {
  const json = wantsJson(args);
  try {
    const outcome = await run(parseCommand(args));
    await print(process.stdout, json ? toJson(outcome.json) : outcome.text);
    return outcome.exitCode ?? EXIT_DONE;
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    if (json) await print(process.stdout, toJson({ error }));
    else await print(process.stderr, sentence(error));
    return exitCodeOf(error.code);
  }
}

// A reader that has seen enough (`pare … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT_DONE : 1),
);
// No handlers for SIGINT and SIGTERM: they would wait for the main thread, which a running model holds for as long as
// it runs; the system's own answer ends the process at once.
// The threads of the runtime would keep the process alive.
process.exit(await main(process.argv.slice(2)));
