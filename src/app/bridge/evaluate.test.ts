/** Data and evaluation over fake workers: what is shared among them, what survives their loss, what is never done twice. */
import { describe, expect, it, vi } from 'vitest';
import type { DataConfig } from '../../core/dataset/types.ts';
import type { OpenFile } from '../../worker/api.ts';
import { mostWorkers } from './evaluation.ts';
import { MEASURE_SILENCE_MILLIS } from './measure-room.ts';
import { fakeHost, record } from './testing/fake-host.ts';
import type { FakeOptions } from './testing/fake-host.ts';

const files = (text: string): OpenFile[] => [{ path: `${text}/1.png`, file: new Blob([text]) }];
const recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [{ pass: 'fp16' }] } as const;
const how = { provider: 'wasm', part: 'evaluation' } as const;
const config: DataConfig = {
  format: 'pare-data',
  version: 1,
  name: 'photos',
  inputs: {},
  task: { kind: 'classification', output: 'logits', values: 'logits', classOffset: 0 },
  classes: [],
  split: { seed: 1, calibration: 0, holdBack: 0 },
  exclude: [],
};

async function ready(options: FakeOptions = {}) {
  const fake = fakeHost(options);
  await fake.studio.open([{ path: 'm.onnx', file: new Blob(['m']) }]);
  await fake.studio.makeVariant('m', recipe);
  await fake.studio.addData(files('d'));
  fake.log.length = 0;
  return fake;
}

const spawns = (log: readonly string[]): number =>
  log.filter((line) => line.startsWith('spawn measure')).length;
const ranges = (log: readonly string[]): string[] => log.filter((line) => line.startsWith('worker'));

describe('the data worker', () => {
  it('opens its sets again after a crash, before the next question', async () => {
    const { studio, log, dataCrashes } = await ready();
    dataCrashes[0]({ code: 'runtime-crashed', message: 'gone' });
    await new Promise((done) => setTimeout(done));
    expect(await studio.checkData('d', config)).toMatchObject({ ok: true });
    expect(log).toEqual(['kill data', 'spawn data', 'open data d as job 0']);
  });

  it('says why a set is gone when its files cannot be read again', async () => {
    const { studio, dataCrashes, unreadable } = await ready();
    unreadable.add('d');
    dataCrashes[0]({ code: 'runtime-crashed', message: 'gone' });
    await new Promise((done) => setTimeout(done));
    expect(await studio.checkData('d', config)).toMatchObject({ error: { code: 'data-invalid' } });
  });

  it('closes a set once', async () => {
    const { studio, log } = await ready();
    await studio.closeData('d');
    await studio.closeData('d');
    expect(log).toEqual(['close data d']);
  });
});

describe('proposals, previews and profiles', () => {
  it('each run in a worker that is thrown away', async () => {
    const { studio, log, requests } = await ready();
    expect(await studio.proposeData('m', 'd')).toMatchObject({
      ok: true,
      value: [{ evidence: 'm.original d/1.png 1' }],
    });
    expect(await studio.previewData('m', 'd', config, [3])).toMatchObject({
      ok: true,
      value: [{ index: 3 }],
    });
    const measurement = { provider: 'wasm', threads: 1, seed: 1, dimensions: {}, budgetMillis: 1 } as const;
    expect(await studio.profile('m', 'm-v', measurement)).toMatchObject({ ok: true, value: { runs: 3 } });
    expect(requests.at(-1)).toMatchObject({
      model: [{ name: 'm.m-v' }],
      layerNodes: { layer: ['node of m'] },
    });
    expect(log).toEqual(Array.from({ length: 3 }, () => ['spawn measure wasm', 'kill measure']).flat());
  });

  it('refuse data that are not open', async () => {
    const { studio } = await ready();
    expect(await studio.proposeData('m', 'other')).toMatchObject({ error: { code: 'usage' } });
  });
});

