/**
 * A page with a store, a fake studio and a vault, as one visit of a user has it; two visits on one vault are a reload.
 * It must not check anything.
 */
import type { OpenFile } from '../../../worker/api.ts';
import type { DataDesk } from '../../store/data-state.ts';
import { createDataDesk } from '../../store/data-desk.ts';
import { edit } from '../../store/edits.ts';
import { createPipeline } from '../../store/pipeline.ts';
import type { Pipeline } from '../../store/pipeline.ts';
import { withPrecision } from '../../store/recipe-edit.ts';
import { createAppStore } from '../../store/state.ts';
import type { AppState, AppStore } from '../../store/state.ts';
import {
  dataConfig,
  dataSummary,
  evaluation,
  fakeStudio,
  measureResult,
  modelSummary,
  settle,
  variantSummary,
} from '../../store/testing/fake-studio.ts';
import type { FakeStudio } from '../../store/testing/fake-studio.ts';
import { Keeper } from '../keeper.ts';
import { createLazyKeeper, setMark } from '../lazy-keeper.ts';
import type { MemoryVault } from './memory-vault.ts';

export const modelFiles: OpenFile[] = [{ path: 'model.onnx', file: new Blob(['model']) }];
export const dataFiles: OpenFile[] = [{ path: 'photos/a.png', file: new Blob(['one', 'two']) }];

/** A mark store in memory. */
export class Marks {
  readonly marks = new Map<string, string>();
  getItem = (key: string) => this.marks.get(key) ?? null;
  setItem = (key: string, value: string) => void this.marks.set(key, value);
  removeItem = (key: string) => void this.marks.delete(key);
}

/** Copies read blobs, which takes turns of the loop. */
export async function breathe(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
}

export class Visit {
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
    edit(this.store, (draft) => withPrecision(draft, 'fp16'));
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

/** A study with data and a variant, saved. */
export async function firstVisit(vault: MemoryVault, marks: Marks): Promise<Visit> {
  const page = new Visit(vault, marks);
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
