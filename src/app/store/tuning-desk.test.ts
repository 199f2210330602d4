/** Calibration, sensitivity and automatic precision over a fake studio. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { DataConfig } from '../../core/dataset/types.ts';
import type { ComparedPart } from '../../core/metrics/tasks/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { DeviceSpeed, SensitivityReport, TuneResult } from '../../core/search/types.ts';
import type { MeasureResult } from '../../worker/api.ts';
import { createDataDesk } from './data-desk.ts';
import type { DataDesk } from './data-state.ts';
import { edit, undoEdit } from './edits.ts';
import { createPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { layerParam, recipeKey, withIntegers, withTarget } from './recipe-edit.ts';
import { ORIGINAL, createAppStore, recipeOf } from './state.ts';
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
import { AutoSearch } from './auto-search.ts';
import { createTuningDesk } from './tuning-desk.ts';
import type { TuningDesk } from './tuning-state.ts';

let store: AppStore;
let fake: FakeStudio;
let pipeline: Pipeline;
let desk: DataDesk;
let tuning: TuningDesk;
let timers: (() => void)[];

const calls = (name: string): number => fake.calls.filter((call) => call.name === name).length;
const info = (config: DataConfig | undefined) =>
  config === undefined
    ? { origin: 'synthetic', description: 'made-up inputs', count: 256, key: 'synthetic' }
    : {
        origin: 'samples',
        description: `${config.split.calibration} samples of ${config.name}`,
        count: config.split.calibration,
        key: `samples ${config.split.calibration} ${config.name}`,
      };
const speed = { provider: 'wasm', threads: 1, source: 'measured' } as DeviceSpeed;
const report = { metric: 'kl', samples: 64, origin: 'samples', layers: [], notMeasured: [] } as unknown;
const profile = { provider: 'wasm', threads: 1, nodes: [], layers: {}, events: [] };

async function rest(): Promise<void> {
  const due = timers;
  timers = [];
  for (const work of due) work();
  await settle();
}

/** The model is open, measured and counted. */
async function openModel(): Promise<void> {
  void pipeline.open([{ path: 'model.onnx', file: new Blob() }]);
  await fake.last('open').succeed(modelSummary());
  await fake.last('simplifiedSkeleton').succeed({ bytes: 990, layers: [] });
  await fake.last('measure').succeed(measureResult());
  await fake.last('costs').succeed({ macs: 1, layers: [], activationBytes: 0 });
  await fake.last('examine').succeed({ target: 'ort-wasm', findings: [], checked: [], notChecked: [] });
}

/** 100 labelled samples in use, the original evaluated. */
async function takeData(config: DataConfig = dataConfig(), heldBack = 0): Promise<void> {
  void desk.addData([{ path: 'photos/a.png', file: new Blob() }]);
  await settle();
  await fake.last('addData').succeed(dataSummary('d1', { samples: 100 }));
  await fake.last('proposeData').fail({ code: 'data-invalid', message: 'nothing fits' });
  void desk.acceptData(config);
  await settle();
  await fake.last('checkData').succeed({
    counts: { evaluation: 100, calibration: 0, 'hold-back': heldBack },
    problems: [],
  });
  await fake.last('previewData').succeed([]);
  await fake.last('evaluate').succeed(evaluation(0.8, {}));
}

async function calibrate(): Promise<void> {
  const call = fake.last('calibrate');
  await call.succeed(info(call.config));
}

/** Made, measured and evaluated. @param value accuracy, of 0.8 */
async function tryOut(id: string, bytes: number, value: number, over = {}): Promise<void> {
  const make = fake.last('makeVariant');
  await make.succeed(variantSummary(id, make.recipe!, bytes));
  await fake.last('measure').succeed(measureResult(over));
  await fake.last('evaluate').succeed(evaluation(value));
}

