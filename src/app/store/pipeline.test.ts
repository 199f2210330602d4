import { beforeEach, describe, expect, it } from 'vitest';
import { edit, redoEdit, undoEdit } from './edits.ts';
import { PREPARE_FIRST_BYTES, SETTLE_MILLIS, createPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { QUANTIZE } from './pass-names.ts';
import { precisionOf, withParam, withPrecision, withSparsity } from './recipe-edit.ts';
import type { PrecisionStop } from './recipe-edit.ts';
import { ORIGINAL, createAppStore, recipeOf } from './state.ts';
import type { AppStore } from './state.ts';
import { fakeStudio, measureResult, modelSummary, settle, variantSummary } from './testing/fake-studio.ts';
import type { FakeStudio } from './testing/fake-studio.ts';

interface Timer {
  readonly millis: number;
  readonly work: () => void;
}

let store: AppStore;
let fake: FakeStudio;
let pipeline: Pipeline;
let timers: Timer[];

/** Rounded to nearest: samples are not asked for. */
const setPrecision = (stop: PrecisionStop): void =>
  edit(store, (draft) => withParam(withPrecision(draft, stop), QUANTIZE, 'method', 'nearest'));

/** Time passes: every timer that was not forgotten fires. */
async function rest(): Promise<void> {
  const due = timers;
  timers = [];
  for (const { work } of due) work();
  await settle();
}

async function openAndMeasure(): Promise<void> {
  void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
  await fake.last('open').succeed(modelSummary());
  await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
  await fake.last('measure').succeed(measureResult());
}

async function makeAndMeasure(id: string, bytes: number): Promise<void> {
  await rest();
  await calibrate();
  const call = fake.last('makeVariant');
  await call.succeed(variantSummary(id, call.recipe!, bytes));
  await fake.last('measure').succeed(measureResult());
}

/** Four bits look at samples. */
async function calibrate(): Promise<void> {
  const waiting = fake.calls.at(-1);
  if (waiting?.name === 'calibrate') await waiting.succeed(MADE_UP);
}

const MADE_UP = { origin: 'synthetic', description: 'made-up inputs', count: 256, key: 'synthetic' } as const;

beforeEach(() => {
  store = createAppStore();
  fake = fakeStudio();
  timers = [];
  pipeline = createPipeline(store, fake.studio, (millis, work) => {
    const timer = { millis, work };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  });
});

describe('opening', () => {
  it('measures the original by itself', async () => {
    await openAndMeasure();
    const { currentId, entries, job } = store.getState();
    expect(currentId).toBe(ORIGINAL);
    expect(entries[ORIGINAL]?.measurement?.latency?.originalMillis).toBe(10);
    expect(fake.last('measure').variantId).toBeNull();
    expect(job).toBeNull();
  });

  it('keeps the open model, its recipe and its undo when a new file is refused', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await makeAndMeasure('v1', 300);
    void pipeline.open([{ path: 'photo.jpg', file: new Blob() }]);
    await fake.last('open').fail({ code: 'not-onnx', message: 'not a model' });
    const state = store.getState();
    expect(state.model?.modelId).toBe('m1');
    expect(precisionOf(recipeOf(state))).toBe('int8');
    expect(state.currentId).toBe('v1');
    expect(state.draft.past).toHaveLength(1);
    expect(state.notices.map(({ error }) => error.code)).toEqual(['not-onnx']);
    expect(fake.calls.some(({ name }) => name === 'close')).toBe(false);
  });

  it('goes on with what a refused file interrupted', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await rest();
    const interrupted = fake.last('makeVariant');
    void pipeline.open([{ path: 'photo.jpg', file: new Blob() }]);
    expect(interrupted.options.signal?.aborted).toBe(true);
    await fake.last('open').fail({ code: 'not-onnx', message: 'not a model' });
    await makeAndMeasure('v1', 300);
    expect(store.getState().currentId).toBe('v1');
  });

  it('closes the model before and starts anew', async () => {
    await openAndMeasure();
    setPrecision('int8');
    void pipeline.openSample();
    await fake.last('openSample').succeed(modelSummary({ modelId: 'm2' }));
    const state = store.getState();
    expect(state.model?.modelId).toBe('m2');
    expect(Object.keys(state.entries)).toEqual([ORIGINAL]);
    expect(recipeOf(state).steps).toEqual([]);
    expect(fake.calls.filter(({ name }) => name === 'close')).toHaveLength(1);
  });

  it('knows the simplified sizes of a model that is opened a second time', async () => {
    await openAndMeasure();
    await openAndMeasure();
    expect(fake.calls.filter(({ name }) => name === 'simplifiedSkeleton')).toHaveLength(2);
    expect(store.getState().simplified).not.toBeNull();
  });

  it('takes the second of two files that were opened at once', async () => {
    void pipeline.open([{ path: 'a.onnx', file: new Blob() }]);
    const first = fake.last('open');
    void pipeline.open([{ path: 'b.onnx', file: new Blob() }]);
    await first.succeed(modelSummary({ modelId: 'a' }));
    expect(store.getState().model).toBeNull();
    await fake.last('open').succeed(modelSummary({ modelId: 'b' }));
    expect(store.getState().model?.modelId).toBe('b');
  });
});

