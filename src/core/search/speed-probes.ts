/**
 * Tiny models of what layers are made of, each with the amounts of work in it: timing them on a device and solving for
 * the costs gives a DeviceSpeed. It must not know clocks or runtimes.
 *
 * Work is repeated inside one run (parallel nodes whose outputs nobody fetches), so that the cost of a call is small
 * beside it. Integer layers stand between two others, as they do in real models, and see values as real ones do: the
 * kernels clamp each result with branches, so that results of which some are negative in no order, as in front of a Relu,
 * take up to twice as long as results that all fit. Feed values ≥ 0 in no order.
 */
import type { BytePart } from '../bytes/source.ts';
import {
  float,
  floatTensor,
  graph,
  int,
  int64Tensor,
  int8Tensor,
  ints,
  model,
  node,
  uint8Tensor,
  valueInfo,
} from '../onnx/build.ts';
import type { Node, Tensor } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import type { DataType } from '../tensor/dtype.ts';
import { seededRandom } from '../random.ts';
import { fitCosts } from './fit-speed.ts';
import type { DeviceSpeed } from './types.ts';

/** What a probe does in one run, in counts. */
export interface ProbeWork {
  readonly floatMacs?: number;
  readonly integerMacs?: number;
  readonly integerOutputs?: number;
  /** Results of integer convolutions of which about half are clamped at zero, by filter more or less. */
  readonly rectified?: number;
  readonly depthwiseFloats?: number;
  /** Rows of output planes of float depthwise convolutions. */
  readonly depthwiseRows?: number;
  readonly depthwiseIntegers?: number;
  readonly quantized?: number;
  readonly dequantized?: number;
  readonly transposed?: number;
  /** Weights of integer products, whatever the number of rows. */
  readonly integerWeights?: number;
  readonly elementwise?: number;
  /** Elements of sums in codes. */
  readonly joined?: number;
  /** Elements that a border probe makes for itself. */
  readonly filled?: number;
}
export type WorkName = keyof ProbeWork;

export interface SpeedProbe {
  readonly name: string;
  readonly parts: readonly BytePart[];
  readonly work: ProbeWork;
  /** Name, shape of the one float input. */
  readonly input: { readonly name: string; readonly dims: readonly number[] };
  readonly output: string;
}

const OPSET = 17;

interface Build {
  readonly nodes: Node[];
  readonly tensors: Tensor[];
}

/** Small whole numbers: in floats, and in products whose results all fit, what they are has no influence on the time. */
function pattern(count: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 37) % 17) * scale - 8 * scale);
}

function finish(
  name: string,
  build: Build,
  input: readonly number[],
  outputs: readonly string[],
  work: ProbeWork,
  types: Readonly<Record<string, DataType>> = {},
): SpeedProbe {
  const main = graph({
    name,
    nodes: build.nodes,
    initializers: build.tensors,
    inputs: [valueInfo('x', 'float32', input)],
    outputs: outputs.map((output) => valueInfo(output, types[output] ?? 'float32')),
  });
  const parts = writeModel(model(main, { opset: OPSET })).model;
  return { name, parts, work, input: { name: 'x', dims: input }, output: outputs[0] };
}

interface Convolution {
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly side: number;
  readonly depthwise?: boolean;
}

const CODE_SCALE = 0.05;

/** Convolutions behind each other. */
const COPIES = 2;

function weightsOf({ channels, filters, kernel, depthwise }: Convolution): number[] {
  return [filters, depthwise === true ? 1 : channels, kernel, kernel];
}

function convAttributes({ kernel, channels, depthwise }: Convolution) {
  const pad = (kernel - 1) / 2;
  return {
    kernel_shape: ints([kernel, kernel]),
    pads: ints([pad, pad, pad, pad]),
    group: int(depthwise === true ? channels : 1),
  };
}

