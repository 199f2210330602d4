/** What methods looked at, and what was found on it, over a reload: kept with the project, read with care, or left out. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SensitivityReport } from '../../core/search/types.ts';
import { samplesKey } from '../store/entries.ts';
import { ORIGINAL } from '../store/state.ts';
import { dataSummary, modelSummary } from '../store/testing/fake-studio.ts';
import { parseProject } from './parse-record.ts';
import { HEAD, entryPiece, sensitivityPiece } from './project-record.ts';
import { MemoryVault } from './testing/memory-vault.ts';
import { Marks, Visit, breathe, firstVisit } from './testing/visit.ts';

const calibration = { origin: 'samples', description: '2 samples of photos', count: 2, key: 'k' } as const;
const report: SensitivityReport = {
  metric: 'kl',
  metricText: 'KL divergence',
  samples: 2,
  origin: 'samples',
  layers: [
    {
      layer: 'conv',
      damages: [{ option: 'int8', damage: 0.1, source: 'measured' }],
      causes: [{ id: 'outliers', text: 'A few large weights.' }],
      fixes: [
        {
          label: 'Keep it',
          changes: [{ pass: 'quantize-weights', layer: 'conv', params: { precision: 'fp32' } }],
          predictedGain: 0.1,
          extraBytes: 3,
        },
      ],
    },
  ],
  notMeasured: [{ layer: 'other', reason: 'frozen' }],
  millis: 5,
};

let vault: MemoryVault;
let marks: Marks;

/** A study whose variant looked at samples, and whose layers were measured on them. */
async function study(): Promise<Visit> {
  const page = await firstVisit(vault, marks);
  page.store.setState((state) => ({
    calibration,
    calibratedWith: samplesKey(state),
    sensitivity: report,
    entries: { ...state.entries, v1: { ...state.entries['v1'], calibration } },
  }));
  await page.rest();
  return page;
}

async function reload(): Promise<Visit> {
  const page = new Visit(vault, marks);
  void page.desk.restore();
  await breathe();
  await page.fake.last('addData').succeed(dataSummary());
  await breathe();
  await page.fake.last('open').succeed(modelSummary());
  await page.fake.last('previewData').succeed([]);
  await breathe();
  return page;
}

beforeEach(() => {
  vault = new MemoryVault();
  marks = new Marks();
});

describe('samples and sensitivity', () => {
  it('are there again after a reload, and the variant with the samples that it was made with', async () => {
    await study();
    const { state, fake } = await reload();
    expect(state.sensitivity).toEqual(report);
    expect(state.calibration).toEqual(calibration);
    expect(state.calibratedWith).toBe(samplesKey(state));
    expect(state.entries['v1']?.calibration).toEqual(calibration);
    const known = fake.calls.find(({ name, variantId }) => name === 'knowVariant' && variantId === 'v1');
    expect(known).toMatchObject({ samples: 256, config: { exclude: ['b'] } });
  });

  it('are left out where they cannot be read, and nothing else is', async () => {
    await study();
    const damaged = (name: string, piece: unknown) => parseProject(new Map([...vault.pieces, [name, piece]]));
    const fixes = [{ ...report.layers[0].fixes[0], changes: [{ pass: 'x', params: null }] }];
    for (const piece of [
      null,
      { ...report, layers: [null] },
      { ...report, layers: [{ ...report.layers[0], fixes }] },
      { ...report, notMeasured: 'none' },
    ]) {
      const kept = damaged(sensitivityPiece('m1'), piece);
      expect(kept?.sensitivity).toBeNull();
      expect(kept?.entries).toHaveLength(2);
    }
    const head = vault.pieces.get(HEAD) as object;
    expect(damaged(HEAD, { ...head, calibration: { key: 7 } })?.head.calibration).toBeNull();
    const entry = vault.pieces.get(entryPiece('m1', 'v1')) as object;
    const kept = damaged(entryPiece('m1', 'v1'), { ...entry, calibration: 'samples' });
    expect(kept?.entries.map(({ id }) => id)).toEqual([ORIGINAL]);
  });

  it('are no part of a project of before there were any, which is read all the same', async () => {
    await study();
    vault.pieces.delete(sensitivityPiece('m1'));
    const {
      calibration: _none,
      calibrated: _no,
      ...head
    } = vault.pieces.get(HEAD) as Record<string, unknown>;
    vault.pieces.set(HEAD, head);
    const { calibration: _old, ...entry } = vault.pieces.get(entryPiece('m1', 'v1')) as Record<
      string,
      unknown
    >;
    vault.pieces.set(entryPiece('m1', 'v1'), entry);
    const { state } = await reload();
    expect(state.currentId).toBe('v1');
    expect(state.sensitivity).toBeNull();
    expect(state.calibration).toBeNull();
  });
});
