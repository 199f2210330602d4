/** A project over a reload: a second page on the same vault, with everything it needs to go on, or a clear word about what is missing. */
import { beforeEach, describe, expect, it } from 'vitest';
import { precisionOf } from '../store/recipe-edit.ts';
import { ORIGINAL, recipeOf } from '../store/state.ts';
import { canUndo } from '../store/undo.ts';
import {
  dataConfig,
  dataSummary,
  evaluation,
  measureResult,
  modelSummary,
  settle,
} from '../store/testing/fake-studio.ts';
import { HEAD } from './project-record.ts';
import { MemoryVault } from './testing/memory-vault.ts';
import { Marks, Visit, breathe, dataFiles, modelFiles, firstVisit as savedStudy } from './testing/visit.ts';

let vault: MemoryVault;
let marks: Marks;

const visit = (): Visit => new Visit(vault, marks);
const firstVisit = (): Promise<Visit> => savedStudy(vault, marks);

beforeEach(() => {
  vault = new MemoryVault();
  marks = new Marks();
});

describe('a reload', () => {
  it('brings everything back, and measures and evaluates nothing again', async () => {
    const before = (await firstVisit()).state;
    const page = visit();
    void page.desk.restore();
    await breathe();
    expect(page.state.project.state).toBe('restoring');
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    await page.fake.last('open').succeed(modelSummary());
    await page.fake.last('previewData').succeed([]);
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await breathe();
    const { state } = page;
    expect(state.entries).toEqual(before.entries);
    expect(state.currentId).toBe('v1');
    expect(precisionOf(recipeOf(state))).toBe('fp16');
    expect(canUndo(state.draft)).toBe(true);
    expect(state.goal).toEqual({ objective: 'smallest', neverSlower: true });
    expect(state.energy.gridGramsPerKwh).toBe(20);
    expect(state.costs).toEqual({ [ORIGINAL]: { macs: 7, layers: [] }, v1: { macs: 5, layers: [] } });
    expect(Object.keys(state.profiles)).toEqual(['v1']);
    expect(state.view).toMatchObject({ tab: 'history', cost: 'latency' });
    expect(state.data).toMatchObject({ config: { exclude: ['b'] }, split: { excluded: 1 } });
    expect(state.project).toEqual({ state: 'saved', missing: [], error: null });
    expect([page.count('measure'), page.count('evaluate'), page.count('proposeData')]).toEqual([0, 0, 0]);
    const known = page.fake.calls.find(({ name }) => name === 'knowVariant');
    expect(known).toMatchObject({ variantId: 'v1', recipe: before.entries['v1']?.recipe });
  });

  it('gives the worker the same bytes under the same names', async () => {
    await firstVisit();
    const [file] = (await vault.openFiles('data-d1')) ?? [];
    expect([file?.path, await file?.file.text()]).toEqual(['photos/a.png', 'onetwo']);
  });

  it('costs an empty page nothing but a look at the mark', async () => {
    const page = visit();
    await page.desk.restore();
    expect(page.state.project.state).toBe('off');
    expect(page.fake.calls).toEqual([]);
  });

  it('goes on with the next change', async () => {
    await firstVisit();
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    await page.fake.last('open').succeed(modelSummary());
    await page.fake.last('previewData').succeed([]);
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await breathe();
    page.pipeline.removeEntry(ORIGINAL);
    page.desk.setGoal(null);
    await page.rest();
    expect(vault.pieces.get(HEAD)).toMatchObject({ goal: null, currentId: 'v1' });
  });

  it('brings the bundled sample back without copies', async () => {
    const first = visit();
    void first.pipeline.openSample();
    await first.fake.last('openSample').succeed(modelSummary());
    const summary = dataSummary('digits');
    await first.fake.last('addSampleData').succeed({ summary, config: dataConfig() });
    await first.fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
    await first.fake.last('previewData').succeed([]);
    await first.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await first.fake.last('measure').succeed(measureResult());
    await first.fake.last('evaluate').succeed({ ...evaluation(), dataId: 'digits' });
    await first.rest();
    expect(vault.packs.size).toBe(0);
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.fake.last('openSample').succeed(modelSummary());
    await page.fake.last('addSampleData').succeed({ summary, config: dataConfig() });
    await page.fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
    await page.fake.last('previewData').succeed([]);
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await breathe();
    expect(page.state.entries[ORIGINAL]?.evaluation).not.toBeNull();
    expect(page.state.project.missing).toEqual([]);
    expect([page.count('measure'), page.count('evaluate')]).toEqual([0, 0]);
  });
});

describe('files that could not be kept', () => {
  it('are named, and the project goes on when they are chosen again', async () => {
    vault.limit = 3;
    const before = (await firstVisit()).state;
    expect(before.project).toMatchObject({ state: 'failed', error: { code: 'too-large' } });
    const page = visit();
    void page.desk.restore();
    await breathe();
    expect(page.state.project).toMatchObject({
      state: 'saved',
      missing: [
        { what: 'model', names: ['model.onnx'], bytes: 5 },
        { what: 'data', names: ['photos/a.png'], bytes: 6 },
      ],
    });
    expect(page.state.model).toBeNull();
    void page.pipeline.open(modelFiles);
    await page.fake.last('open').succeed(modelSummary());
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    expect(page.state.entries).toEqual(before.entries);
    expect(page.state.project.missing.map(({ what }) => what)).toEqual(['data']);
    // Saved in between, the description of the missing data is not lost.
    await page.rest();
    expect(vault.pieces.get(HEAD)).toMatchObject({ data: { dataId: 'd1', config: { exclude: ['b'] } } });
    void page.desk.addData(dataFiles);
    await settle();
    await page.fake.last('addData').succeed(dataSummary());
    expect(page.state.project.missing).toEqual([]);
    expect(page.state.data?.config?.exclude).toEqual(['b']);
    expect(page.state.entries).toEqual(before.entries);
    expect([page.count('measure'), page.count('evaluate'), page.count('proposeData')]).toEqual([0, 0, 0]);
  });

  it('begin a new project when another model is chosen, and say so', async () => {
    vault.limit = 3;
    await firstVisit();
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.openModel('m2');
    expect(Object.keys(page.state.entries)).toEqual([ORIGINAL]);
    expect(page.state.project.missing).toEqual([]);
    expect(page.state.notices[0]?.error.message).toContain('another model');
    await page.rest();
    expect([...vault.pieces.keys()].some((name) => name.includes('m1'))).toBe(false);
  });

  it('are not asked for when other data take their place', async () => {
    await firstVisit();
    vault.packs.delete('data-d1');
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.fake.last('open').succeed(modelSummary());
    expect(page.state.project.missing.map(({ what }) => what)).toEqual(['data']);
    void page.desk.addData([{ path: 'others.zip', file: new Blob(['zip']) }]);
    await settle();
    await page.fake.last('addData').succeed(dataSummary('d2'));
    expect(page.state.project.missing).toEqual([]);
    expect(page.state.data?.config).toBeNull();
    expect(page.count('proposeData')).toBe(1);
  });
});