/** x → Conv → Conv …: channels stay, so that they can follow each other. */
function floatConvolutions(name: string, shape: Convolution): SpeedProbe {
  const dims = weightsOf(shape);
  const count = dims.reduce((a, b) => a * b, 1);
  const build: Build = { nodes: [], tensors: [floatTensor('w', dims, pattern(count, 1e-3))] };
  let value = 'x';
  for (let i = 0; i < COPIES; i++) {
    build.nodes.push(node('Conv', [value, 'w'], [`y${i}`], { attrs: convAttributes(shape) }));
    value = `y${i}`;
  }
  const outputs = COPIES * shape.filters * shape.side ** 2;
  const macs = outputs * (count / shape.filters);
  return finish(name, build, inputDims(shape), [value], {
    ...(shape.depthwise === true
      ? {
          depthwiseFloats: (outputs * shape.kernel ** 2) / 9,
          depthwiseRows: (outputs / shape.side) * (shape.kernel ** 2 / 9),
        }
      : { floatMacs: macs }),
  });
}

function inputDims({ channels, side }: Convolution): number[] {
  return [1, channels, side, side];
}

/** Weights' codes are uniform in ±LARGEST_CODE. */
const LARGEST_CODE = 100;
/** Standard deviation of what a layer adds up to, for inputs in [0, 1] and what comes of them: about 0.9. */
const GAIN = 1.5;
/** Codes reach this far: more than three standard deviations, so that the upper end clamps next to nothing. */
const REACH = 3;

/**
 * x → Q → (DQ → Conv → Q) … → DQ: onnxruntime makes QLinearConv of each, in the order NHWC.
 * @param rectified the lowest code means 0, so that half of the results are clamped to it; else codes reach both ways.
 */
function integerConvolutions(name: string, shape: Convolution, rectified: boolean): SpeedProbe {
  const dims = weightsOf(shape);
  const count = dims.reduce((a, b) => a * b, 1);
  const { filters, channels, side } = shape;
  const random = seededRandom(count);
  const codes = Int8Array.from({ length: count }, () => Math.round((2 * random.next() - 1) * LARGEST_CODE));
  const deviation = LARGEST_CODE / Math.sqrt(3);
  const scales = new Float32Array(filters).fill(GAIN / deviation / Math.sqrt(count / filters));
  const build: Build = {
    nodes: [
      node('DequantizeLinear', ['w', 'ws', 'wz'], ['wf'], { attrs: { axis: int(0) } }),
      node('QuantizeLinear', ['x', 'xs', 'xz'], ['q']),
    ],
    tensors: [
      int8Tensor('w', dims, codes),
      floatTensor('ws', [filters], scales),
      int8Tensor('wz', [filters], new Int8Array(filters)),
      floatTensor('xs', [], [2 / 255]),
      uint8Tensor('xz', [], Uint8Array.of(128)),
      floatTensor('s', [], [(rectified ? REACH : 2 * REACH) / 255]),
      uint8Tensor('z', [], Uint8Array.of(rectified ? 0 : 128)),
    ],
  };
  let value = 'q';
  for (let i = 0; i < COPIES; i++) {
    build.nodes.push(
      node('DequantizeLinear', i === 0 ? [value, 'xs', 'xz'] : [value, 's', 'z'], [`f${i}`]),
      node('Conv', [`f${i}`, 'wf'], [`c${i}`], { attrs: convAttributes(shape) }),
      node('QuantizeLinear', [`c${i}`, 's', 'z'], [`q${i}`]),
    );
    value = `q${i}`;
  }
  build.nodes.push(node('DequantizeLinear', [value, 's', 'z'], ['y']));
  const area = side ** 2;
  const outputs = COPIES * filters * area;
  return finish(name, build, inputDims(shape), ['y'], {
    ...(shape.depthwise === true
      ? { depthwiseIntegers: (outputs * shape.kernel ** 2) / 9 }
      : { integerMacs: outputs * (count / filters), integerOutputs: outputs }),
    ...(rectified ? { rectified: outputs } : {}),
    quantized: channels * area,
    dequantized: filters * area,
    transposed: (channels + filters) * area,
  });
}