beforeEach(() => {
  store = createAppStore();
  fake = fakeStudio();
  timers = [];
  pipeline = createPipeline(store, fake.studio, (_millis, work) => {
    timers.push(work);
    return () => {
      timers = timers.filter((other) => other !== work);
    };
  });
  desk = createDataDesk(store, fake.studio, pipeline, {
    modelOpened: () => null,
    dataOpened: () => null,
    restore: () => Promise.resolve(),
    forget: () => Promise.resolve(),
  });
  tuning = createTuningDesk(store, fake.studio, pipeline, () =>
    Promise.resolve(new AutoSearch(store, fake.studio, pipeline)),
  );
});

describe('a recipe that looks at samples', () => {
  it('sets a part of the data aside once, evaluates on the rest, and looks what became of it', async () => {
    await openModel();
    await takeData();
    edit(store, (draft) => withIntegers(draft, true));
    await rest();
    await fake.last('benchmark').succeed(speed);
    // A fifth of 100, before anything is made.
    expect(store.getState().data?.config?.split.calibration).toBe(20);
    await fake.last('checkData').succeed({ counts: { evaluation: 80, calibration: 20 }, problems: [] });
    expect(store.getState().announcement).toContain('20 samples are set aside');
    expect(store.getState().announcement).toContain('the other 80');
    expect(fake.last('calibrate').config?.split.calibration).toBe(20);
    await calibrate();
    const make = fake.last('makeVariant');
    await make.succeed(variantSummary('v1', make.recipe!, 300));
    await fake.last('measure').succeed(measureResult());
    // The original first: it was evaluated on samples that are set aside now.
    expect(fake.last('evaluate').variantId).toBeNull();
    await fake.last('evaluate').succeed(evaluation());
    expect(fake.last('evaluate').variantId).toBe('v1');
    await fake.last('evaluate').succeed(evaluation());
    await fake.last('profile').succeed(profile);
    await fake.last('costs').succeed({ macs: 1 });
    expect(fake.last('examine').variantId).toBe('v1');
    await fake.last('examine').succeed({ target: 'ort-wasm', findings: [], checked: [], notChecked: [] });
    const { entries, currentId, doctor, job } = store.getState();
    expect(currentId).toBe('v1');
    expect(entries['v1']?.calibration?.origin).toBe('samples');
    expect(Object.keys(doctor)).toEqual([ORIGINAL, 'v1']);
    expect(job).toBeNull();
  });

  it('keeps a part that the user has set aside', async () => {
    await openModel();
    await takeData(dataConfig({ split: { seed: 1, calibration: 7, holdBack: 0 } }));
    edit(store, (draft) => withIntegers(draft, true));
    await rest();
    await fake.last('benchmark').fail({ code: 'not-measurable', message: 'no clock' });
    expect(fake.last('calibrate').config?.split.calibration).toBe(7);
  });

  it('takes made-up inputs where there are no data, and samples once there are some', async () => {
    await openModel();
    edit(store, (draft) => withIntegers(draft, true));
    await rest();
    await fake.last('benchmark').succeed(speed);
    expect(fake.last('calibrate').config).toBeUndefined();
    await calibrate();
    const make = fake.last('makeVariant');
    await make.succeed(variantSummary('made-up', make.recipe!, 300));
    await fake.last('measure').succeed(measureResult());
    await fake.last('profile').succeed(profile);
    expect(store.getState().entries['made-up']?.calibration?.origin).toBe('synthetic');

    void desk.addData([{ path: 'photos/a.png', file: new Blob() }]);
    await settle();
    await fake.last('addData').succeed(dataSummary('d1', { samples: 100 }));
    await fake.last('proposeData').fail({ code: 'data-invalid', message: 'nothing fits' });
    void desk.acceptData(dataConfig({ split: { seed: 1, calibration: 20, holdBack: 0 } }));
    await settle();
    await fake.last('checkData').succeed({ counts: { evaluation: 80, calibration: 20 }, problems: [] });
    await fake.last('previewData').succeed([]);
    await calibrate();
    expect(fake.last('makeVariant').recipe).toEqual(make.recipe);
    await fake.last('makeVariant').succeed(variantSummary('on-samples', make.recipe!, 300));
    expect(store.getState().currentId).toBe('on-samples');

    // Without the data the one that was made with them is better than made-up inputs.
    await fake.last('measure').succeed(measureResult());
    const before = calls('calibrate');
    desk.removeData();
    await settle();
    expect(store.getState().currentId).toBe('on-samples');
    expect(calls('calibrate')).toBe(before);
  });

  it('says why the samples could not be looked at, and makes nothing', async () => {
    await openModel();
    edit(store, (draft) => withIntegers(draft, true));
    await rest();
    await fake.last('benchmark').succeed(speed);
    await fake.last('calibrate').fail({ code: 'data-invalid', message: 'unreadable' });
    expect(store.getState().failed?.error.message).toBe('unreadable');
    expect(store.getState().calibrationError?.message).toBe('unreadable');
    expect(calls('makeVariant')).toBe(0);
  });
});

