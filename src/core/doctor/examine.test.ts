/** Each hazard on a graph that has it and on one that has not; numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import type { Calibration, Statistics, ValueRange } from '../calibration/types.ts';
import { PareError } from '../errors.ts';
import { floatTensor, graph, int, model, node, rawTensor, valueInfo } from '../onnx/build.ts';
import type { Model } from '../onnx/ir.ts';
import type { ProfileResult } from '../profile/types.ts';
import { applyRecipe } from '../passes/manager.ts';
import { testContext, weight } from '../testing/weight-models.ts';
import { targetOf } from '../targets/registry.ts';
import { QdqGraph, quantizedConv } from '../targets/testing/qdq-models.ts';
import type { TargetId } from '../targets/types.ts';
import { examine } from './examine.ts';
import type { Examination } from './examine.ts';
import { worstFirst } from './examine.ts';
import type { DoctorReport, Finding, HazardId } from './types.ts';

const breathe = async (): Promise<void> => {};

function look(
  written: Model,
  target: TargetId,
  more: Partial<Omit<Examination, 'target'>> = {},
): Promise<DoctorReport> {
  return examine(
    {
      original: undefined,
      logical: undefined,
      calibration: undefined,
      written,
      ...more,
      target: targetOf(target),
    },
    breathe,
  );
}

const hazards = ({ findings }: DoctorReport): HazardId[] => findings.map(({ hazard }) => hazard);

/** Answers with these ranges; nothing is run. */
function knowing(
  ranges: Readonly<Record<string, ValueRange>>,
  origin: 'samples' | 'synthetic' = 'samples',
): Calibration {
  return {
    samples: {
      key: origin,
      origin,
      description: origin === 'samples' ? '4 samples' : 'made-up inputs',
      count: 4,
      batches: 0,
      batch: () => Promise.reject(new Error('nothing is run')),
    },
    statistics: (_, request): Promise<Statistics> =>
      Promise.resolve({
        ranges: new Map(Object.entries(ranges).filter(([name]) => request.ranges?.includes(name))),
        histograms: new Map(),
        channels: new Map(),
        missing: new Map(),
        samples: 4,
        channelSamples: 0,
      }),
    grams: () => Promise.resolve(),
  };
}

describe('saturation', () => {
  // Neighbours of each of the 4 outputs: (1, −2), (3, −4), (60, 70), (127, 2). With 255: 130 · 255 = 33,150 and
  // 129 · 255 = 32,895 leave 16 bits (32,767).
  const risky = quantizedConv({ activation: 'uint8', weights: [1, -2, 3, -4, 60, 70, 127, 2] });

  it('counts the pairs that leave 16 bits', async () => {
    const report = await look(risky, 'ort-cpu-x86');
    const [found] = report.findings;
    expect(found).toMatchObject({ hazard: 'saturation', severity: 'error', source: 'counted', where: ['w'] });
    expect(found.what).toContain('2 of 4 pairs of weights (50 %)');
    expect(hazards(report)).toEqual(['saturation']);
  });

  it('is silent where sums have 32 bits', async () => {
    for (const id of ['ort-wasm', 'ort-cpu-x86-vnni'] as const) {
      expect(hazards(await look(risky, id))).not.toContain('saturation');
    }
  });

  it('counts with the activations that were seen', async () => {
    const original = model(
      graph({
        nodes: [node('Conv', ['x', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 2, 4, 4])],
        outputs: risky.graph.outputs,
      }),
    );
    // Scale 0.1, zero point 0: 25.2 is code 252, and 252 · 130 = 32,760 fits.
    const calibration = knowing({ x: { min: 0, max: 25.2 } });
    expect(hazards(await look(risky, 'ort-cpu-x86', { original, calibration }))).toEqual([]);
    // 25.3 is code 253, and 253 · 130 = 32,890 does not; 253 · 129 = 32,637 does.
    const more = knowing({ x: { min: 0, max: 25.3 } });
    const [found] = (await look(risky, 'ort-cpu-x86', { original, calibration: more })).findings;
    expect(found.source).toBe('measured');
    expect(found.what).toContain('1 of 4 pairs');
  });

  it('takes neighbours along the channels of a convolution and along K of a matrix', async () => {
    const matrix = (dims: readonly number[], values: readonly number[], transB: number): Model => {
      const g = new QdqGraph();
      const x = g.pair(g.input('x', [1, 2]), 'uint8', 0.1);
      const w = g.codes('w', 'int8', dims, values, [0.5]);
      g.add('Identity', [g.pair(g.add('Gemm', [x, w], 'y0', { transB: int(transB) }), 'uint8', 1)], 'y');
      return g.output('y').finish();
    };
    // K = 2, two outputs. Columns (100, 100) and (1, 1): one pair of two.
    const plain = await look(matrix([2, 2], [100, 1, 100, 1], 0), 'ort-cpu-x86');
    expect(plain.findings[0].what).toContain('1 of 2 pairs');
    // The same numbers as rows: (100, 1) and (100, 1) fit.
    expect(hazards(await look(matrix([2, 2], [100, 1, 100, 1], 1), 'ort-cpu-x86'))).toEqual([]);
  });

  it('is a note for OpenVINO, which runs on other machines too', async () => {
    expect((await look(risky, 'openvino')).findings[0]).toMatchObject({
      hazard: 'saturation',
      severity: 'note',
    });
  });
});

