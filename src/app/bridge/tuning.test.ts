/** Calls that look at samples: what is told to which worker, and again after it was lost. */
import { describe, expect, it } from 'vitest';
import type { DataConfig } from '../../core/dataset/types.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { OpenFile } from '../../worker/api.ts';
import { dataConfig } from '../store/testing/fake-studio.ts';
import type { DataInUse } from './studio.ts';
import { fakeHost } from './testing/fake-host.ts';

const file = (text: string): OpenFile[] => [{ path: `${text}.onnx`, file: new Blob([text]) }];
const recipe = (...passes: string[]): Recipe => ({
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  steps: passes.map((pass) => ({ pass })),
});
const looking = recipe('quantize-weights', 'quantize-activations');
const measurement = { provider: 'wasm', threads: 1, seed: 1, dimensions: {}, budgetMillis: 1 } as const;

/** The worker is gone, and the page has noticed. */
async function lose([first]: readonly ((error: ErrorRecord) => void)[]): Promise<void> {
  first({ code: 'runtime-crashed', message: 'gone' });
  await new Promise((done) => setTimeout(done));
}

async function opened(config: DataConfig = dataConfig()) {
  const host = fakeHost();
  await host.studio.open(file('a'));
  await host.studio.addData(file('photos'));
  host.log.length = 0;
  const data: DataInUse = { dataId: 'photos', config };
  return { ...host, data };
}

describe('calibration', () => {
  it('is told again to a worker that takes the place of a lost one, when it is needed', async () => {
    const { studio, log, crashes, data } = await opened();
    expect(await studio.calibrate('a', data, 20)).toMatchObject({ ok: true, value: { origin: 'samples' } });
    await lose(crashes);
    await studio.costs('a', null, {});
    expect(log).toEqual(['calibrate a with 20 of photos', 'kill', 'spawn', 'reopen a as job 0']);
    const made = await studio.makeVariant('a', looking);
    expect(made).toMatchObject({ value: { variantId: 'a-v on 20 of photos' } });
    await studio.sensitivity('a', { options: [], samples: 1, metric: 'auto', target: 'ort-wasm' });
    expect(log.slice(4)).toEqual([
      'calibrate a with 20 of photos',
      'make of a',
      'sensitivity of a on 20 of photos',
    ]);
  });

  it('makes a variant again with the samples that it was made with, and goes back to those in force', async () => {
    const { studio, log, crashes, data } = await opened();
    await studio.calibrate('a', data, 20);
    await studio.makeVariant('a', looking);
    await studio.calibrate('a', null, 20);
    await lose(crashes);
    log.length = 0;
    const examined = await studio.examine('a', 'a-v on 20 of photos', 'ort-wasm');
    expect(examined).toMatchObject({ ok: true });
    await studio.tune('a', {
      goal: { objective: 'smallest', neverSlower: true },
      target: 'ort-wasm',
      options: [],
      speed: null,
      samples: 1,
      candidates: 1,
    });
    expect(log).toEqual([
      'spawn',
      'reopen a as job 0',
      'calibrate a with 20 of photos',
      'make of a',
      'calibrate a with made-up inputs',
      'tune a on made-up inputs',
    ]);
  });

  it('tells nothing for a recipe that looks at nothing', async () => {
    const { studio, log, crashes, data } = await opened();
    await studio.calibrate('a', data, 20);
    await lose(crashes);
    log.length = 0;
    expect(await studio.makeVariant('a', recipe('simplify'))).toMatchObject({ value: { variantId: 'a-v' } });
    expect(log).toEqual(['spawn', 'reopen a as job 0', 'make of a']);
  });

  it('does not give other bytes for a variant of an earlier visit while its samples are not open', async () => {
    const { studio, data } = await opened();
    studio.knowVariant('a', 'a-v on 20 of photos', looking);
    const early = await studio.download('a', 'a-v on 20 of photos');
    expect(early).toMatchObject({ ok: false, error: { code: 'data-invalid' } });
    studio.knowVariant('a', 'a-v on 20 of photos', looking, { data, samples: 20 });
    expect(await studio.download('a', 'a-v on 20 of photos')).toMatchObject({ ok: true });
  });

  it('refuses data that are not open', async () => {
    const { studio, log } = await opened();
    const told = await studio.calibrate('a', { dataId: 'other', config: dataConfig() }, 20);
    expect(told).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(log).toEqual([]);
  });
});

describe('this device and its runtimes', () => {
  it('times the device once for a number of threads', async () => {
    const { studio, log } = await opened();
    expect(await studio.benchmark(1)).toMatchObject({ value: { threads: 1 } });
    await studio.benchmark(1);
    await studio.benchmark(2);
    expect(log.filter((line) => line.startsWith('benchmark'))).toEqual(['benchmark 1', 'benchmark 2']);
  });

  it('compares runtimes on the samples in use', async () => {
    const { studio, log, requests, data } = await opened();
    await studio.makeVariant('a', recipe('simplify'));
    await studio.parity('a', 'a-v', measurement, {}, data);
    expect(log).toContain('parity on photos');
    expect(requests.at(-1)).toMatchObject({
      original: [{ name: 'a.original' }],
      variant: [{ name: 'a.a-v' }],
    });
  });
});
