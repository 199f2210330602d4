/** Small models with weights in every place where files keep them, and the context to run passes on them. Tests only. */
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { createReferenceKernels } from '../../kernels/reference-backend.ts';
import { MemorySource } from '../bytes/spans.ts';
import {
  constantNode,
  floatTensor,
  graph,
  graphValue,
  halfTensor,
  int,
  int8Tensor,
  model,
  node,
  valueInfo,
} from '../onnx/build.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Model, Node, Tensor } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { reencodeModel } from '../onnx/write.ts';
import { concatParts } from '../bytes/spans.ts';
import type { ApplyContext } from '../passes/manager.ts';
import { floatToHalf } from '../tensor/float16.ts';

/** As if it came from a file. */
export function reread(made: Model): Model {
  return readModel(new MemorySource(concatParts(reencodeModel(made))));
}

/** Repeatable weights without structure, about normal, standard deviation 0.05. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => 0.1 * (next() + next() + next() - 1.5));
}

export function weight(name: string, dims: readonly number[], seed = 1): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  return floatTensor(name, dims, noise(count, seed));
}

export function halfWeight(name: string, dims: readonly number[], seed = 1): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  return halfTensor(name, dims, Uint16Array.from(noise(count, seed), floatToHalf));
}

export interface OneWeight {
  readonly tensor: Tensor;
  /** The operator that reads the weight `w`. */
  readonly consumer: Node;
  readonly opset?: number;
  readonly irVersion?: number;
  readonly place?: 'initializer' | 'constant';
}

/** One operator reading one weight, and the weight itself as output `seen`. */
export function oneWeight({
  tensor,
  consumer,
  opset = 17,
  irVersion = 8,
  place = 'initializer',
}: OneWeight): Model {
  const listed = irVersion < 4;
  return reread(
    model(
      graph({
        nodes: [
          ...(place === 'constant' ? [constantNode(tensor)] : []),
          consumer,
          node('Identity', ['w'], ['seen']),
        ],
        initializers: place === 'initializer' ? [tensor] : [],
        inputs: [
          ...consumer.inputs
            .filter((name) => name !== 'w')
            .map((name) => valueInfo(name, consumer.opType === 'Gather' ? 'int64' : 'float32')),
          ...(listed && place === 'initializer' ? [valueInfo('w', tensor.dataType, tensor.dims)] : []),
        ],
        outputs: [valueInfo('y', 'float32'), valueInfo('seen', tensor.dataType, tensor.dims)],
      }),
      { opset, irVersion },
    ),
  );
}

export const reads = {
  conv: (attrs = {}) => node('Conv', ['x', 'w'], ['y'], { attrs, name: 'conv' }),
  matMul: () => node('MatMul', ['x', 'w'], ['y'], { name: 'matmul' }),
  convTranspose: () => node('ConvTranspose', ['x', 'w'], ['y'], { name: 'up' }),
  lstm: () => node('LSTM', ['x', 'w', 'r'], ['y'], { attrs: { hidden_size: int(8) } }),
  gather: () => node('Gather', ['w', 'x'], ['y'], { name: 'embedding' }),
};

/** Weights in the main graph, in both branches of an If, in a Constant node, tied, frozen, too small. */
export function mixedModel(): Model {
  const branch = (name: string, seed: number, place: 'initializer' | 'constant') => {
    const tensor = weight(`${name}_w`, [16, 24], seed);
    return graph({
      name,
      nodes: [
        ...(place === 'constant' ? [constantNode(tensor)] : []),
        node('MatMul', ['h', `${name}_w`], [`${name}_y`], { name: `${name}_matmul` }),
      ],
      initializers: place === 'initializer' ? [tensor] : [],
      outputs: [valueInfo(`${name}_y`, 'float32')],
    });
  };
  return reread(
    model(
      graph({
        nodes: [
          node('Conv', ['x', 'c1'], ['a'], { name: 'conv1' }),
          node('Conv', ['a', 'dw'], ['b'], { name: 'depthwise', attrs: { group: int(16) } }),
          constantNode(weight('c2', [16, 16, 1, 1], 3)),
          node('Conv', ['b', 'c2'], ['c'], { name: 'conv2' }),
          node('GlobalAveragePool', ['c'], ['p']),
          node('Flatten', ['p'], ['h']),
          node('If', ['cond'], ['z'], {
            name: 'choice',
            attrs: {
              then_branch: graphValue(branch('yes', 4, 'initializer')),
              else_branch: graphValue(branch('no', 5, 'constant')),
            },
          }),
          node('Gemm', ['z', 'fc', 'bias'], ['y'], { name: 'fc', attrs: { transB: int(1) } }),
          node('MatMul', ['y', 'tiny'], ['t']),
        ],
        initializers: [
          weight('c1', [16, 3, 3, 3], 1),
          weight('dw', [16, 1, 3, 3], 2),
          weight('fc', [10, 24], 6),
          weight('bias', [10], 7),
          weight('tiny', [10, 2], 8),
        ],
        inputs: [valueInfo('x', 'float32', [1, 3, 12, 12]), valueInfo('cond', 'bool', [])],
        outputs: [valueInfo('y', 'float32', [1, 10]), valueInfo('t', 'float32', [1, 2])],
      }),
      { opset: 13 },
    ),
  );
}

/** A weight inside a local function, behind a call. */
export function functionModel(): Model {
  const body = {
    name: 'Linear',
    domain: 'lib',
    overload: '',
    inputs: ['v'],
    outputs: ['u'],
    attributeNames: [],
    nodes: [constantNode(weight('fw', [16, 32], 9)), node('MatMul', ['v', 'fw'], ['u'], { name: 'inside' })],
    opsets: [{ domain: '', version: 17 }],
    docString: '',
  };
  return reread(
    model(
      graph({
        nodes: [node('Linear', ['x'], ['h'], { domain: 'lib' }), node('MatMul', ['h', 'w'], ['y'])],
        initializers: [weight('w', [32, 8], 10)],
        inputs: [valueInfo('x', 'float32', [1, 16])],
        outputs: [valueInfo('y', 'float32', [1, 8])],
      }),
      { functions: [body], domains: { lib: 1 } },
    ),
  );
}

/** Weights that were quantized before. */
export function quantizedModel(): Model {
  const codes = Int8Array.from({ length: 128 }, (_, i) => i - 64);
  return reread(
    model(
      graph({
        nodes: [
          node('DequantizeLinear', ['q', 's'], ['w']),
          node('MatMul', ['x', 'w'], ['y'], { name: 'matmul' }),
        ],
        initializers: [int8Tensor('q', [8, 16], codes), floatTensor('s', [], [0.01])],
        inputs: [valueInfo('x', 'float32', [1, 8])],
        outputs: [valueInfo('y', 'float32', [1, 16])],
      }),
    ),
  );
}

let runner: GraphRunner | undefined;

/** Reference kernels, onnxruntime-web in Node, no waiting. */
export function testContext(more: Partial<ApplyContext> = {}): ApplyContext {
  runner ??= createNodeRunner();
  let time = 0;
  return {
    kernels: createReferenceKernels(),
    runner,
    checkpoint: () => Promise.resolve(),
    now: () => time++,
    ...more,
  };
}