describe('16-bit floats', () => {
  const stored = (codes: readonly number[]): Model =>
    model(
      graph({
        nodes: [node('Cast', ['w'], ['wf'], { attrs: { to: int(1) } }), node('MatMul', ['x', 'wf'], ['y'])],
        initializers: [rawTensor('w', 'float16', [2, 2], new Uint8Array(Uint16Array.from(codes).buffer))],
        inputs: [valueInfo('x', 'float32', [1, 2])],
        outputs: [valueInfo('y', 'float32')],
      }),
    );
  const floats = (values: readonly number[]): Model =>
    model(
      graph({
        nodes: [node('MatMul', ['x', 'w'], ['y'], { name: 'm' })],
        initializers: [floatTensor('w', [2, 2], values)],
        inputs: [valueInfo('x', 'float32', [1, 2])],
        outputs: [valueInfo('y', 'float32')],
      }),
    );

  it('counts weights that do not fit', async () => {
    // 65,519 rounds to 65,504, 65,520 to infinity; 2⁻²⁵ rounds to 0 (ties to even), 3·10⁻⁸ is above it.
    const original = floats([65_519, 65_520, 2 ** -25, 3.1e-8]);
    const report = await look(stored([0, 0, 0, 0]), 'ort-wasm', { original });
    expect(hazards(report)).toEqual(['fp16-overflow', 'fp16-flush']);
    expect(report.findings[0].what).toContain('1 weight is beyond');
    expect(report.findings[1].what).toContain('1 weight below');
  });

  it('says that it cannot know without the original', async () => {
    const report = await look(stored([0, 0, 0, 0]), 'ort-wasm');
    expect(report.notChecked.map(({ what }) => what)).toContain('What 1 weight lost in 16-bit floats');
  });

  const computing = model(
    graph({
      nodes: [
        node('Cast', ['x'], ['xh'], { attrs: { to: int(10) } }),
        node('Mul', ['xh', 'xh'], ['sq']),
        node('Cast', ['sq'], ['y'], { attrs: { to: int(1) } }),
      ],
      inputs: [valueInfo('x', 'float32', [1, 2])],
      outputs: [valueInfo('y', 'float32')],
    }),
  );
  const original = model(
    graph({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 2])],
      outputs: [valueInfo('y', 'float32')],
    }),
  );

  it.each([
    [70_000, 'fp16-overflow', 'error'],
    [40_000, 'fp16-overflow', 'warning'],
    [1e-5, 'fp16-flush', 'warning'],
  ] as const)('an activation that reaches %d is found', async (max, hazard, severity) => {
    const calibration = knowing({ y: { min: 0, max } });
    const [found] = (await look(computing, 'ort-webgpu', { original, calibration })).findings;
    expect(found).toMatchObject({ hazard, severity, where: ['y'], source: 'measured' });
  });

  it('a value that stays in 32 bits may be large', async () => {
    // x · x is computed in floats, only its logarithm in halves.
    const careful = model(
      graph({
        nodes: [
          node('Mul', ['x', 'x'], ['big']),
          node('Log', ['big'], ['log']),
          node('Cast', ['log'], ['lh'], { attrs: { to: int(10) } }),
          node('Neg', ['lh'], ['nh']),
          node('Cast', ['nh'], ['y'], { attrs: { to: int(1) } }),
        ],
        inputs: [valueInfo('x', 'float32', [1, 2])],
        outputs: [valueInfo('y', 'float32')],
      }),
    );
    const plain = model(
      graph({
        nodes: [node('Mul', ['x', 'x'], ['big']), node('Log', ['big'], ['log']), node('Neg', ['log'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 2])],
        outputs: [valueInfo('y', 'float32')],
      }),
    );
    const calibration = knowing({
      big: { min: 0, max: 1e6 },
      log: { min: -2, max: 14 },
      y: { min: -14, max: 2 },
    });
    expect(hazards(await look(careful, 'ort-webgpu', { original: plain, calibration }))).toEqual([]);
  });

  it('ordinary activations are not', async () => {
    const calibration = knowing({ y: { min: -3, max: 8 } });
    expect(hazards(await look(computing, 'ort-webgpu', { original, calibration }))).toEqual([]);
  });

  it('a model that does not run is examined all the same', async () => {
    const refusing: Calibration = {
      ...knowing({}),
      statistics: () => Promise.reject(new PareError('runtime-refused', 'It did not run.')),
    };
    const report = await look(computing, 'ort-webgpu', { original, calibration: refusing });
    expect(report.notChecked).toContainEqual({
      what: 'Whether activations fit 16-bit floats',
      reason: 'It did not run.',
    });
  });

  it('without samples the question stays open', async () => {
    const report = await look(computing, 'ort-webgpu', { original });
    expect(report.notChecked).toContainEqual({
      what: 'Whether activations fit 16-bit floats',
      reason: 'No samples were given to see it on.',
    });
  });
});