describe('sensitivity', () => {
  async function measured(): Promise<void> {
    void tuning.measureSensitivity();
    await settle();
    await calibrate();
    await fake.last('sensitivity').succeed(report);
  }

  it('is measured on the samples, for the target, and goes when the target changes', async () => {
    await openModel();
    await takeData(dataConfig({ split: { seed: 1, calibration: 20, holdBack: 0 } }));
    await measured();
    expect(fake.last('sensitivity').request).toMatchObject({
      target: 'ort-wasm',
      options: ['int8', 'int8-activations', 'int4'],
    });
    expect(store.getState().sensitivity).toBe(report);
    edit(store, (draft) => withTarget(draft, 'ort-webgpu'));
    expect(store.getState().sensitivity).toBeNull();
    undoEdit(store);
    expect(recipeOf(store.getState()).target).toBeUndefined();
  });

  it('goes when other data are used, and stays when they are taken out', async () => {
    await openModel();
    await takeData(dataConfig({ split: { seed: 1, calibration: 20, holdBack: 0 } }));
    await measured();
    desk.removeData();
    expect(store.getState().sensitivity).toBe(report);
    await takeData(dataConfig({ name: 'others', split: { seed: 1, calibration: 20, holdBack: 0 } }));
    expect(store.getState().sensitivity).toBeNull();
  });

  it('keeps what failed as a field, and what was stopped as nothing', async () => {
    await openModel();
    void tuning.measureSensitivity();
    await settle();
    await calibrate();
    await fake.last('sensitivity').fail({ code: 'runtime-refused', message: 'cannot run' });
    expect(store.getState().sensitivityError?.message).toBe('cannot run');
    void tuning.measureSensitivity();
    await settle();
    pipeline.cancel();
    await settle();
    expect(store.getState().sensitivity).toBeNull();
    expect(store.getState().job?.kind).not.toBe('sensitivity');
  });

  it('puts a fix into the recipe as one step for undo', async () => {
    await openModel();
    tuning.applyFix({
      label: 'Keep this layer in fp32',
      changes: [{ pass: 'quantize-weights', layer: 'conv', params: { precision: 'fp32' } }],
      predictedGain: 1,
      extraBytes: 10,
    });
    expect(layerParam(recipeOf(store.getState()), 'quantize-weights', 'conv', 'precision')).toBe('fp32');
    undoEdit(store);
    expect(recipeOf(store.getState()).steps).toEqual([]);
  });
});

