/** The user's commands over a fake studio: from dropped files to an evaluated variant, and what a new model does to it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { DataConfig, DataSummary, Proposal } from '../../core/dataset/types.ts';
import type { DataDesk } from './data-state.ts';
import { createDataDesk } from './data-desk.ts';
import { edit } from './edits.ts';
import { createPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { withPrecision } from './recipe-edit.ts';
import { ORIGINAL, createAppStore } from './state.ts';
import type { AppStore } from './state.ts';
import {
  dataConfig,
  dataSummary,
  evaluation,
  fakeStudio,
  measureResult,
  modelSummary,
  settle,
  variantSummary,
} from './testing/fake-studio.ts';
import type { FakeStudio } from './testing/fake-studio.ts';

let store: AppStore;
let fake: FakeStudio;
let pipeline: Pipeline;
let desk: DataDesk;
let timers: (() => void)[];
let kept: string[];

const files = [{ path: 'photos/a.png', file: new Blob() }];
const calls = (name: string): number => fake.calls.filter((call) => call.name === name).length;

function proposal(config: DataConfig): Proposal {
  return { config, metric: 'top-1', attempts: [], evidence: '45 % with −1..1.', sure: true, problems: [] };
}

async function openModel(modelId = 'm1'): Promise<void> {
  void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
  await fake.last('open').succeed(modelSummary({ modelId }));
}

async function openAndMeasure(): Promise<void> {
  await openModel();
  await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
  await fake.last('measure').succeed(measureResult());
  await fake.last('costs').succeed({ macs: 1 });
}

async function addData(summary: DataSummary = dataSummary()): Promise<void> {
  void desk.addData(files);
  await settle();
  await fake.last('addData').succeed(summary);
}

/** Up to data in use, the original evaluated. */
async function accept(config: DataConfig = dataConfig()): Promise<void> {
  void desk.acceptData(config);
  await settle();
  await fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
  if (store.getState().data?.previewed !== config) await fake.last('previewData').succeed([]);
  await fake.last('evaluate').succeed(evaluation());
}

beforeEach(() => {
  store = createAppStore();
  fake = fakeStudio();
  timers = [];
  kept = [];
  pipeline = createPipeline(store, fake.studio, (_millis, work) => {
    timers.push(work);
    return () => (timers = timers.filter((other) => other !== work));
  });
  desk = createDataDesk(store, fake.studio, pipeline, {
    modelOpened: () => null,
    dataOpened: (opened) => {
      kept.push(opened?.[0]?.path ?? 'sample');
      return null;
    },
    restore: () => Promise.resolve(),
    forget: () => Promise.resolve(void kept.push('forgotten')),
  });
});

describe('removing data', () => {
  it('measures again on made-up inputs what was measured on samples that are gone', async () => {
    const onInputs = async (inputs: 'data' | 'synthetic'): Promise<number> => {
      await openModel();
      await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
      const agreement = { ...measureResult().agreement!, inputs };
      await fake.last('measure').succeed(measureResult({ agreement }));
      await fake.last('costs').succeed({ macs: 1 });
      await addData();
      await fake.last('proposeData').succeed([]);
      const before = calls('measure');
      desk.removeData();
      await settle();
      return calls('measure') - before;
    };
    expect(await onInputs('data')).toBe(1);
    await fake.last('measure').succeed(measureResult());
    expect(store.getState().entries[ORIGINAL]?.measurement?.agreement?.inputs).toBe('synthetic');
    pipeline.close();
    expect(await onInputs('synthetic')).toBe(0);
  });
});