describe('integer layers', () => {
  it('operators in floats between them are named', async () => {
    const g = new QdqGraph();
    const x = g.pair(g.input('x', [1, 4]), 'uint8', 0.1);
    const swish = g.add('HardSwish', [x], 'swish');
    g.add('Identity', [g.pair(swish, 'uint8', 0.1)], 'y');
    const report = await look(g.output('y').finish(), 'ort-wasm');
    expect(report.findings[0]).toMatchObject({ hazard: 'no-integer-kernel', where: ['swish'] });
    expect(report.findings[0].what).toContain('HardSwish');
  });

  it('a Relu behind a convolution is none of them', async () => {
    expect(hazards(await look(quantizedConv({ activation: 'uint8', then: 'Relu' }), 'ort-wasm'))).toEqual([]);
  });

  it('that ran in floats are found in a profile', async () => {
    const profile = (op: string): ProfileResult => ({
      source: 'measured',
      provider: 'wasm',
      threads: 1,
      runs: 1,
      runMicros: 1,
      nodesMicros: 1,
      nodes: [
        { node: 'conv', op, provider: 'CPUExecutionProvider', micros: 1, share: 1, layerId: 'w' },
        { node: 'y', op: 'Identity', provider: 'CPUExecutionProvider', micros: 1, share: 1, layerId: null },
      ],
      layers: {},
      events: [],
      dimensions: {},
    });
    const written = quantizedConv({ activation: 'uint8' });
    const stayed = await look(written, 'ort-wasm', { profile: profile('FusedConv') });
    expect(stayed.findings[0]).toMatchObject({
      hazard: 'stayed-float',
      what: '1 layer of 1 was quantized but ran in floats.',
      where: ['w'],
      source: 'measured',
    });
    expect(hazards(await look(written, 'ort-wasm', { profile: profile('QLinearConv') }))).toEqual([]);
    const unnamed = await look(written, 'ort-wasm', { profile: { ...profile('QLinearConv'), nodes: [] } });
    expect(unnamed.notChecked.map(({ what }) => what)).toContain(
      'Whether 1 layer of 1 ran in integer kernels',
    );
  });

  it('that nobody has profiled are not called sound', async () => {
    const report = await look(quantizedConv({ activation: 'uint8' }), 'ort-wasm');
    expect(report.notChecked.map(({ reason }) => reason)).toContain('The variant was not profiled yet.');
  });
});

describe('weights that several operators share', () => {
  const tensor = weight('shared', [64, 64]);
  const net = model(
    graph({
      nodes: [node('MatMul', ['x', 'shared'], ['a']), node('MatMul', ['a', 'shared'], ['y'])],
      initializers: [tensor],
      inputs: [valueInfo('x', 'float32', [1, 64])],
      outputs: [valueInfo('y', 'float32', [1, 64])],
    }),
  );

  it('are a note once they are compressed, and nothing before', async () => {
    const steps = [{ pass: 'quantize-weights', params: { precision: 'int8' } }];
    const { model: written, logical } = await applyRecipe(net, { seed: 1, steps }, testContext());
    const report = await look(written, 'ort-wasm', { original: net, logical });
    expect(report.findings).toMatchObject([
      { hazard: 'tied-weights', severity: 'note', where: ['shared'], source: 'counted' },
    ]);
    expect(report.findings[0].what).toContain('1 compressed weight is read by more than one operator');
    expect(hazards(await look(net, 'ort-wasm', { original: net, logical: net }))).toEqual([]);
  });
});

