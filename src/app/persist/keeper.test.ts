/** A project over a reload: a second page on the same vault, with everything it needs to go on, or a clear word about what is missing. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { OpenFile } from '../../worker/api.ts';
import type { DataDesk } from '../store/data-state.ts';
import { createDataDesk } from '../store/data-desk.ts';
import { edit } from '../store/edits.ts';
import { createPipeline } from '../store/pipeline.ts';
import type { Pipeline } from '../store/pipeline.ts';
import { precisionOf, withPrecision } from '../store/recipe-edit.ts';
import { ORIGINAL, createAppStore, recipeOf } from '../store/state.ts';
import type { AppState, AppStore } from '../store/state.ts';
import { canUndo } from '../store/undo.ts';
import {
  dataConfig,
  dataSummary,
  evaluation,
  fakeStudio,
  measureResult,
  modelSummary,
  settle,
  variantSummary,
} from '../store/testing/fake-studio.ts';
import type { FakeStudio } from '../store/testing/fake-studio.ts';
import { Keeper } from './keeper.ts';
import { createLazyKeeper, setMark } from './lazy-keeper.ts';
import { parseProject } from './parse-record.ts';
import { HEAD } from './project-record.ts';
import { MemoryVault } from './testing/memory-vault.ts';

const modelFiles: OpenFile[] = [{ path: 'model.onnx', file: new Blob(['model']) }];
const dataFiles: OpenFile[] = [{ path: 'photos/a.png', file: new Blob(['one', 'two']) }];

/** A mark store in memory. */
class Marks {
  readonly marks = new Map<string, string>();
  getItem = (key: string) => this.marks.get(key) ?? null;
  setItem = (key: string, value: string) => void this.marks.set(key, value);
  removeItem = (key: string) => void this.marks.delete(key);
}

/** Copies read blobs, which takes turns of the loop. */
async function breathe(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
}

class Visit {
  readonly store: AppStore = createAppStore();
  readonly fake: FakeStudio = fakeStudio();
  readonly pipeline: Pipeline;
  readonly desk: DataDesk;
  loads = 0;
  private timers: (() => void)[] = [];

  constructor(vault: MemoryVault, marks: Marks | null) {
    const { store } = this;
    const after = (_millis: number, work: () => void) => {
      this.timers.push(work);
      return () => (this.timers = this.timers.filter((other) => other !== work));
    };
    this.pipeline = createPipeline(store, this.fake.studio, after);
    const load = () => {
      this.loads++;
      const parts = { store, studio: this.fake.studio, pipeline: this.pipeline, vault, after };
      return Promise.resolve(new Keeper({ ...parts, onKept: (kept) => setMark(marks, kept) }));
    };
    const keeper = createLazyKeeper(store, marks, load, (work) => work());
    this.desk = createDataDesk(store, this.fake.studio, this.pipeline, keeper);
  }

  get state(): AppState {
    return this.store.getState();
  }

  /** Sliders rest, saves are due. */
  async rest(): Promise<void> {
    for (let due = this.timers; due.length > 0; due = this.timers) {
      this.timers = [];
      for (const work of due) work();
      await breathe();
    }
  }

  async openModel(modelId = 'm1', files = modelFiles): Promise<void> {
    void this.pipeline.open(files);
    await this.fake.last('open').succeed(modelSummary({ modelId }));
    await this.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await this.fake.last('measure').succeed(measureResult());
    await this.fake.last('costs').succeed({ macs: 7, layers: [] });
  }

  async makeVariant(): Promise<void> {
    edit(this.store, (draft) => withPrecision(draft, 'int8'));
    await this.rest();
    const made = this.fake.last('makeVariant');
    await made.succeed(variantSummary('v1', made.recipe!, 300));
    await this.fake.last('measure').succeed(measureResult());
    if (this.state.data?.config) await this.fake.last('evaluate').succeed(evaluation(0.79));
    await this.fake.last('costs').succeed({ macs: 5, layers: [] });
  }

  async addData(): Promise<void> {
    void this.desk.addData(dataFiles);
    await settle();
    await this.fake.last('addData').succeed(dataSummary());
    await this.fake.last('proposeData').succeed([]);
    void this.desk.acceptData(dataConfig({ exclude: ['b'] }));
    await settle();
    await this.fake.last('checkData').succeed({
      counts: { evaluation: 2, calibration: 0, 'hold-back': 0 },
      excluded: 1,
      problems: [],
    });
    await this.fake.last('previewData').succeed([]);
    await this.fake.last('evaluate').succeed(evaluation());
  }

  count(name: string): number {
    return this.fake.calls.filter((call) => call.name === name).length;
  }
}

let vault: MemoryVault;
let marks: Marks;

const visit = (): Visit => new Visit(vault, marks);