describe('adding data', () => {
  it('indexes, proposes, previews, and evaluates nothing before it is accepted', async () => {
    await openAndMeasure();
    await addData();
    expect(store.getState().job?.title).toBe('Fitting photos to the model');
    const config = dataConfig();
    await fake.last('proposeData').succeed([proposal(config)]);
    expect(store.getState().announcement).toBe('Proposed: 45 % with −1..1.');
    await fake.last('previewData').succeed([]);
    const { data, job } = store.getState();
    expect(data).toMatchObject({
      config: null,
      previewed: config,
      proposals: [{ evidence: '45 % with −1..1.' }],
    });
    expect(job).toBeNull();
    expect(calls('evaluate')).toBe(0);
    expect(kept).toEqual(['photos/a.png']);
  });

  it('stops a running measurement and takes it up again afterwards', async () => {
    await openModel();
    await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    const measuring = fake.last('measure');
    void desk.addData(files);
    expect(measuring.options.signal?.aborted).toBe(true);
    await fake.last('addData').fail({ code: 'data-invalid', message: 'no images' });
    expect(store.getState().notices.map(({ error }) => error.message)).toEqual(['no images']);
    expect(calls('measure')).toBe(2);
  });

  it('waits for a model before it proposes', async () => {
    await addData();
    expect(calls('proposeData')).toBe(0);
    await openModel();
    expect(calls('proposeData')).toBe(1);
  });

  it('can be cancelled, and forgets what arrives late', async () => {
    await openAndMeasure();
    void desk.addData(files);
    const reading = fake.last('addData');
    pipeline.cancel();
    await reading.succeed(dataSummary());
    expect(store.getState()).toMatchObject({ data: null, job: null, held: null });
  });

  it('says that trying was stopped, until it is tried again', async () => {
    await openAndMeasure();
    await addData();
    pipeline.cancel();
    await settle();
    expect(store.getState().data?.proposalError?.message).toBe('trying was stopped.');
    expect(store.getState().job).toBeNull();
    await openModel('m2');
    expect(store.getState().data?.proposalError).toBeNull();
  });

  it('says why nothing could be proposed', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').fail({ code: 'data-invalid', message: 'no input takes images' });
    expect(store.getState().data?.proposalError?.message).toBe('no input takes images');
  });
});

describe('accepted data', () => {
  it('evaluates the original and the variant on screen, the others when they come back', async () => {
    await openAndMeasure();
    edit(store, (draft) => withPrecision(draft, 'fp16'));
    for (const work of timers.splice(0)) work();
    await settle();
    const made = fake.last('makeVariant');
    await made.succeed(variantSummary('v1', made.recipe!, 300));
    await fake.last('measure').succeed(measureResult());
    await fake.last('costs').succeed({ macs: 1 });
    await addData();
    await fake.last('proposeData').succeed([]);
    await accept();
    expect(fake.last('evaluate').variantId).toBe('v1');
    await fake.last('evaluate').succeed(evaluation());
    const { entries } = store.getState();
    expect(entries[ORIGINAL]?.evaluation).not.toBeNull();
    expect(entries.v1?.evaluation).not.toBeNull();
    expect(calls('evaluate')).toBe(2);
  });

  it('forgets figures of other data when the description changes', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    await accept();
    expect(store.getState().entries[ORIGINAL]?.evaluation).not.toBeNull();
    void desk.acceptData({ ...dataConfig(), exclude: ['a'] });
    await settle();
    expect(store.getState().entries[ORIGINAL]?.evaluation).toBeNull();
  });

  it('leaves copies out on request and evaluates again', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    await accept();
    void desk.findDuplicates();
    await settle();
    await fake.last('findDuplicates').succeed({ checked: 9, groups: [], total: 1, removable: ['b', 'c'] });
    void desk.excludeDuplicates();
    await settle();
    expect(fake.last('checkData').config?.exclude).toEqual(['b', 'c']);
    await fake.last('checkData').succeed({ counts: {}, excluded: 2, problems: [] });
    await fake.last('previewData').succeed([]);
    expect(fake.last('evaluate').config?.exclude).toEqual(['b', 'c']);
  });

  it('measures agreement on data without anything to be right about, and evaluates nothing', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    void desk.acceptData({ ...dataConfig(), task: { kind: 'agreement' } });
    await settle();
    await fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
    await fake.last('previewData').succeed([]);
    expect(calls('evaluate')).toBe(0);
    expect(fake.last('measure').config?.task.kind).toBe('agreement');
  });

  it('says once why the original could not be evaluated', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    void desk.acceptData(dataConfig());
    await settle();
    await fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
    await fake.last('previewData').succeed([]);
    await fake.last('evaluate').fail({ code: 'data-invalid', message: 'all samples failed' });
    const { entries, notices, job } = store.getState();
    expect(entries[ORIGINAL]?.evaluationFailure?.message).toBe('all samples failed');
    expect(notices).toHaveLength(1);
    expect(job).toBeNull();
  });
});