describe('automatic precision', () => {
  const recipe = (precision: string): Recipe => ({
    format: 'pare-recipe',
    version: 1,
    seed: 1,
    steps: [{ pass: 'quantize-weights', params: { precision } }],
  });
  const candidate = (precision: string) => ({
    recipe: recipe(precision),
    choice: {},
    predicted: { bytes: 1, speedup: null, damage: 0 },
    kept: [],
  });
  const found = (...precisions: string[]): TuneResult => ({
    sensitivity: report as SensitivityReport,
    candidates: precisions.map(candidate),
    millis: 1,
  });

  async function search(result: TuneResult): Promise<void> {
    await openModel();
    await takeData(dataConfig({ split: { seed: 1, calibration: 20, holdBack: 0 } }));
    void tuning.tune();
    await settle();
    await calibrate();
    await fake.last('benchmark').succeed(speed);
    await fake.last('tune').succeed(result);
  }

  it('measures the candidates and takes the smallest that meets the goal', async () => {
    store.setState({ goal: { objective: 'smallest', maxLoss: 0.02, neverSlower: true } });
    await search(found('fp16', 'int8', 'palette256'));
    expect(fake.last('tune').request).toMatchObject({ speed, target: 'ort-wasm' });
    expect(store.getState().auto.state).toBe('trying');
    await tryOut('large', 500, 0.8);
    await tryOut('lossy', 100, 0.7);
    await tryOut('small', 260, 0.8);
    const { auto, currentId, sensitivity } = store.getState();
    expect(auto.state).toBe('done');
    expect(auto.trials.map(({ state }) => state)).toEqual(['passed-over', 'passed-over', 'taken']);
    expect(auto.trials[1].reason).toContain('misses the goal');
    expect(currentId).toBe('small');
    expect(recipeKey(recipeOf(store.getState()))).toBe(auto.trials[2].recipeKey);
    expect(sensitivity).toBe(report);
  });

  it('takes nothing that got worse, and leaves the recipe as it was', async () => {
    await search(found('fp16'));
    await tryOut('slow', 260, 0.8, {
      latency: { ...measureResult().latency, speedup: 0.8, speedupInterval: { low: 0.78, high: 0.82 } },
    });
    const { auto, currentId } = store.getState();
    expect(auto.state).toBe('none');
    expect(auto.trials[0].state).toBe('passed-over');
    expect(recipeOf(store.getState()).steps).toEqual([]);
    expect(currentId).toBe(ORIGINAL);
    // Without a goal the first one is taken, and shown.
    expect(store.getState().goal).toEqual({ objective: 'smallest', maxLoss: 0.005, neverSlower: true });
  });

  it('tries floats where integers may be slower and nothing else speaks against it', async () => {
    store.setState({ goal: { objective: 'smallest', neverSlower: true } });
    const steps = [
      ...recipe('int8').steps,
      { pass: 'quantize-activations', params: { mode: 'float' }, layers: { conv: { mode: 'static' } } },
    ];
    const mixed = { ...candidate('int8'), recipe: { ...recipe('int8'), steps } };
    await search({ ...found(), candidates: [mixed] });
    const make = fake.last('makeVariant');
    const step = {
      pass: 'quantize-activations',
      changed: [{ layer: 'conv' }],
      skipped: [],
      facts: {},
      millis: 1,
    };
    await make.succeed({ ...variantSummary('integers', make.recipe!, 250), steps: [step] });
    const around = { speedup: 1.02, speedupInterval: { low: 0.97, high: 1.07 } };
    const latency = { ...measureResult().latency, ...around };
    await fake.last('measure').succeed(measureResult({ latency } as Partial<MeasureResult>));
    await fake.last('evaluate').succeed(evaluation());
    expect(fake.last('makeVariant').recipe?.steps.map(({ pass }) => pass)).toEqual(['quantize-weights']);
    await tryOut('floats', 260, 0.8, { latency });
    const { auto, currentId } = store.getState();
    expect(auto.trials.map(({ state, floats }) => [state, floats])).toEqual([
      ['passed-over', false],
      ['taken', true],
    ]);
    expect(currentId).toBe('floats');
  });

  it('goes on with the others where one cannot be made', async () => {
    store.setState({ goal: { objective: 'smallest', neverSlower: true } });
    await search(found('fp16', 'int8'));
    await fake.last('makeVariant').fail({ code: 'internal', message: 'broken' });
    await tryOut('fine', 260, 0.8);
    const { auto } = store.getState();
    expect(auto.trials.map(({ state }) => state)).toEqual(['failed', 'taken']);
  });

  /** Halves of 100 samples with these differences to the original, each known to a point. */
  const inHalves = (choosing: number, confirming: number) => {
    const half = (difference: number): ComparedPart => {
      const { comparison, summary } = evaluation(0.8 + difference, { n: 100 });
      return { ...comparison!, sentence: `${(100 * difference).toFixed(1)} pt`, own: summary.interval };
    };
    const over = { halves: { choosing: half(choosing), confirming: half(confirming) } };
    return evaluation(0.8 + (choosing + confirming) / 2, over);
  };

  async function tryHalves(id: string, bytes: number, choosing: number, confirming: number): Promise<void> {
    const make = fake.last('makeVariant');
    await make.succeed(variantSummary(id, make.recipe!, bytes));
    await fake.last('measure').succeed(measureResult());
    await fake.last('evaluate').succeed(inHalves(choosing, confirming));
  }

  it('chooses on one half of the samples and says what the other half, which chose nothing, says', async () => {
    store.setState({ goal: { objective: 'smallest', maxLoss: 0.005, neverSlower: true } });
    await search(found('fp16', 'int8'));
    await tryHalves('lucky', 100, 0, -0.008);
    await tryHalves('fine', 260, 0, 0.001);
    const { auto } = store.getState();
    expect(auto.state).toBe('done');
    expect(auto.trials.map(({ state }) => state)).toEqual(['taken', 'passed-over']);
    expect(auto.said).toBe(
      '2 recipes were made and measured, the best was taken. Not confirmed, and not refuted: what it loses there is within what chance alone may do. On samples that chose nothing: -0.8 pt.',
    );
  });

  it('takes nothing that samples which chose nothing refute', async () => {
    store.setState({ goal: { objective: 'smallest', maxLoss: 0.02, neverSlower: true } });
    await search(found('fp16', 'int8'));
    await tryHalves('lucky', 100, 0, -0.05);
    await tryHalves('fine', 260, 0, 0.001);
    const { auto, currentId } = store.getState();
    expect(auto.state).toBe('none');
    expect(auto.trials.map(({ state }) => state)).toEqual(['passed-over', 'passed-over']);
    expect(auto.trials[0].reason).toBe(
      'Refuted, so it is not taken. On samples that chose nothing: -5.0 pt.',
    );
    expect(currentId).toBe(ORIGINAL);
  });

  it('confirms on samples that are held back, where there are enough', async () => {
    store.setState({ goal: { objective: 'smallest', maxLoss: 0.02, neverSlower: true } });
    await openModel();
    await takeData(dataConfig({ split: { seed: 1, calibration: 20, holdBack: 0.5 } }), 100);
    void tuning.tune();
    await settle();
    await calibrate();
    await fake.last('benchmark').succeed(speed);
    await fake.last('tune').succeed(found('fp16'));
    await tryHalves('v', 100, -0.05, 0.05);
    const confirming = fake.last('evaluate');
    expect(confirming.part).toBe('hold-back');
    await confirming.succeed(evaluation(0.795, { sentence: '-0.5 pt' }));
    expect(store.getState().auto).toMatchObject({
      state: 'done',
      said: 'One recipe was made and measured, the best was taken. Confirmed. On samples that chose nothing: -0.5 pt.',
    });
  });

  it('says how much a choice on too few samples flatters', async () => {
    store.setState({ goal: { objective: 'smallest', maxLoss: 0.02, neverSlower: true } });
    await search(found('fp16', 'int8'));
    await tryOut('one', 300, 0.8);
    await tryOut('two', 260, 0.8);
    // A point is 1.96 deviations; of none and two 0.681 deviations are expected.
    expect(store.getState().auto.said).toContain(
      'Chosen among 2 recipes on the same samples that its accuracy is of: on average it looks better by that than it is, by up to about 0.35 pt.',
    );
  });

  it('stops when it is cancelled, with nothing taken', async () => {
    await search(found('fp16', 'int8'));
    pipeline.cancel();
    await settle();
    expect(store.getState().auto.state).toBe('off');
    expect(recipeOf(store.getState()).steps).toEqual([]);
  });
});
