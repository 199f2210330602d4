/** The Studio over a fake host: what survives the loss of a worker, and what each call asks of it. */
import { describe, expect, it, vi } from 'vitest';
import type { Recipe } from '../../core/recipe/types.ts';
import type { OpenFile } from '../../worker/api.ts';
import { MEASURE_SILENCE_MILLIS } from './measure-room.ts';
import { BREAKING_SEED, DEAF_SEED, fakeHost } from './testing/fake-host.ts';

const recipe: Recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [{ pass: 'fp16' }] };
const measurement = { provider: 'wasm', threads: 1, seed: 1, dimensions: {}, budgetMillis: 1 } as const;
const file = (text: string): OpenFile[] => [{ path: `${text}.onnx`, file: new Blob([text]) }];

describe('Studio over workers', () => {
  it('brings models and variants back after a crash, before the next question', async () => {
    const { studio, log, crashes } = fakeHost();
    await studio.open(file('a'));
    await studio.makeVariant('a', recipe);
    const pending = studio.simplifiedSkeleton('a');
    await new Promise((done) => setTimeout(done));
    crashes[0]({ code: 'runtime-crashed', message: 'gone' });
    expect(await pending).toMatchObject({ ok: false, error: { code: 'runtime-crashed' } });
    expect(await studio.layerDetail('a', 'a-v', 'conv')).toEqual({ ok: true, value: { layerId: 'conv' } });
    expect(log).toEqual([
      'spawn',
      'open a as job 1',
      'make of a',
      'kill',
      'spawn',
      'reopen a as job 0',
      'make of a',
    ]);
  });

  it('makes a new worker where one still answers but its runtime has broken', async () => {
    const { studio, log } = fakeHost();
    await studio.open(file('a'));
    const broken = await studio.makeVariant('a', { ...recipe, seed: BREAKING_SEED });
    expect(broken).toMatchObject({ error: { code: 'runtime-crashed' } });
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ ok: true });
    expect(log).toEqual(['spawn', 'open a as job 1', 'kill', 'spawn', 'reopen a as job 0', 'make of a']);
  });

  it('ends a worker that is given up while it still restores a model', async () => {
    const { studio, log, crashes, slow } = fakeHost();
    await studio.open(file('a'));
    slow.add('a');
    crashes[0]({ code: 'runtime-crashed', message: 'gone' });
    await new Promise((done) => setTimeout(done));
    const abort = new AbortController();
    const call = studio.makeVariant('a', recipe, { signal: abort.signal });
    while (!log.includes('reopen a as job 0')) await new Promise((done) => setTimeout(done));
    log.length = 0;
    abort.abort();
    expect(await call).toMatchObject({ error: { code: 'cancelled' } });
    expect(log).toEqual(['kill']);
    slow.delete('a');
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ ok: true });
  });

  it('settles a cancelled sample whose files do not arrive', async () => {
    vi.stubGlobal('fetch', () => new Promise(() => {}));
    try {
      const abort = new AbortController();
      const opening = fakeHost().studio.openSample({ signal: abort.signal });
      abort.abort();
      expect(await opening).toMatchObject({ error: { code: 'cancelled' } });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('says why a model is gone when its file cannot be read again, and keeps the others', async () => {
    const { studio, crashes, unreadable } = fakeHost();
    await studio.open(file('a'));
    await studio.open(file('b'));
    unreadable.add('a');
    crashes[0]({ code: 'runtime-crashed', message: 'gone' });
    await new Promise((done) => setTimeout(done));
    await studio.dropVariant('b', 'none');
    crashes[1]?.({ code: 'runtime-crashed', message: 'gone again' });
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ error: { code: 'not-a-file' } });
    expect(await studio.makeVariant('b', recipe)).toMatchObject({ ok: true });
  });

  it('keeps the previous model when a new file is refused', async () => {
    const { studio, unreadable } = fakeHost();
    await studio.open(file('a'));
    unreadable.add('bad');
    expect(await studio.open(file('bad'))).toMatchObject({ error: { code: 'not-a-file' } });
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ ok: true });
  });

  it('hands on progress that never falls', async () => {
    const { studio } = fakeHost();
    const seen: number[] = [];
    await studio.open(file('a'), { onProgress: ({ fraction }) => seen.push(fraction) });
    expect(seen).toEqual([0.5, 0.5]);
  });

  it('measures in a worker of its own and throws it away', async () => {
    const { studio, log, requests } = fakeHost();
    await studio.open(file('a'));
    await studio.makeVariant('a', recipe);
    log.length = 0;
    expect(await studio.measure('a', 'a-v', measurement)).toMatchObject({ ok: true });
    expect(log).toEqual(['spawn measure wasm', 'kill measure']);
    expect(requests[0]).toMatchObject({
      ...measurement,
      original: [{ name: 'a.original' }],
      variant: [{ name: 'a.a-v' }],
    });
  });

  it('cancels a measurement by killing its worker, and the studio worker lives on', async () => {
    const { studio, log } = fakeHost();
    await studio.open(file('a'));
    const abort = new AbortController();
    const running = studio.measure('a', null, { ...measurement, seed: DEAF_SEED }, { signal: abort.signal });
    while (!log.includes('spawn measure wasm')) await new Promise((done) => setTimeout(done));
    abort.abort();
    expect(await running).toMatchObject({ error: { code: 'cancelled' } });
    expect(log).toContain('kill measure');
    expect(log).not.toContain('kill');
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ ok: true });
  });

  it('gives up a measurement that says nothing for too long', async () => {
    const { studio, log } = fakeHost();
    await studio.open(file('a'));
    vi.useFakeTimers();
    try {
      const running = studio.measure('a', null, { ...measurement, seed: DEAF_SEED });
      await vi.advanceTimersByTimeAsync(MEASURE_SILENCE_MILLIS - 1);
      expect(log).not.toContain('kill measure');
      await vi.advanceTimersByTimeAsync(1);
      expect(await running).toMatchObject({ error: { code: 'not-measurable' } });
    } finally {
      vi.useRealTimers();
    }
    expect(log).toContain('kill measure');
    expect(await studio.measure('a', null, measurement)).toMatchObject({ ok: true });
  });

  it('kills a deaf studio worker on cancel and goes on with a new one', async () => {
    const { studio, log } = fakeHost();
    await studio.open(file('a'));
    const abort = new AbortController();
    const deaf = studio.simplifiedSkeleton('a', { signal: abort.signal });
    await new Promise((done) => setTimeout(done));
    abort.abort();
    expect(await deaf).toMatchObject({ error: { code: 'cancelled' } });
    expect(await studio.makeVariant('a', recipe)).toMatchObject({ ok: true });
    expect(log.filter((line) => line === 'spawn')).toHaveLength(2);
  });

  it('joins the parts of a download', async () => {
    const { studio } = fakeHost();
    await studio.open(file('a'));
    const saved = await studio.download('a', null);
    expect(saved.ok && (await saved.value[0].blob.text())).toBe('bytes');
  });

  it('settles everything on dispose', async () => {
    const { studio } = fakeHost();
    await studio.open(file('a'));
    const pending = [studio.simplifiedSkeleton('a'), studio.makeVariant('a', recipe)];
    await new Promise((done) => setTimeout(done));
    studio.dispose();
    for (const call of pending) expect(await call).toMatchObject({ error: { code: 'cancelled' } });
  });
});
