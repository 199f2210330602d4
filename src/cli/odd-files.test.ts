/**
 * Paths that are no plain files: pipes, devices, links, names too long. Each is refused in a sentence, at once, and
 * nothing is put in the place of what is there. A run that never ends can be stopped. Runs the built program, so that
 * a wait for ever is a failure.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatParts } from '../core/bytes/spans.ts';
import { boolTensor, graph, graphValue, model, node, valueInfo } from '../core/onnx/build.ts';
import type { Model } from '../core/onnx/ir.ts';
import { writeModel } from '../core/onnx/write.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, '.cache', 'cli-odd-files');
const digits = join(root, 'public/samples/digits/digits.onnx');
const HANG_MILLIS = 30_000;
let folder = '';

beforeAll(async () => {
  const configFile = join(root, 'vite.cli.config.ts');
  await build({ root, configFile, logLevel: 'error', build: { outDir: built } });
  folder = mkdtempSync(join(tmpdir(), 'pare-odd-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Refusal {
  readonly exit: number | string | null | undefined;
  readonly code: string;
  readonly message: string;
}

function refusal(...args: string[]): Promise<Refusal> {
  return new Promise((done) => {
    const options = { cwd: folder, timeout: HANG_MILLIS };
    execFile(process.execPath, [join(built, 'pare.js'), ...args, '--json'], options, (error, stdout) => {
      const { error: record } = JSON.parse(stdout === '' ? '{}' : stdout) as {
        error?: { code: string; message: string };
      };
      done({ exit: error?.code, code: record?.code ?? 'none', message: record?.message ?? '' });
    });
  });
}

const optimized = (recipe: string, output: string) =>
  refusal('optimize', digits, '--recipe', recipe, '-o', output);

/** A loop whose condition stays true. */
function endless(): Model {
  const body = graph({
    name: 'body',
    nodes: [node('Identity', ['go'], ['goOn']), node('Tanh', ['state'], ['next'])],
    inputs: [valueInfo('i', 'int64', []), valueInfo('go', 'bool', []), valueInfo('state', 'float32', [1, 4])],
    outputs: [valueInfo('goOn', 'bool', []), valueInfo('next', 'float32', [1, 4])],
  });
  return model(
    graph({
      nodes: [node('Loop', ['', 'yes', 'x'], ['y'], { attrs: { body: graphValue(body) } })],
      initializers: [boolTensor('yes', [], [true])],
      inputs: [valueInfo('x', 'float32', [1, 4])],
      outputs: [valueInfo('y', 'float32', [1, 4])],
    }),
  );
}

describe('paths that are no plain files', () => {
  it('a pipe that nobody writes to is no model and no recipe', async () => {
    expect(await refusal('inspect', 'pipe')).toMatchObject({ exit: 3, code: 'not-a-file' });
    expect(await optimized('pipe', 'out.onnx')).toMatchObject({ exit: 2, code: 'recipe-invalid' });
  });

  it('a device that never ends is no recipe', async () => {
    expect(await optimized('/dev/zero', 'out.onnx')).toMatchObject({ exit: 2, code: 'recipe-invalid' });
  });

  it('an output never takes the place of a pipe or a link', async () => {
    writeFileSync(join(folder, 'elsewhere.onnx'), 'kept');
    symlinkSync('elsewhere.onnx', join(folder, 'link.onnx'));
    symlinkSync('nowhere.onnx', join(folder, 'dangling.onnx'));
    for (const target of ['pipe', 'link.onnx', 'dangling.onnx']) {
      const found = await optimized('int8', target);
      expect(found).toMatchObject({ exit: 2, code: 'usage' });
      expect(found.message).toContain('not a file');
    }
    expect(lstatSync(join(folder, 'pipe')).isFIFO()).toBe(true);
    expect(lstatSync(join(folder, 'link.onnx')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(folder, 'nowhere.onnx'))).toBe(false);
  });

  it('an output that cannot be a path is bad usage, and the longest name is taken', async () => {
    const before = readdirSync(folder);
    for (const target of ['', `${'x'.repeat(300)}.onnx`, join(digits, 'below-a-file.onnx')]) {
      expect(await optimized('int8', target)).toMatchObject({ exit: 2, code: 'usage' });
    }
    expect(readdirSync(folder)).toEqual(before);
    const longest = `${'x'.repeat(250)}.onnx`;
    expect(await optimized('int8', longest)).toMatchObject({ code: 'none' });
    expect(existsSync(join(folder, longest))).toBe(true);
  });

  it(
    'a signal ends a measurement that never would, although the model holds the main thread',
    async () => {
      writeFileSync(join(folder, 'endless.onnx'), concatParts(writeModel(endless()).model));
      const child = spawn(process.execPath, [join(built, 'pare.js'), 'measure', 'endless.onnx'], {
        cwd: folder,
      });
      const ended = new Promise<NodeJS.Signals | null>((done) =>
        child.once('exit', (_, signal) => done(signal)),
      );
      // Long enough for the runtime to load and the model to run; on a slower machine it is loading, and must end as well.
      await new Promise((done) => setTimeout(done, 4000));
      child.kill('SIGINT');
      expect(await ended).toBe('SIGINT');
    },
    HANG_MILLIS,
  );

  it('an empty name is no model', async () => {
    expect(await refusal('inspect', '')).toMatchObject({ exit: 2, code: 'usage' });
  });
});