/** rows × columns by columns × filters, as classifiers at the end of a network are. */
function products(
  name: string,
  rows: number,
  columns: number,
  filters: number,
  integer: boolean,
): SpeedProbe {
  const count = columns * filters;
  const build: Build = integer
    ? {
        nodes: [
          node('DequantizeLinear', ['w', 'ws', 'wz'], ['wf'], { attrs: { axis: int(1) } }),
          node('QuantizeLinear', ['x', 's', 'z'], ['q']),
          node('DequantizeLinear', ['q', 's', 'z'], ['f']),
          node('MatMul', ['f', 'wf'], ['c']),
          node('QuantizeLinear', ['c', 's', 'z'], ['d']),
          node('DequantizeLinear', ['d', 's', 'z'], ['y']),
        ],
        tensors: [
          int8Tensor(
            'w',
            [columns, filters],
            Int8Array.from({ length: count }, (_, i) => ((i * 37) % 17) - 8),
          ),
          floatTensor('ws', [filters], new Float32Array(filters).fill(1e-3)),
          int8Tensor('wz', [filters], new Int8Array(filters)),
          floatTensor('s', [], [CODE_SCALE]),
          uint8Tensor('z', [], Uint8Array.of(128)),
        ],
      }
    : {
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
        tensors: [floatTensor('w', [columns, filters], pattern(count, 1e-3))],
      };
  const outputs = rows * filters;
  return finish(
    name,
    build,
    [rows, columns],
    ['y'],
    integer
      ? {
          integerMacs: outputs * columns,
          integerOutputs: outputs,
          integerWeights: count,
          quantized: rows * columns,
          dequantized: outputs,
        }
      : { floatMacs: outputs * columns },
  );
}

const BORDER_ELEMENTS = 2 ** 18;
const BORDER_COPIES = 6;

type BorderOp = 'QuantizeLinear' | 'DequantizeLinear' | 'Transpose' | 'LeakyRelu' | 'Add';

/** One operator many times over a value that is made inside: nobody fetches what it gives. */
function borders(name: string, opType: BorderOp, copies = BORDER_COPIES): SpeedProbe {
  const side = 64;
  const dims = [1, side, side, BORDER_ELEMENTS / side / side];
  const ofCodes = opType === 'DequantizeLinear' || opType === 'Transpose' || opType === 'Add';
  const build: Build = {
    nodes: [node('Expand', ['x', 'shape'], ['wide']), node('QuantizeLinear', ['wide', 's', 'z'], ['codes'])],
    tensors: [
      int64Tensor('shape', [dims.length], dims),
      floatTensor('s', [], [CODE_SCALE]),
      uint8Tensor('z', [], Uint8Array.of(128)),
    ],
  };
  build.nodes.push(node('Identity', ['x'], ['y']));
  const types: Record<string, DataType> = {};
  const outputs = ['y'];
  for (let i = 0; i < copies; i++) {
    const output = `t${i}`;
    build.nodes.push(...borderNodes(opType, ofCodes ? 'codes' : 'wide', output, i, build.tensors));
    types[output] = opType === 'DequantizeLinear' || opType === 'LeakyRelu' ? 'float32' : 'uint8';
    outputs.push(output);
  }
  const elements = BORDER_ELEMENTS * copies;
  return finish(name, build, [1], outputs, { [WORK_OF[opType]]: elements, filled: BORDER_ELEMENTS }, types);
}

const WORK_OF = {
  QuantizeLinear: 'quantized',
  DequantizeLinear: 'dequantized',
  Transpose: 'transposed',
  LeakyRelu: 'elementwise',
  Add: 'joined',
} as const satisfies Record<BorderOp, WorkName>;

/** Each copy differs a little, so that the runtime does not take two for one. */
function borderNodes(opType: BorderOp, from: string, to: string, i: number, tensors: Tensor[]): Node[] {
  switch (opType) {
    case 'Transpose':
      return [node(opType, [from], [to], { attrs: { perm: ints(TRANSPOSES[i % TRANSPOSES.length]) } })];
    case 'LeakyRelu':
      return [node(opType, [from], [to], { attrs: { alpha: float(0.1 + i / 100) } })];
    case 'Add':
      tensors.push(floatTensor(`s${i}`, [], [CODE_SCALE + (i + 1) / 1000]));
      return [
        node('DequantizeLinear', [from, 's', 'z'], [`a${i}`]),
        node('DequantizeLinear', [from, 's', 'z'], [`b${i}`]),
        node('Add', [`a${i}`, `b${i}`], [`c${i}`]),
        node('QuantizeLinear', [`c${i}`, `s${i}`, 'z'], [to]),
      ];
    default:
      tensors.push(floatTensor(`s${i}`, [], [CODE_SCALE + (i + 1) / 1000]));
      return [node(opType, [from, `s${i}`, 'z'], [to])];
  }
}