/** A study with data and a variant, saved. */
async function firstVisit(): Promise<Visit> {
  const page = visit();
  await page.openModel();
  await page.addData();
  await page.makeVariant();
  page.desk.setGoal({ objective: 'smallest', neverSlower: true });
  page.desk.setEnergy({ gridGramsPerKwh: 20 });
  page.store.setState((state) => ({
    profiles: { v1: { nodes: [], events: [] } as unknown as AppState['profiles'][string] },
    view: { ...state.view, tab: 'history', cost: 'latency' },
  }));
  await page.rest();
  return page;
}

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
    expect(precisionOf(recipeOf(state))).toBe('int8');
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
    expect(before.project).toMatchObject({ state: 'saved', error: { code: 'too-large' } });
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

describe('what was kept', () => {
  it('is dropped with a notice when it cannot be read', async () => {
    await firstVisit();
    for (const damage of [
      { version: 99 },
      { draft: null },
      { model: { modelId: 7 } },
      { options: { threads: 'many' } },
    ]) {
      const damaged = new MemoryVault();
      for (const [name, piece] of vault.pieces) damaged.pieces.set(name, piece);
      damaged.pieces.set(HEAD, { ...(vault.pieces.get(HEAD) as object), ...damage });
      marks.setItem('pare-project', 'kept');
      const page = new Visit(damaged, marks);
      await page.desk.restore();
      expect(page.state.notices.map(({ error }) => error.code)).toEqual(['data-invalid']);
      expect(page.state.project).toMatchObject({ state: 'off', missing: [] });
      expect(damaged.pieces.size).toBe(0);
      expect(marks.marks.size).toBe(0);
    }
  });

  it('loses findings about data that cannot be read, and no more', async () => {
    await firstVisit();
    const head = vault.pieces.get(HEAD) as { readonly data: object };
    const damage = {
      config: { format: 'pare-data', version: 1, inputs: null },
      proposals: [null],
      split: { counts: { evaluation: 1, calibration: 0, 'hold-back': 0 }, problems: [null] },
      duplicates: { checked: 1, total: 1, groups: [null], removable: [] },
    };
    const kept = parseProject(
      new Map([...vault.pieces, [HEAD, { ...head, data: { ...head.data, ...damage } }]]),
    );
    expect(kept?.head.data).toMatchObject({ config: null, proposals: [], split: null, duplicates: null });
    expect(kept?.entries.map(({ id }) => id)).toEqual([ORIGINAL, 'v1']);
  });

  it('loses an entry that cannot be read, and no more', async () => {
    await firstVisit();
    vault.pieces.set('entry/m1/v1', { id: 'v1', recipe: { steps: 'none' } });
    const page = visit();
    void page.desk.restore();
    await breathe();
    await page.fake.last('addData').succeed(dataSummary());
    await breathe();
    await page.fake.last('open').succeed(modelSummary());
    expect(Object.keys(page.state.entries)).toEqual([ORIGINAL]);
    await page.fake.last('previewData').succeed([]);
    // The recipe on screen is made again.
    await page.fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    expect(page.count('makeVariant')).toBe(1);
  });

  it('is written once for many changes, and only what changed', async () => {
    const page = await firstVisit();
    vault.writes.length = 0;
    page.desk.setEnergy({ gridGramsPerKwh: 1 });
    page.desk.setEnergy({ gridGramsPerKwh: 2 });
    await page.rest();
    expect(vault.writes).toEqual([[HEAD]]);
    page.store.setState({ announcement: 'nothing that is kept' });
    await page.rest();
    expect(vault.writes).toHaveLength(1);
  });

  it('goes with the project', async () => {
    const page = await firstVisit();
    await page.desk.closeProject();
    await page.rest();
    expect([vault.pieces.size, vault.packs.size, marks.marks.size]).toEqual([0, 0, 0]);
    const next = visit();
    await next.desk.restore();
    expect(next.state.project.state).toBe('off');
  });

  it('is said to fail when the browser cannot write', async () => {
    vault.failing = true;
    const page = visit();
    await page.openModel();
    await page.rest();
    expect(page.state.project).toMatchObject({ state: 'failed', error: { message: 'the disk is full' } });
  });

  it('is not copied while something is timed', async () => {
    const { store, fake, pipeline } = visit();
    const after = () => () => undefined;
    const keeper = new Keeper({
      store,
      studio: fake.studio,
      pipeline,
      vault,
      after,
      onKept: () => undefined,
    });
    const job = { id: 1, kind: 'measure', title: '', fraction: 0, doing: '' } as const;
    store.setState({ job });
    keeper.modelOpened(modelSummary(), modelFiles);
    await breathe();
    expect(vault.packs.size).toBe(0);
    expect(store.getState().project.state).toBe('saving');
    store.setState({ job: { ...job, kind: 'evaluate' } });
    await breathe();
    expect([...vault.packs.keys()]).toEqual(['model-m1']);
    expect(store.getState().project.state).toBe('saved');
  });

  it('works without a place for the mark', async () => {
    const page = new Visit(vault, null);
    await page.desk.restore();
    await page.openModel();
    await page.rest();
    expect(vault.pieces.has(HEAD)).toBe(true);
  });
});