describe('from slider to measurement', () => {
  it('waits for the sliders to rest, then makes and measures once', async () => {
    await openAndMeasure();
    setPrecision('fp16');
    setPrecision('int8');
    edit(store, (draft) => withSparsity(draft, 0.5));
    expect(store.getState().currentId).toBeNull();
    expect(timers.map(({ millis }) => millis)).toEqual([SETTLE_MILLIS]);
    expect(fake.calls.some(({ name }) => name === 'makeVariant')).toBe(false);
    await makeAndMeasure('v1', 300);
    const { currentId, entries } = store.getState();
    expect(currentId).toBe('v1');
    expect(entries['v1']).toMatchObject({ bytes: 300, parentId: ORIGINAL, sequence: 1 });
    expect(fake.calls.filter(({ name }) => name === 'makeVariant')).toHaveLength(1);
  });

  it('lets the latest recipe win and drops the late answer of an older one', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await rest();
    const old = fake.last('makeVariant');
    setPrecision('int4');
    expect(old.options.signal?.aborted).toBe(true);
    await old.succeed(variantSummary('late', old.recipe!, 1));
    expect(store.getState().entries['late']).toBeUndefined();
    await makeAndMeasure('v4', 150);
    expect(store.getState().currentId).toBe('v4');
  });

  it('drops a measurement that a newer recipe has overtaken, and takes it up again on return', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await rest();
    const made = fake.last('makeVariant');
    await made.succeed(variantSummary('v1', made.recipe!, 300));
    setPrecision('int4');
    expect(store.getState().entries['v1']?.measurement).toBeNull();
    undoEdit(store);
    expect(store.getState().currentId).toBe('v1');
    await rest();
    await fake.last('measure').succeed(measureResult());
    expect(store.getState().entries['v1']?.measurement).not.toBeNull();
    expect(fake.calls.filter(({ name }) => name === 'makeVariant')).toHaveLength(1);
  });

  it('makes nothing again on undo and redo', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await makeAndMeasure('v1', 300);
    undoEdit(store);
    expect(store.getState().currentId).toBe(ORIGINAL);
    redoEdit(store);
    expect(store.getState().currentId).toBe('v1');
    expect(timers).toEqual([]);
  });

  it('says why a recipe could not be made, and keeps it', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await rest();
    await fake.last('makeVariant').fail({ code: 'out-of-memory', message: 'too large' });
    const state = store.getState();
    expect(state.failed?.error.code).toBe('out-of-memory');
    expect(precisionOf(recipeOf(state))).toBe('int8');
    expect(state.job).toBeNull();
    pipeline.resume();
    await settle();
    expect(store.getState().failed).toBeNull();
    expect(fake.calls.filter(({ name }) => name === 'makeVariant')).toHaveLength(2);
  });

  it('makes variants of a model that the runtime refuses, and says it once', async () => {
    void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
    await fake.last('open').succeed(modelSummary());
    await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    await fake.last('measure').fail({ code: 'runtime-refused', message: 'no such operator' });
    setPrecision('int8');
    await rest();
    const made = fake.last('makeVariant');
    await made.succeed(variantSummary('v1', made.recipe!, 300));
    await fake.last('measure').fail({ code: 'runtime-refused', message: 'no such operator' });
    const state = store.getState();
    expect(state.entries['v1']).toMatchObject({ bytes: 300, measurement: null });
    expect(state.entries['v1']?.failure?.code).toBe('runtime-refused');
    expect(state.notices).toHaveLength(1);
    expect(state.job).toBeNull();
  });
});

describe('cancel', () => {
  it('stops at once, keeps the recipe, and rests until asked', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await rest();
    pipeline.cancel();
    const state = store.getState();
    expect(state.job).toBeNull();
    expect(state.held).not.toBeNull();
    expect(precisionOf(recipeOf(state))).toBe('int8');
    expect(timers).toEqual([]);
    pipeline.resume();
    await settle();
    expect(store.getState().held).toBeNull();
    expect(fake.calls.filter(({ name }) => name === 'makeVariant')).toHaveLength(2);
  });

  it('of an opening leaves the model before', async () => {
    await openAndMeasure();
    void pipeline.open([{ path: 'big.onnx', file: new Blob() }]);
    pipeline.cancel();
    await settle();
    const state = store.getState();
    expect(state.model?.modelId).toBe('m1');
    expect(state.job).toBeNull();
    expect(state.notices).toEqual([]);
  });
});

describe('the skeleton of the simplified model', () => {
  it('is asked for once, even when it cannot be had', async () => {
    void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
    await fake.last('open').succeed(modelSummary());
    await fake.last('simplifiedSkeleton').fail({ code: 'unsupported', message: 'cannot be simplified' });
    await fake.last('measure').succeed(measureResult());
    setPrecision('int8');
    await makeAndMeasure('v1', 300);
    expect(fake.calls.filter(({ name }) => name === 'simplifiedSkeleton')).toHaveLength(1);
    expect(store.getState().notices).toEqual([]);
  });

  it('comes after the first figures for a large model', async () => {
    void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
    await fake.last('open').succeed(modelSummary({ bytes: PREPARE_FIRST_BYTES }));
    await fake.last('measure').succeed(measureResult());
    await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
    expect(store.getState().simplified?.bytes).toBe(990);
  });
});

describe('options and removal', () => {
  it('measures anew what was measured with other options', async () => {
    await openAndMeasure();
    const before = fake.calls.filter(({ name }) => name === 'measure').length;
    pipeline.setOptions({ threads: 2 });
    await rest();
    expect(fake.calls.filter(({ name }) => name === 'measure')).toHaveLength(before + 1);
  });

  it('hands the children of a removed variant to its parent', async () => {
    await openAndMeasure();
    setPrecision('int8');
    await makeAndMeasure('v1', 300);
    setPrecision('int4');
    await makeAndMeasure('v2', 150);
    pipeline.removeEntry('v2');
    expect(store.getState().entries['v2']).toBeDefined();
    pipeline.removeEntry('v1');
    const { entries } = store.getState();
    expect(entries['v1']).toBeUndefined();
    expect(entries['v2']?.parentId).toBe(ORIGINAL);
    expect(fake.calls.filter(({ name }) => name === 'dropVariant')).toHaveLength(1);
  });
});
