/** The data worker's answers on small real sets: what it opens, checks, finds, compares and shows. */
import jpeg from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataConfig } from '../core/dataset/types.ts';
import type { Result } from '../core/errors.ts';
import type { ClassRecord } from '../core/metrics/tasks/types.ts';
import { buildZip, bytesOf } from '../data/testing/build-zip.ts';
import type { OpenFile } from './api.ts';
import { DataWorker } from './data-serve.ts';
import { blobOf, digitsConfig, digitsData } from './testing/digits.ts';
import { codecBlobs, progressPort } from './testing/node-platform.ts';

const progress = progressPort();
const cell = new SharedArrayBuffer(4);
const worker = new DataWorker();

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error));
}

beforeAll(async () => {
  new Int32Array(cell).fill(-1);
  valueOf(await worker.connect({ progress: progress.port, cancelCell: cell, codecs: codecBlobs() }));
});
afterAll(() => progress.close());

/** Left half of one gray, right half of another. */
function picture(left: number, right: number, width = 40, height = 20): Uint8Array {
  const data = Buffer.alloc(width * height * 4, 255);
  for (let i = 0; i < width * height; i++) data.fill(i % width < width / 2 ? left : right, i * 4, i * 4 + 3);
  return Uint8Array.from(jpeg.encode({ width, height, data }, 90).data);
}

const entries = [
  { name: 'set/cat/a.jpg', data: picture(0, 255) },
  { name: 'set/cat/same.jpg', data: picture(0, 255) },
  { name: 'set/dog/b.jpg', data: picture(200, 40) },
  { name: 'set/dog/broken.jpg', data: bytesOf('no picture') },
];
const pictures: OpenFile[] = [{ path: 'set.zip', file: blobOf(buildZip(entries)) }];

function describing(change: Partial<DataConfig> = {}): DataConfig {
  return { ...digitsConfig, name: 'pets', classes: ['cat', 'dog'], ...change };
}

describe('DataWorker', () => {
  it('opens a zip of pictures, counts it, and gives the same id for the same files', async () => {
    const summary = valueOf(await worker.open('1', pictures));
    expect(summary).toMatchObject({ kind: 'images', samples: 4, labelled: 4, label: 'class' });
    expect(summary.classes.map(({ name, count }) => [name, count])).toEqual([
      ['cat', 2],
      ['dog', 2],
    ]);
    const again = valueOf(await worker.open('2', pictures));
    expect(again.dataId).toBe(summary.dataId);
    expect(summary.dataId).toMatch(/^[0-9a-f]{16}$/);
    const changed = buildZip(entries.map((e, i) => (i === 2 ? { ...e, data: picture(199, 40) } : e)));
    const other = valueOf(await worker.open('3', [{ path: 'set.zip', file: blobOf(changed) }]));
    expect(other.dataId).not.toBe(summary.dataId);
  });

  it('finds copies, remembers them, and names the ones that leak', async () => {
    const { dataId } = valueOf(await worker.open('1', pictures));
    const report = valueOf(await worker.duplicates('2', dataId));
    expect(report).toMatchObject({
      checked: 4,
      total: 1,
      groups: [{ kind: 'exact', keys: ['set/cat/a.jpg', 'set/cat/same.jpg'] }],
      removable: ['set/cat/same.jpg'],
    });
    expect(valueOf(await worker.duplicates('3', dataId))).toBe(report);
    const leaks: boolean[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const config = describing({ split: { seed, calibration: 2, holdBack: 0 } });
      const { problems, counts } = valueOf(await worker.check('4', dataId, config));
      expect(counts).toEqual({ evaluation: 2, calibration: 2, 'hold-back': 0 });
      leaks.push(problems.some(({ code, severity }) => code === 'split-leak' && severity === 'error'));
      const fixed = { ...config, exclude: report.removable };
      const after = valueOf(await worker.check('5', dataId, fixed));
      expect(after.problems.some(({ code }) => code === 'split-leak')).toBe(false);
    }
    // Two given samples of four fall into different halves for two seeds in three.
    expect(leaks).toContain(true);
    expect(leaks).toContain(false);
  });

  it('shows samples as small pictures, and what is wrong in place of one that cannot be read', async () => {
    const { dataId } = valueOf(await worker.open('1', pictures));
    const [first, , third, broken] = valueOf(await worker.thumbnails('2', dataId, [0, 1, 2, 3, 99], 10));
    expect(first).toMatchObject({ index: 0, key: 'set/cat/a.jpg', label: 'cat', text: null });
    expect(first.picture).toMatchObject({ width: 10, height: 5 });
    const gray = (x: number) => third.picture?.rgba[x * 4] ?? -1;
    // JPEG at quality 90 moves flat grays by at most a few levels.
    expect(Math.abs(gray(1) - 200)).toBeLessThan(6);
    expect(Math.abs(gray(8) - 40)).toBeLessThan(6);
    expect(broken.picture).toBeNull();
    expect(broken.text).toMatch(/\w+.*\.$/);
  });

  it('concludes alone and paired, with groups and names from the set', async () => {
    const { dataId } = valueOf(await worker.open('1', digitsData(100)));
    const record = (index: number, right: boolean): ClassRecord => ({
      kind: 'class',
      index,
      truth: index % 10,
      predicted: right ? index % 10 : (index + 1) % 10,
      confidence: 0.9,
      rank: right ? 0 : 1,
    });
    const baseline = Array.from({ length: 100 }, (_, i) => record(i, true));
    const variant = Array.from({ length: 100 }, (_, i) => record(i, i % 4 !== 0));
    const alone = valueOf(await worker.conclude('2', dataId, digitsConfig, 'evaluation', baseline, null));
    expect(alone).toMatchObject({ source: 'measured', dataId, part: 'evaluation', comparison: null });
    expect(alone.summary.value).toBe(1);
    const paired = valueOf(await worker.conclude('3', dataId, digitsConfig, 'evaluation', baseline, variant));
    expect(paired.comparison).toMatchObject({ difference: -0.25, n: 100, lost: 25, verdict: 'worse' });
    expect(paired.comparison?.sentence).toContain('100 samples');
  });

  it('stops when its cell says so, and says what is not open', async () => {
    const { dataId } = valueOf(await worker.open('1', pictures));
    Atomics.store(new Int32Array(cell), 0, 7);
    expect(await worker.open('7', pictures)).toMatchObject({ error: { code: 'cancelled' } });
    Atomics.store(new Int32Array(cell), 0, -1);
    valueOf(await worker.close(dataId));
    expect(await worker.thumbnails('8', dataId, [0], 10)).toMatchObject({ error: { code: 'usage' } });
    expect(await worker.check('9', dataId, describing())).toMatchObject({ error: { code: 'usage' } });
    expect(await worker.open('10', [])).toMatchObject({ ok: false });
    expect(await new DataWorker().open('1', pictures)).toMatchObject({ error: { code: 'internal' } });
  });
});
