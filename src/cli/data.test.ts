/** Data on the command line, as scripts see it: what is found, how it fits, what it says of two models, and what is refused. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsZip } from '../../e2e/support/made-data.ts';
import { ROOT, buildCli, type Run } from './testing/built-cli.ts';

const digits = join(ROOT, 'public/samples/digits/digits.onnx');
const COUNT = 200;
let folder = '';

let built: Awaited<ReturnType<typeof buildCli>>;

beforeAll(async () => {
  built = await buildCli('cli-data-test');
  folder = mkdtempSync(join(tmpdir(), 'pare-cli-data-'));
  writeFileSync(join(folder, 'digits.zip'), digitsZip(COUNT).bytes);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pare = (...args: string[]): Promise<Run> => built(folder, 100_000, args);

type Json = Record<string, unknown> & {
  readonly error?: Record<string, string>;
  readonly proposal?: { readonly evidence: string; readonly config: { readonly task: unknown } };
};
const json = ({ stdout }: Run) => JSON.parse(stdout) as Json;

describe('pare data', () => {
  it('says what is in a set and how it fits a model, and writes the description', async () => {
    const run = await pare('data', 'digits.zip', '--for', digits, '-o', 'digits.json', '--json');
    expect(run.code, run.stdout).toBe(0);
    const found = json(run);
    expect(found).toMatchObject({ kind: 'images', samples: COUNT, labelled: COUNT, label: 'class' });
    expect(found.proposal?.evidence).toMatch(/^\d+\.\d % with 0\.\.1/);
    expect(JSON.parse(readFileSync(join(folder, 'digits.json'), 'utf8'))).toMatchObject({
      format: 'pare-data',
      task: { kind: 'classification', output: 'logits' },
    });
    const text = await pare('data', 'digits.zip');
    expect(text.stdout).toContain(`${COUNT}, ${COUNT} with a label`);
  });

  it.each([
    [['data'], 'usage', 2],
    [['data', 'digits.zip', '-o', 'x.json'], 'usage', 2],
    [['data', 'nothing.zip'], 'not-a-file', 3],
    [['measure', digits, '--data-config', 'digits.json'], 'usage', 2],
    [['measure', digits, '--data', 'digits.zip', '--part', 'half'], 'usage', 2],
  ] as const)('answers %j with %s', async (args, code, exit) => {
    const run = await pare(...args, '--json');
    expect(run.code).toBe(exit);
    expect(json(run).error).toMatchObject({ code });
  });

  it('names an empty folder, a text named .zip and a wrong description', async () => {
    mkdirSync(join(folder, 'empty'));
    writeFileSync(join(folder, 'text.zip'), 'this is no zip');
    writeFileSync(join(folder, 'wrong.json'), '{"format":"pare-data","version":1}');
    for (const args of [
      ['data', 'empty'],
      ['data', 'text.zip'],
      ['measure', digits, '--data', 'digits.zip', '--data-config', 'wrong.json', '--budget', '1'],
    ]) {
      const run = await pare(...args, '--json');
      expect([2, 3], `${args.join(' ')}: ${run.stdout}`).toContain(run.code);
      expect(json(run).error?.['message']?.split(' ').length).toBeGreaterThan(3);
    }
  });
});

describe('pare measure --data', () => {
  it('gives every figure with its source, in pairs on the same samples', async () => {
    expect((await pare('optimize', digits, '-r', 'int8', '-o', 'small.onnx')).code).toBe(0);
    const args = ['measure', 'small.onnx', '--against', digits, '--data', 'digits.zip', '--budget', '1'];
    const run = await pare(...args, '--json');
    expect(run.code, run.stdout).toBe(0);
    const found = json(run);
    for (const [key, source] of [
      ['size', 'measured'],
      ['latency', 'measured'],
      ['accuracy', 'measured'],
      ['agreement', 'measured'],
      ['macs', 'counted'],
      ['energy', 'estimated'],
    ] as const) {
      expect(found[key], key).toMatchObject({ source });
    }
    expect(found['latency']).toMatchObject({ provider: 'wasm', threads: 1 });
    const accuracy = found['accuracy'] as Record<
      'value' | 'baseline' | 'difference' | 'low' | 'high',
      number
    >;
    expect(accuracy).toMatchObject({ metric: 'top1', n: COUNT });
    expect(accuracy.difference).toBeCloseTo(accuracy.value - accuracy.baseline, 12);
    expect(accuracy.low).toBeLessThanOrEqual(accuracy.difference);
    expect(accuracy.high).toBeGreaterThanOrEqual(accuracy.difference);
    const text = await pare(...args);
    expect(text.stdout).toMatch(/Top-1 accuracy +\d+\.\d % +\d+\.\d %/);
    expect(text.stdout).toMatch(/Difference +.* on 200 images/);
  }, 120_000);
});

describe('pare profile', () => {
  it('gives times by operator and a trace', async () => {
    const run = await pare('profile', digits, '--budget', '1', '-o', 'trace.json', '--json');
    expect(run.code, run.stdout).toBe(0);
    const { nodes, costs } = json(run) as unknown as { nodes: { op: string }[]; costs: { macs: number } };
    expect(nodes.some(({ op }) => op.includes('Conv'))).toBe(true);
    expect(costs.macs).toBeGreaterThan(0);
    const trace = JSON.parse(readFileSync(join(folder, 'trace.json'), 'utf8')) as { traceEvents: unknown[] };
    expect(trace.traceEvents.length).toBeGreaterThan(nodes.length);
  }, 60_000);
});