/** To NHWC and back. */
const TRANSPOSES = [
  [0, 2, 3, 1],
  [0, 3, 1, 2],
] as const;

function nameOf({ channels, kernel, depthwise }: Convolution): string {
  return `${depthwise === true ? 'depthwise ' : ''}${kernel}×${kernel} of ${channels}`;
}

/** About 10 ms for all of them on a laptop. */
export function speedProbes(): SpeedProbe[] {
  const shapes: readonly Convolution[] = [
    { channels: 64, filters: 64, kernel: 3, side: 20 },
    { channels: 512, filters: 512, kernel: 1, side: 8 },
    { channels: 128, filters: 128, kernel: 1, side: 20 },
    { channels: 32, filters: 32, kernel: 1, side: 40 },
    { channels: 64, filters: 64, kernel: 3, side: 28, depthwise: true },
    { channels: 256, filters: 256, kernel: 3, side: 6, depthwise: true },
  ];
  return [
    ...shapes.flatMap((shape) => {
      const name = nameOf(shape);
      return [floatConvolutions(`float ${name}`, shape), integerConvolutions(`integer ${name}`, shape, true)];
    }),
    // Tell what clamping takes from the rest.
    ...shapes.slice(2).map((shape) => integerConvolutions(`unclamped ${nameOf(shape)}`, shape, false)),
    products('float vector', 1, 512, 512, false),
    products('integer vector', 1, 512, 512, true),
    products('float product', 64, 256, 256, false),
    products('integer product', 64, 256, 256, true),
    borders('quantize', 'QuantizeLinear'),
    borders('dequantize', 'DequantizeLinear'),
    borders('transpose', 'Transpose'),
    borders('elementwise', 'LeakyRelu'),
    borders('join', 'Add'),
    // Tells what making the values takes from what is done to them.
    borders('elementwise once', 'LeakyRelu', 1),
  ];
}

/** @throws RangeError when a probe is missing from `nanos`. */
export function speedFrom(
  probes: readonly SpeedProbe[],
  nanos: readonly number[],
): Omit<DeviceSpeed, 'provider' | 'threads' | 'millis' | 'source'> {
  if (nanos.length !== probes.length) throw new RangeError('A time for each probe is needed.');
  const { costs, runNanos, error } = fitCosts(probes.map(({ work }, i) => ({ work, nanos: nanos[i] })));
  const rate = (name: WorkName): number => 1e9 / Math.max(costs[name] ?? 0, LEAST_NANOS);
  return {
    floatMacs: rate('floatMacs'),
    integerMacs: rate('integerMacs'),
    requantizeNanos: costs.integerOutputs ?? 0,
    rectifyNanos: costs.rectified ?? 0,
    depthwiseFloatNanos: costs.depthwiseFloats ?? 0,
    depthwiseFloatRowNanos: costs.depthwiseRows ?? 0,
    depthwiseIntegerNanos: costs.depthwiseIntegers ?? 0,
    quantizeNanos: costs.quantized ?? 0,
    dequantizeNanos: costs.dequantized ?? 0,
    transposeNanos: costs.transposed ?? 0,
    elementwiseNanos: costs.elementwise ?? 0,
    joinNanos: Math.max(0, (costs.joined ?? 0) - (costs.elementwise ?? 0)),
    integerWeightNanos: costs.integerWeights ?? 0,
    runNanos,
    fitError: error,
  };
}

/** No processor multiplies a thousand times a nanosecond in one thread. */
const LEAST_NANOS = 1e-3;