describe('evaluate', () => {
  it('pairs the variant with the original, sample by sample, in order', async () => {
    const { studio, concluded } = await ready({ samples: 100 });
    const result = await studio.evaluate('m', 'm-v', 'd', config, how);
    expect(result).toMatchObject({
      ok: true,
      value: { dataId: 'd', part: 'evaluation', workers: 1, millis: 100 },
    });
    const all = Array.from({ length: 100 }, (_, i) => record(i));
    expect(concluded).toEqual([{ baseline: all, variant: all }]);
  });

  it('runs nothing twice: neither the original nor a variant with the same data and description', async () => {
    const { studio, log, concluded } = await ready();
    await studio.evaluate('m', null, 'd', config, how);
    expect(concluded[0]?.variant).toBeNull();
    expect(spawns(log)).toBe(1);
    await studio.evaluate('m', 'm-v', 'd', { ...config }, how);
    expect(spawns(log)).toBe(2);
    await studio.evaluate('m', 'm-v', 'd', config, how);
    expect(spawns(log)).toBe(2);
    await studio.evaluate('m', null, 'd', { ...config, exclude: ['a'] }, how);
    expect(spawns(log)).toBe(3);
  });

  it('runs again what was closed or dropped in between', async () => {
    const { studio, log } = await ready();
    await studio.evaluate('m', 'm-v', 'd', config, how);
    await studio.dropVariant('m', 'm-v');
    await studio.evaluate('m', 'm-v', 'd', config, how);
    expect(spawns(log)).toBe(3);
    await studio.closeData('d');
    await studio.addData(files('d'));
    await studio.evaluate('m', 'm-v', 'd', config, how);
    expect(spawns(log)).toBe(5);
  });

  it('does a short rest alone', async () => {
    // 1,000 samples of 1 ms: a second, less than another worker would take to pay.
    const { studio, log } = await ready({ samples: 1000, cores: 4 });
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({ value: { workers: 1 } });
    expect(spawns(log)).toBe(1);
  });

  it('is joined by more workers when the rest is long, two cores each', async () => {
    const { studio, log, concluded } = await ready({ samples: 3000, sampleMillis: 20, cores: 6 });
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({ value: { workers: 3 } });
    expect(spawns(log)).toBe(3);
    expect(new Set(ranges(log).map((line) => line.slice(0, 8)))).toEqual(
      new Set(['worker 1', 'worker 2', 'worker 3']),
    );
    expect(concluded[0]?.baseline.map(({ index }) => index)).toEqual(
      Array.from({ length: 3000 }, (_, i) => i),
    );
    expect(log.filter((line) => line === 'kill measure')).toHaveLength(3);
  });

  it('asks for ranges that grow with the pace, at most twice as large as the one before', async () => {
    const { studio, log } = await ready({ samples: 1000, sampleMillis: 1 });
    await studio.evaluate('m', null, 'd', config, how);
    // 32, 64, 128, 256, 512: a range may take 600 ms at 1 ms a sample.
    expect(ranges(log)).toEqual([
      'worker 1: 0–32',
      'worker 1: 32–96',
      'worker 1: 96–224',
      'worker 1: 224–480',
      'worker 1: 480–992',
      'worker 1: 992–1000',
    ]);
  });

  it('keeps to what a tab may take', () => {
    expect(mostWorkers(8, 1_000_000)).toBe(4);
    expect(mostWorkers(8, 30_000_000)).toBe(2);
    expect(mostWorkers(8, 500_000_000)).toBe(1);
    expect(mostWorkers(2, 1_000_000)).toBe(1);
    expect(mostWorkers(1, 1_000_000)).toBe(1);
  });

  it('goes on in a fresh worker when one breaks down on the way', async () => {
    let broken = false;
    const { studio, concluded, log } = await ready({
      onRange: (_worker, from) => {
        if (broken || from === 0) return undefined;
        broken = true;
        return 'out-of-memory';
      },
    });
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({ ok: true });
    expect(concluded[0]?.baseline).toHaveLength(100);
    expect(spawns(log)).toBe(2);
  });

  it('gives up with the runtime’s words when no worker gets anywhere', async () => {
    const { studio, log } = await ready({ onRange: () => 'runtime-refused' });
    const result = await studio.evaluate('m', null, 'd', config, how);
    expect(result).toMatchObject({ ok: false, error: { code: 'runtime-refused' } });
    expect(spawns(log)).toBe(1);
  });

  it('ends when every fresh worker fails on the same samples', async () => {
    const { studio, log } = await ready({
      onRange: (_worker, from) => (from === 32 ? 'out-of-memory' : undefined),
    });
    const result = await studio.evaluate('m', null, 'd', config, how);
    expect(result).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    expect(spawns(log)).toBeLessThanOrEqual(4);
  });

  it('finishes alone when a worker that was to help cannot start', async () => {
    const { studio, concluded } = await ready({
      samples: 3000,
      sampleMillis: 20,
      onOpenEvaluation: (worker) => (worker === 2 ? 'out-of-memory' : undefined),
    });
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({ value: { workers: 1 } });
    expect(concluded[0]?.baseline).toHaveLength(3000);
  });

  it('says so when nothing is left to evaluate', async () => {
    const { studio } = await ready({ samples: 0 });
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({
      error: { code: 'data-invalid' },
    });
  });

  it('is cancelled by killing its workers, and keeps no half of it', async () => {
    const { studio, log } = await ready({ onRange: (worker) => (worker === 1 ? 'never' : undefined) });
    const abort = new AbortController();
    const running = studio.evaluate('m', null, 'd', config, how, { signal: abort.signal });
    while (spawns(log) === 0) await new Promise((done) => setTimeout(done));
    await new Promise((done) => setTimeout(done));
    abort.abort();
    expect(await running).toMatchObject({ error: { code: 'cancelled' } });
    expect(log).toContain('kill measure');
    expect(await studio.evaluate('m', null, 'd', config, how)).toMatchObject({ ok: true });
  });

  it('gives up a run of the model that never ends', async () => {
    const { studio } = await ready({ onRange: () => 'never' });
    vi.useFakeTimers();
    try {
      const running = studio.evaluate('m', null, 'd', config, how);
      await vi.advanceTimersByTimeAsync(MEASURE_SILENCE_MILLIS);
      expect(await running).toMatchObject({ error: { code: 'not-measurable' } });
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits for a latency measurement that is under way', async () => {
    const { studio, log } = await ready();
    const abort = new AbortController();
    const measurement = { provider: 'wasm', threads: 1, seed: 99, dimensions: {}, budgetMillis: 1 } as const;
    const timing = studio.measure('m', null, measurement, { signal: abort.signal });
    const evaluating = studio.evaluate('m', null, 'd', config, how);
    while (spawns(log) === 0) await new Promise((done) => setTimeout(done));
    await new Promise((done) => setTimeout(done));
    expect(spawns(log)).toBe(1);
    abort.abort();
    await timing;
    expect(await evaluating).toMatchObject({ ok: true });
  });

  it('shows progress that never falls, over both models', async () => {
    const { studio } = await ready();
    const seen: number[] = [];
    await studio.evaluate('m', 'm-v', 'd', config, how, {
      onProgress: ({ fraction }) => seen.push(fraction),
    });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.some((fraction) => fraction > 0.3 && fraction < 0.6)).toBe(true);
    expect(seen.at(-1)).toBeCloseTo(0.96, 9);
  });
});

describe('a variant of an earlier visit', () => {
  it('is made again when it is first asked about', async () => {
    const { studio, log } = fakeHost();
    await studio.open([{ path: 'm.onnx', file: new Blob(['m']) }]);
    studio.knowVariant('m', 'm-v', recipe);
    expect(await studio.layerDetail('m', 'm-v', 'conv')).toMatchObject({ ok: true });
    expect(log).toContain('make of m');
  });
});
