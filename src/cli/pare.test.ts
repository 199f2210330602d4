/**
 * The command line as scripts see it: the built program in a process of its own, its exit codes, its JSON, its files.
 * Builds it first, so that the test never looks at an old one.
 */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatParts } from '../core/bytes/spans.ts';
import { openDraft } from '../core/onnx/draft.ts';
import type { Model } from '../core/onnx/ir.ts';
import { readModel } from '../core/onnx/read.ts';
import { writeModel } from '../core/onnx/write.ts';
import { filesBelow, sharedDir } from '../core/testing/shared.ts';
import { FdSource } from './fd-source.ts';
import { ROOT, buildCli, type Run } from './testing/built-cli.ts';

const digits = join(ROOT, 'public/samples/digits/digits.onnx');
let folder = '';

let built: Awaited<ReturnType<typeof buildCli>>;

beforeAll(async () => {
  built = await buildCli('cli-test');
  folder = mkdtempSync(join(tmpdir(), 'pare-cli-'));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** No command on a small file may take longer; a hang is a failure, not a wait. */
const HANG_MILLIS = 30_000;

const pare = (...args: string[]): Promise<Run> => built(folder, HANG_MILLIS, args);

const json = ({ stdout }: Run) =>
  JSON.parse(stdout) as Record<string, unknown> & { error?: Record<string, string> };
const path = (name: string) => join(folder, name);
const recipe = (name: string, content: unknown) => {
  writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));
  return path(name);
};
/** The same model with one weight said to be in a second file: the writer then moves all large ones there. */
function externalized(model: Model): Model {
  const draft = openDraft(model);
  const tensor = [...draft.main.initializers.values()].find(
    ({ data }) => data.kind === 'raw' && data.bytes.length > 4096,
  );
  if (tensor?.data.kind !== 'raw') throw new Error('the sample has no large weight');
  const { bytes } = tensor.data;
  draft.main.setInitializer({
    ...tensor,
    data: { kind: 'external', location: 'weights.bin', offset: 0, length: bytes.length, entries: [], bytes },
  });
  return draft.finish();
}