describe('a new model', () => {
  it('keeps data that fit it, not in use until accepted', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    await accept();
    await openModel('m2');
    expect(store.getState().data).toMatchObject({ config: null, split: null });
    await fake.last('proposeData').succeed([proposal(dataConfig())]);
    await fake.last('previewData').succeed([]);
    expect(store.getState().data?.proposals).toHaveLength(1);
    await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    expect(calls('measure')).toBe(2);
  });

  it('takes data out that do not fit, with a notice', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    await openModel('m2');
    await fake.last('proposeData').fail({ code: 'data-invalid', message: 'no input takes images' });
    expect(store.getState().data).toBeNull();
    expect(store.getState().notices[0]?.error.message).toContain('photos does not fit model.onnx');
  });

  it('brings its own data when it is the sample', async () => {
    await addData();
    void pipeline.openSample();
    await settle();
    await fake.last('openSample').succeed(modelSummary());
    await fake.last('addSampleData').succeed({ summary: dataSummary('digits'), config: dataConfig() });
    await fake.last('checkData').succeed({ counts: {}, excluded: 0, problems: [] });
    await fake.last('previewData').succeed([]);
    expect(store.getState().data).toMatchObject({ summary: { dataId: 'digits' }, config: dataConfig() });
    expect(kept.at(-1)).toBe('sample');
    await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await fake.last('measure').succeed(measureResult());
    expect(calls('evaluate')).toBe(1);
  });
});

describe('profile and lab', () => {
  it('profiles the original once and the variant each time', async () => {
    await openAndMeasure();
    const profiled = { provider: 'wasm', threads: 1 };
    void desk.profile();
    await settle();
    expect(fake.last('profile').variantId).toBeNull();
    await fake.last('profile').succeed(profiled);
    store.setState((state) => ({
      currentId: 'v1',
      entries: { ...state.entries, v1: state.entries[ORIGINAL] },
    }));
    void desk.profile();
    await settle();
    expect(fake.last('profile').variantId).toBe('v1');
    await fake.last('profile').fail({ code: 'runtime-crashed', message: 'gone' });
    expect(store.getState().profileError?.code).toBe('runtime-crashed');
    expect(Object.keys(store.getState().profiles)).toEqual([ORIGINAL]);
  });

  it('times each number of threads, line by line, and keeps the reason where it could not', async () => {
    await openAndMeasure();
    void desk.runLab();
    await settle();
    await fake.last('measure').succeed(measureResult());
    expect(store.getState().lab).toHaveLength(1);
    await fake.last('measure').fail({ code: 'runtime-refused', message: 'no threads' });
    expect(store.getState().lab).toMatchObject([
      { threads: 1, reason: null },
      { threads: 2, latency: null, reason: 'no threads' },
    ]);
    expect(store.getState().job).toBeNull();
  });
});

describe('closing', () => {
  it('forgets model, data, goal and the stored project', async () => {
    await openAndMeasure();
    await addData();
    await fake.last('proposeData').succeed([]);
    desk.setGoal({ objective: 'smallest', neverSlower: true });
    await desk.closeProject();
    expect(store.getState()).toMatchObject({ model: null, data: null, goal: null, entries: {}, job: null });
    expect(kept.at(-1)).toBe('forgotten');
    expect([calls('close'), calls('closeData')]).toEqual([1, 1]);
  });
});
