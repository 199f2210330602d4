/** Each rule on a graph that keeps it and on one that breaks it by one detail. */
import { describe, expect, it } from 'vitest';
import { float, floatTensor, graph, int, model, node, rawTensor, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { targetOf } from '../registry.ts';
import { QdqGraph, quantizedConv } from '../testing/qdq-models.ts';
import { TARGET_IDS } from '../types.ts';
import type { TargetId } from '../types.ts';
import { checkTarget } from './check.ts';

const rulesOf = (broken: Model, id: TargetId): string[] =>
  checkTarget(broken, targetOf(id)).map(({ rule }) => rule);

/** What each target wants of the small convolution. */
const CONFORMING: Readonly<Partial<Record<TargetId, Model>>> = {
  'ort-wasm': quantizedConv({ activation: 'uint8', zeroPoint: 100 }),
  'ort-cpu-x86': quantizedConv({ activation: 'uint8', zeroPoint: 100 }),
  'ort-cpu-x86-vnni': quantizedConv({ activation: 'uint8', weights: [127, -128, 1, 1, 1, 1, 1, 1] }),
  'ort-cpu-arm': quantizedConv({ activation: 'int8', zeroPoint: -7 }),
  webnn: quantizedConv({ activation: 'int8', zeroPoint: -128 }),
  openvino: quantizedConv({ activation: 'uint8' }),
  tensorrt: quantizedConv({ activation: 'int8', bias: 'float' }),
  tflite: quantizedConv({ activation: 'int8', zeroPoint: 5 }),
  tvm: quantizedConv({ activation: 'int8', zeroPoint: 5 }),
};

describe('a file in the form of its target', () => {
  it.each(Object.entries(CONFORMING))('keeps every rule of %s', (id, kept) => {
    expect(checkTarget(kept, targetOf(id as TargetId))).toEqual([]);
  });

  it('is there for every target that takes quantized activations', () => {
    const taking = TARGET_IDS.filter((id) => targetOf(id).activations !== null);
    expect(Object.keys(CONFORMING).sort()).toEqual([...taking].sort());
  });
});

describe('what tables say', () => {
  it('activations have the wanted type', () => {
    expect(rulesOf(quantizedConv({ activation: 'uint8' }), 'tflite')).toEqual(['activation-type']);
    expect(rulesOf(quantizedConv({ activation: 'int8' }), 'ort-wasm')).toEqual(['activation-type']);
  });

  it('activations are symmetric where the target is', () => {
    const broken = quantizedConv({ zeroPoint: 3, bias: 'float' });
    const [breach, ...rest] = checkTarget(broken, targetOf('tensorrt'));
    expect(rest).toEqual([]);
    expect(breach.rule).toBe('activation-zero-point');
    expect(breach.what).toBe('2 quantizations of activations with a zero point.');
    expect(breach.where).toEqual(['x_q', 'conv_q']);
  });

  it('weights have zero point 0 and signed codes', () => {
    expect(rulesOf(quantizedConv({ weightZeroPoint: 1 }), 'tflite')).toEqual(['tflite-no-weight-zero-point']);
    const unsigned = quantizedConv({ weightType: 'uint8', weightZeroPoint: 128, bias: 'float' });
    expect(rulesOf(unsigned, 'tensorrt')).toEqual(['tensorrt-no-zero-point']);
    expect(rulesOf(quantizedConv({ activation: 'uint8', weightZeroPoint: 1 }), 'ort-wasm')).toEqual([]);
  });

  it('weights leave −128 out where the specification does', () => {
    const broken = quantizedConv({ weights: [-128, 1, 1, 1, 1, 1, 1, 1] });
    expect(rulesOf(broken, 'tflite')).toEqual(['weight-range']);
    expect(rulesOf(broken, 'ort-cpu-arm')).toEqual([]);
  });

  it('weights use seven bits where pairs of products are added in 16', () => {
    const broken = quantizedConv({ activation: 'uint8', weights: [64, 1, 1, 1, 1, 1, 1, 1] });
    expect(rulesOf(broken, 'ort-cpu-x86')).toEqual(['weight-reduced-range']);
    expect(rulesOf(broken, 'ort-cpu-x86-vnni')).toEqual([]);
  });

  it('scales lie along output channels', () => {
    const broken = quantizedConv({ weightAxis: 1, weightScales: [0.5, 0.25], bias: 'float' });
    expect(rulesOf(broken, 'tensorrt')).toEqual(['weight-axis']);
  });

  it('blocks fill a channel where the target wants it', () => {
    const make = (columns: number): Model => {
      const g = new QdqGraph();
      const rows = 2;
      const size = 4;
      const blocks = Math.ceil(columns / size);
      g.constant(rawTensor('w', 'int8', [rows, columns], new Uint8Array(rows * columns)));
      g.constant(floatTensor('s', [rows, blocks], new Float32Array(rows * blocks).fill(1)));
      g.add('DequantizeLinear', ['w', 's'], 'wf', { axis: int(1), block_size: int(size) });
      g.add('Gemm', [g.input('x', [1, columns]), 'wf'], 'y', { transB: int(1) });
      return g.output('y').finish(21);
    };
    expect(rulesOf(make(8), 'openvino')).toEqual([]);
    expect(rulesOf(make(6), 'openvino')).toEqual(['weight-even-blocks']);
    expect(rulesOf(make(6), 'ort-cpu-arm')).toEqual([]);
  });

  it('scales per channel need operator set 13', () => {
    const old = (scales?: readonly number[]): Model =>
      quantizedConv({
        activation: 'uint8',
        opset: 11,
        ...(scales === undefined ? {} : { weightScales: scales }),
      });
    expect(rulesOf(old(), 'ort-wasm')).toEqual(['per-axis-opset']);
    expect(rulesOf(old([0.5]), 'ort-wasm')).toEqual([]);
  });

  it('the operator set is one that the target reads', () => {
    expect(rulesOf(quantizedConv({ opset: 26, bias: 'float' }), 'tensorrt')).toEqual(['opset']);
    expect(rulesOf(quantizedConv({ opset: 25, bias: 'float' }), 'tensorrt')).toEqual([]);
    expect(rulesOf(quantizedConv({ activation: 'uint8', opset: 27 }), 'ort-wasm')).toEqual(['opset']);
  });

  it('WebGPU takes no quantized activations', () => {
    const [breach] = checkTarget(quantizedConv(), targetOf('ort-webgpu'));
    expect(breach).toMatchObject({ rule: 'webgpu-no-quantize', severity: 'error', where: ['x_q', 'conv_q'] });
  });
});

describe('operators', () => {
  const one = (opType: string, domain = ''): Model =>
    model(
      graph({
        nodes: [node(opType, ['x'], ['y'], { name: 'n', domain })],
        inputs: [valueInfo('x', 'float32', [1, 4])],
        outputs: [valueInfo('y', 'float32')],
      }),
      { domains: domain === '' ? {} : { [domain]: 1 } },
    );

  it('of com.microsoft are refused outside onnxruntime', () => {
    const broken = one('Gelu', 'com.microsoft');
    for (const id of ['openvino', 'tensorrt', 'tflite', 'tvm', 'webnn'] as const) {
      expect(rulesOf(broken, id)).toContain('contrib-operators');
    }
    for (const id of ['ort-wasm', 'ort-webgpu', 'ort-cpu-x86'] as const)
      expect(rulesOf(broken, id)).toEqual([]);
  });

  it('that the file defines itself are told from foreign ones', () => {
    const body = {
      name: 'twice',
      domain: 'local',
      overload: '',
      inputs: ['x'],
      outputs: ['y'],
      attributeNames: [],
      nodes: [node('Add', ['x', 'x'], ['y'])],
      opsets: [{ domain: '', version: 17 }],
      docString: '',
    };
    const calling = { ...one('twice', 'local'), functions: [body] };
    expect(rulesOf(calling, 'openvino')).toEqual(['local-functions']);
    expect(rulesOf(calling, 'tensorrt')).toEqual([]);
  });

  it('that find ranges at run time are refused by targets that have none', () => {
    for (const id of ['tensorrt', 'tflite', 'openvino'] as const) {
      expect(rulesOf(one('DynamicQuantizeLinear'), id)).toContain(
        targetOf(id).refusals['dynamic-activations']?.id,
      );
    }
    expect(rulesOf(one('DynamicQuantizeLinear'), 'ort-wasm')).toEqual([]);
  });

  it('without a kernel on the GPU are named', () => {
    expect(checkTarget(one('Round'), targetOf('ort-webgpu'))[0]).toMatchObject({
      rule: 'webgpu-cpu-operators',
      what: '1 operator without a WebGPU kernel: Round.',
    });
  });

  it('that TVM and WebNN do not know are named', () => {
    expect(rulesOf(one('STFT'), 'tvm')).toEqual(['tvm-operators']);
    expect(rulesOf(one('STFT'), 'webnn')).toEqual(['webnn-operators']);
    expect(rulesOf(one('Relu'), 'tvm')).toEqual([]);
  });

  it('a Slice whose bounds are attributes is refused for TVM', () => {
    const slice = one('Slice');
    const old = (version: number): Model => ({ ...slice, opsets: [{ domain: '', version }] });
    expect(rulesOf(old(9), 'tvm')).toEqual(['tvm-opset']);
    expect(rulesOf(old(10), 'tvm')).toEqual([]);
  });

  it('inside subgraphs are seen', () => {
    const inner = graph({ nodes: [node('Round', ['x'], ['r'])], outputs: [valueInfo('r', 'float32')] });
    const outer = one('If');
    const withBranch = {
      ...outer,
      graph: {
        ...outer.graph,
        nodes: [
          node('If', ['x'], ['y'], {
            attrs: {
              then_branch: { kind: 'graph', value: inner },
              else_branch: { kind: 'graph', value: inner },
            },
          }),
        ],
      },
    };
    expect(rulesOf(withBranch, 'ort-webgpu')).toEqual(['webgpu-cpu-operators']);
  });
});

describe('WebNN', () => {
  it('wants fixed sizes and names the free ones', () => {
    const [breach] = checkTarget(quantizedConv({ shape: ['batch', 2, 4, 4] }), targetOf('webnn'));
    expect(breach.rule).toBe('webnn-fixed-shapes');
    expect(breach.what).toBe('1 input has sizes that are not fixed (batch).');
  });
});

describe('TensorFlow Lite', () => {
  it('a bias is counted in input scale × weight scale', () => {
    expect(rulesOf(quantizedConv({ bias: 'wrong-scale' }), 'tflite')).toEqual(['tflite-bias']);
    expect(rulesOf(quantizedConv({ bias: 'float' }), 'tflite')).toEqual(['tflite-bias']);
  });

  it.each([
    ['Softmax', 1 / 256, -128],
    ['Sigmoid', 1 / 256, -128],
    ['Tanh', 1 / 128, 0],
    ['LogSoftmax', 16 / 256, 127],
  ])('%s has a fixed output range', (opType, scale, zero) => {
    const make = (s: number, z: number): Model => {
      const g = new QdqGraph();
      const x = g.pair(g.input('x', [1, 4]), 'int8', 0.1);
      g.add('Identity', [g.pair(g.add(opType, [x], 'op'), 'int8', s, z)], 'y');
      return g.output('y').finish();
    };
    expect(rulesOf(make(scale, zero), 'tflite')).toEqual([]);
    expect(rulesOf(make(scale * 1.01, zero), 'tflite')).toEqual(['tflite-fixed-outputs']);
    expect(rulesOf(make(scale, zero - 1), 'tflite')).toEqual(['tflite-fixed-outputs']);
  });

  it.each(['MaxPool', 'Transpose', 'Flatten'])('%s keeps scale and zero point', (opType) => {
    const make = (s: number): Model => {
      const g = new QdqGraph();
      const x = g.pair(g.input('x', [1, 1, 4, 4]), 'int8', 0.1, 3);
      g.add('Identity', [g.pair(g.add(opType, [x], 'op'), 'int8', s, 3)], 'y');
      return g.output('y').finish();
    };
    expect(rulesOf(make(0.1), 'tflite')).toEqual([]);
    expect(rulesOf(make(0.2), 'tflite')).toEqual(['tflite-same-parameters']);
  });

  it('all inputs of a concatenation count', () => {
    const g = new QdqGraph();
    const a = g.pair(g.input('a', [1, 4]), 'int8', 0.1);
    const b = g.pair(g.input('b', [1, 4]), 'int8', 0.3);
    g.add('Identity', [g.pair(g.add('Concat', [a, b], 'c'), 'int8', 0.1)], 'y');
    expect(rulesOf(g.output('y').finish(), 'tflite')).toEqual(['tflite-same-parameters']);
  });
});

describe('TensorRT', () => {
  it('a bias stays in floats', () => {
    expect(rulesOf(quantizedConv(), 'tensorrt')).toEqual(['tensorrt-float-bias']);
  });

  it('both sides of a residual addition are quantized', () => {
    const make = (both: boolean): Model => {
      const g = new QdqGraph();
      const a = g.input('a', [1, 4]);
      const b = g.pair(g.input('b', [1, 4]), 'int8', 0.1);
      g.add('Identity', [g.add('Add', [both ? g.pair(a, 'int8', 0.1) : a, b], 'sum')], 'y');
      return g.output('y').finish();
    };
    expect(rulesOf(make(true), 'tensorrt')).toEqual([]);
    expect(rulesOf(make(false), 'tensorrt')).toEqual(['tensorrt-residual']);
  });
});

describe('OpenVINO', () => {
  it('wants constant weights in recurrent layers of a file with quantized activations', () => {
    const make = (quantized: boolean): Model => {
      const g = new QdqGraph();
      const x = g.input('x', [1, 1, 2]);
      const fed = quantized ? g.pair(x, 'uint8', 0.1) : x;
      const w = g.codes('w', 'int8', [1, 4, 2], new Array<number>(8).fill(1), [0.5]);
      const r = g.codes('r', 'int8', [1, 4, 1], new Array<number>(4).fill(1), [0.5]);
      g.add('LSTM', [fed, w, r], 'y', { hidden_size: int(1) });
      return g.output('y').finish();
    };
    expect(rulesOf(make(false), 'openvino')).toEqual([]);
    expect(rulesOf(make(true), 'openvino')).toEqual(['openvino-constant-weights']);
  });
});

it('looks through a Relu and a Clip, but not through what changes values', () => {
  const through = quantizedConv({ then: 'Relu' });
  expect(rulesOf(through, 'tflite')).toEqual([]);
  expect(rulesOf(quantizedConv({ then: 'Tanh', zeroPoint: 0 }), 'tflite')).toEqual(['tflite-fixed-outputs']);
});

it('a scale that is computed is left alone, not guessed', () => {
  const g = new QdqGraph();
  const x = g.input('x', [1, 4]);
  const s = g.add('Abs', [g.constant(floatTensor('one', [], [1]))], 's');
  g.add('QuantizeLinear', [x, s], 'q');
  g.add('DequantizeLinear', ['q', s], 'dq');
  g.add('LeakyRelu', ['dq'], 'y', { alpha: float(0.1) });
  expect(rulesOf(g.output('y').finish(), 'tensorrt')).toEqual([]);
});