const STACK = /\n\s+at .*[:(]\d+/;

describe('pare', () => {
  it('explains itself', async () => {
    const { code, stdout } = await pare('--help');
    expect(code).toBe(0);
    for (const word of [
      'inspect',
      'optimize',
      'measure',
      '--json',
      '--recipe',
      'int8-sparse80',
      'Exit codes',
    ]) {
      expect(stdout).toContain(word);
    }
    expect((await pare('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[], 'No command'],
    [['frobnicate'], 'frobnicate'],
    [['inspect'], 'needs the path'],
    [['inspect', 'a', 'b'], 'one too many'],
    [['inspect', 'a', '--wrong'], '--wrong'],
    [['inspect', 'a', '--recipe', 'int8'], 'no option --recipe'],
    [['optimize', 'a'], '--recipe'],
    [['optimize', 'a', '--recipe', 'int8'], '-o'],
    [['measure', 'a', '--threads', '0'], '--threads'],
    [['measure', 'a', '--seed', 'x'], '--seed'],
    [['measure', 'a', '--dim', 'batch'], '--dim'],
  ])('answers %j with exit code 2 and a sentence', async (args, words) => {
    const plain = await pare(...args);
    expect(plain.code).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain(words);
    const machine = await pare(...args, '--json');
    expect(machine.code).toBe(2);
    expect(machine.stderr).toBe('');
    expect(json(machine).error).toMatchObject({ code: 'usage' });
  });

  it('answers a file that is not there with exit code 3', async () => {
    const run = await pare('inspect', 'nothing.onnx', '--json');
    expect(run.code).toBe(3);
    expect(json(run).error).toMatchObject({ code: 'not-a-file' });
    expect((await pare('inspect', folder)).code).toBe(3);
  });
});

describe('pare inspect', () => {
  it('counts what is in the model', async () => {
    const run = await pare('inspect', digits, '--json');
    expect(run.code).toBe(0);
    const found = json(run) as Record<string, unknown> & {
      layers: { elements: number; weightBytes: number }[];
    };
    expect(found.bytes).toBe(readFileSync(digits).length);
    expect(found.layers.length).toBeGreaterThan(3);
    // Every weight of the sample is float32.
    for (const layer of found.layers) expect(layer.weightBytes).toBe(layer.elements * 4);
    const text = await pare('inspect', digits);
    expect(text.stdout).toContain(`${readFileSync(digits).length} B, measured`);
  });

  it('does not send control characters of a name to the terminal', async () => {
    const bytes = readFileSync(digits);
    const at = bytes.indexOf('image');
    // Same length, so that the file stays well-formed wherever the name stands alone.
    const evil = Buffer.from(bytes.toString('latin1').replaceAll('image', '\x1b[2J\x07'), 'latin1');
    expect(at).toBeGreaterThan(0);
    writeFileSync(path('evil.onnx'), evil);
    const { stdout, code } = await pare('inspect', 'evil.onnx');
    expect(code).toBe(0);
    expect(stdout).not.toContain('\x1b');
  });
});

describe('pare optimize', () => {
  it('leaves a model alone when the recipe has no steps', async () => {
    const empty = recipe('empty.json', { format: 'pare-recipe', version: 1, seed: 1, steps: [] });
    const run = await pare('optimize', digits, '--recipe', empty, '-o', path('same.onnx'), '--json');
    expect(run.code).toBe(0);
    expect(Buffer.compare(readFileSync(path('same.onnx')), readFileSync(digits))).toBe(0);
  });

  it('makes every preset, the same bytes each time, with the size it says', async () => {
    for (const preset of ['fp16', 'int8', 'int4', 'sparse50', 'sparse80', 'int8-sparse80']) {
      const [first, second] = [path(`${preset}.a.onnx`), path(`${preset}.b.onnx`)];
      const run = await pare('optimize', digits, '--recipe', preset, '-o', first, '--json');
      expect(run.code, run.stdout).toBe(0);
      expect((await pare('optimize', digits, '-r', preset, '-o', second)).code).toBe(0);
      const made = readFileSync(first);
      expect(Buffer.compare(made, readFileSync(second)), preset).toBe(0);
      expect(json(run).bytes).toMatchObject({ before: readFileSync(digits).length, after: made.length });
      expect(made.length).toBeLessThan(readFileSync(digits).length);
    }
  }, 120_000);

  it.each([
    ['not json', '{', 'recipe-invalid'],
    ['another format', { format: 'x' }, 'recipe-invalid'],
    ['unknown pass', { format: 'pare-recipe', version: 1, steps: [{ pass: 'melt' }] }, 'recipe-invalid'],
    [
      'unknown layer',
      {
        format: 'pare-recipe',
        version: 1,
        steps: [{ pass: 'quantize-weights', params: {}, layers: { nowhere: { precision: 'int8' } } }],
      },
      'layer-unknown',
    ],
  ])('refuses a recipe with %s: exit code 2', async (name, content, code) => {
    const file = recipe(`${name}.json`, content);
    const run = await pare('optimize', digits, '--recipe', file, '-o', path('never.onnx'), '--json');
    expect(run.code).toBe(2);
    expect(json(run).error).toMatchObject({ code });
    expect(existsSync(path('never.onnx'))).toBe(false);
  });

  it('says what it did for people too, on a model whose weights are read where they stand', async () => {
    const silero = join(ROOT, 'node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx');
    const run = await pare('optimize', silero, '--recipe', 'int8', '-o', path('silero.onnx'));
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^Wrote +.*silero\.onnx\nSize before +2\.33 MB/);
  });

  it('refuses a preset that does not exist and says which do', async () => {
    const run = await pare('optimize', digits, '--recipe', 'int7', '-o', path('never.onnx'));
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('int8-sparse80');
  });

  it('never writes over its input, under any of its names', async () => {
    const bytes = readFileSync(digits);
    writeFileSync(path('input.onnx'), bytes);
    linkSync(path('input.onnx'), path('hard.onnx'));
    symlinkSync(path('input.onnx'), path('soft.onnx'));
    for (const target of ['input.onnx', './input.onnx', 'hard.onnx', 'soft.onnx']) {
      const run = await pare('optimize', 'input.onnx', '--recipe', 'int8', '-o', target);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain('is an input');
    }
    expect(Buffer.compare(readFileSync(path('input.onnx')), bytes)).toBe(0);
  });

  it('writes whole files or none', async () => {
    mkdirSync(path('taken'));
    const before = readdirSync(folder);
    expect((await pare('optimize', digits, '-r', 'int8', '-o', path('taken'))).code).toBe(2);
    expect((await pare('optimize', digits, '-r', 'int8', '-o', path('no/such/folder.onnx'))).code).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('reads external data and writes it, and keeps an unchanged model with its data as it is', async () => {
    mkdirSync(path('ext'));
    const source = new FdSource(digits);
    const model = readModel(source);
    // A writer that must not inline: every weight above its threshold moves to the data file.
    const written = writeModel(externalized(model), { dataFileName: 'weights.bin' });
    expect(written.data).toHaveLength(1);
    writeFileSync(path('ext/model.onnx'), concatParts(written.model));
    writeFileSync(path('ext/weights.bin'), concatParts(written.data[0].parts));
    source.dispose();

    const int8 = await pare(
      'optimize',
      'ext/model.onnx',
      '-r',
      'int8',
      '-o',
      path('ext/small.onnx'),
      '--json',
    );
    expect(int8.code, int8.stdout).toBe(0);
    for (const file of json(int8).files as string[]) expect(existsSync(file)).toBe(true);
    expect((await pare('inspect', 'ext/small.onnx')).code).toBe(0);

    const empty = recipe('none.json', { format: 'pare-recipe', version: 1, seed: 1, steps: [] });
    const same = await pare('optimize', 'ext/model.onnx', '-r', empty, '-o', path('ext/same.onnx'), '--json');
    expect(same.code, same.stdout).toBe(0);
    expect(Buffer.compare(readFileSync(path('ext/same.onnx')), readFileSync(path('ext/model.onnx')))).toBe(0);
    mkdirSync(path('elsewhere'));
    const moved = await pare('optimize', 'ext/model.onnx', '-r', empty, '-o', path('elsewhere/same.onnx'));
    expect(moved.code, moved.stderr).toBe(0);
    const copy = readFileSync(path('elsewhere/weights.bin'));
    expect(Buffer.compare(copy, readFileSync(path('ext/weights.bin')))).toBe(0);

    rmSync(path('ext/weights.bin'));
    const missing = await pare('inspect', 'ext/model.onnx', '--json');
    expect(missing.code).toBe(3);
    expect(json(missing).error).toMatchObject({ code: 'external-missing' });
    writeFileSync(path('outside.bin'), copy);
    symlinkSync(path('outside.bin'), path('ext/weights.bin'));
    const link = await pare('inspect', 'ext/model.onnx', '--json');
    expect(json(link).error).toMatchObject({ code: 'external-unsafe-path' });
  });
});

describe('pare measure', () => {
  it('measures a model against its original', async () => {
    expect((await pare('optimize', digits, '-r', 'int8', '-o', path('m.onnx'))).code).toBe(0);
    const run = await pare('measure', path('m.onnx'), '--against', digits, '--budget', '2', '--json');
    expect(run.code, run.stdout).toBe(0);
    const found = json(run) as Record<string, { source?: string; cosine?: number; inputs?: string }>;
    expect(found.agreement).toMatchObject({ source: 'measured', inputs: 'synthetic' });
    expect(found.agreement.cosine).toBeGreaterThan(0.9);
    const shown = await pare('measure', path('m.onnx'), '--against', digits, '--budget', '2');
    const line = (title: string) => shown.stdout.split('\n').find((row) => row.startsWith(title));
    expect(line('Size')).toMatch(/×.*measured$/);
    expect(line('Loading')).toMatch(/ms +[\d.]+ ms +measured once$/);
  }, 60_000);

  it('says with exit code 4 that a model cannot be run', async () => {
    const bytes = readFileSync(digits);
    // An operator that no runtime has; same length, so that the file stays well-formed.
    writeFileSync(
      path('unknown-op.onnx'),
      Buffer.from(bytes.toString('latin1').replaceAll('Conv', 'Vnoc'), 'latin1'),
    );
    const run = await pare('measure', 'unknown-op.onnx', '--json');
    expect(run.code).toBe(4);
    expect(json(run).error).toMatchObject({ code: 'not-measurable' });
  }, 60_000);
});

describe('pare on the malformed files of the shared corpus', () => {
  const shared = sharedDir();
  if (shared === undefined) {
    console.log('skipped: there is no folder "shared" beside the project, so no malformed files to read');
    it.skip('needs the folder "shared" beside the project', () => undefined);
    return;
  }
  const malformed = join(shared, 'corpus/malformed-made');

  it('answers each with 0, 3 or 4, never with a stack trace', async () => {
    const counts = new Map<string, number>();
    const files = filesBelow(malformed, '.onnx');
    const answer = async (file: string) => {
      const name = relative(malformed, file);
      const run = await pare('optimize', file, '-r', 'int8', '-o', path(name), '--json');
      expect([0, 3, 4], `${name}: ${run.stdout}${run.stderr}`).toContain(run.code);
      expect(run.stdout + run.stderr, name).not.toMatch(STACK);
      const what = run.code === 0 ? 'optimized' : String(json(run).error?.code);
      counts.set(what, (counts.get(what) ?? 0) + 1);
    };
    // Two at a time: as many as the smallest machine has cores.
    for (let i = 0; i < files.length; i += 2) await Promise.all(files.slice(i, i + 2).map(answer));
    console.table(Object.fromEntries([...counts].sort((a, b) => b[1] - a[1])));
    expect(counts.get('optimized')).toBeGreaterThan(0);
  }, 300_000);
});