describe('what calibration stands on', () => {
  it('made-up inputs are a warning', async () => {
    const written = quantizedConv({ activation: 'uint8' });
    const made = { origin: 'synthetic', description: '4 made-up inputs' } as const;
    const [found] = (await look(written, 'ort-wasm', { calibratedOn: made })).findings;
    expect(found.hazard).toBe('made-up-inputs');
    expect(found.what).toContain('4 made-up inputs');
    const real = { origin: 'samples', description: '4 samples' } as const;
    expect(hazards(await look(written, 'ort-wasm', { calibratedOn: real }))).toEqual([]);
  });

  it('free sizes beside the number of samples are one too', async () => {
    const free = quantizedConv({ activation: 'uint8', shape: ['n', 2, 'height', 4] });
    const [found] = (await look(free, 'ort-wasm')).findings;
    expect(found).toMatchObject({ hazard: 'dynamic-shape', where: ['x'] });
    expect(found.what).toContain('x [n, 2, height, 4]');
    expect(
      hazards(await look(quantizedConv({ activation: 'uint8', shape: ['n', 2, 4, 4] }), 'ort-wasm')),
    ).toEqual([]);
  });
});

describe('rules of the target', () => {
  it('become errors, with the layer that people know', async () => {
    const report = await look(quantizedConv({ bias: 'wrong-scale' }), 'tflite');
    expect(report.findings[0]).toMatchObject({ hazard: 'rule-broken', severity: 'error', source: 'counted' });
    expect(hazards(await look(quantizedConv({ activation: 'uint8', opset: 11 }), 'ort-wasm'))).toEqual([
      'per-channel-opset',
    ]);
    expect(hazards(await look(quantizedConv({ opset: 26, bias: 'float' }), 'tensorrt'))).toEqual([
      'opset-refused',
    ]);
    expect(hazards(await look(quantizedConv(), 'ort-webgpu'))).toEqual(['operator-refused']);
  });

  it('are said to be checked', async () => {
    const { checked } = await look(quantizedConv(), 'tflite');
    expect(checked[0]).toContain('TensorFlow Lite');
  });
});

it('every finding is whole sentences, the worst first', async () => {
  const { findings } = await look(
    quantizedConv({ activation: 'uint8', opset: 27, shape: [1, 2, 'h', 4] }),
    'tensorrt',
  );
  expect(findings.length).toBeGreaterThan(3);
  for (const { what, why, fix } of findings) {
    for (const text of [what, why, fix]) expect(text).toMatch(/^[A-Z0-9].*[.]$/s);
  }
  const order = findings.map(({ severity }) => ['error', 'warning', 'note'].indexOf(severity));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

it('shows a few places and counts the rest', async () => {
  const nodes = Array.from({ length: 11 }, (_, i) => node('Round', ['x'], [`r${i}`], { name: `n${i}` }));
  const written = model(
    graph({ nodes, inputs: [valueInfo('x', 'float32', [1])], outputs: [valueInfo('r0', 'float32')] }),
  );
  const [found] = (await look(written, 'ort-webgpu')).findings;
  expect(found.where).toHaveLength(8);
  expect(found.more).toBe(3);
});

it('keeps the order of equals', () => {
  const of = (severity: Finding['severity'], what: string): Finding => ({
    hazard: 'parity',
    severity,
    what,
    where: [],
    more: 0,
    why: '',
    fix: '',
    source: 'counted',
  });
  const sorted = worstFirst([of('note', 'a'), of('error', 'b'), of('note', 'c'), of('error', 'd')]);
  expect(sorted.map(({ what }) => what).join('')).toBe('bdac');
});

it('stops when it is cancelled', async () => {
  const stop = new Error('cancelled');
  await expect(
    examine(
      {
        original: undefined,
        logical: undefined,
        calibration: undefined,
        written: quantizedConv(),
        target: targetOf(),
      },
      () => Promise.reject(stop),
    ),
  ).rejects.toBe(stop);
});
