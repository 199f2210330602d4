/** Small models that hold one of everything, to start fuzzing from where there is no corpus. Tests only. */
import { concatParts } from '../bytes/spans.ts';
import {
  constantNode,
  floatTensor,
  graph,
  graphValue,
  int,
  int64Tensor,
  ints,
  model,
  node,
  rawTensor,
  stringTensor,
  tensorValue,
  text,
  texts,
  valueInfo,
} from '../onnx/build.ts';
import type { Model, Tensor } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';

const x = valueInfo('x', 'float32', ['batch', 3]);
const y = valueInfo('y', 'float32', [null, 3]);

function chain(): Model {
  return model(
    graph({
      nodes: [
        node('Conv', ['x', 'w', 'b'], ['c'], {
          attrs: { kernel_shape: ints([3, 3]), group: int(1), auto_pad: text('VALID') },
        }),
        node('Relu', ['c'], ['r'], { name: 'relu' }),
        node('Add', ['r', 'k'], ['y']),
        constantNode(int64Tensor('k', [2], [1, -1])),
      ],
      initializers: [
        floatTensor(
          'w',
          [2, 1, 3, 3],
          Float32Array.from({ length: 18 }, (_, i) => i / 7),
        ),
        floatTensor('b', [2], [0.5, -0.5]),
        rawTensor('q', 'int4', [3], Uint8Array.of(0x8f, 0x07)),
        stringTensor('names', [2], ['ä', '']),
      ],
      inputs: [x],
      outputs: [y],
      valueInfos: [valueInfo('c', 'float32', ['batch', 2, -1])],
      docString: 'fuzz',
    }),
    { domains: { 'com.example': 1 } },
  );
}

function nested(): Model {
  const leaf = graph({
    name: 'leaf',
    nodes: [node('Neg', ['x'], ['n'])],
    outputs: [valueInfo('n', 'float32')],
  });
  const branch = graph({
    name: 'branch',
    nodes: [
      node('If', ['c'], ['m'], { attrs: { then_branch: graphValue(leaf), else_branch: graphValue(leaf) } }),
    ],
    outputs: [valueInfo('m', 'float32')],
  });
  const attrs = { then_branch: graphValue(branch), else_branch: graphValue(leaf) };
  return model(
    graph({
      nodes: [node('If', ['c'], ['y'], { attrs, name: 'if' }), node('F', ['y'], ['z'], { domain: 'own' })],
      inputs: [x, valueInfo('c', 'bool', [])],
      outputs: [y, valueInfo('z', 'float32')],
    }),
    {
      domains: { own: 1 },
      functions: [
        {
          name: 'F',
          domain: 'own',
          overload: '',
          inputs: ['a'],
          outputs: ['b'],
          attributeNames: ['alpha'],
          nodes: [
            {
              ...node('LeakyRelu', ['a'], ['b']),
              attributes: [{ name: 'alpha', kind: 'reference', value: 'alpha', type: 1 }],
            },
          ],
          opsets: [{ domain: '', version: 17 }],
          docString: '',
        },
      ],
    },
  );
}

function oddities(): Model {
  const external: Tensor = {
    ...rawTensor('far', 'float16', [4], new Uint8Array(0)),
    data: {
      kind: 'external',
      location: 'w.data',
      offset: 8,
      length: 8,
      entries: [
        { key: 'location', value: 'w.data' },
        { key: 'offset', value: '8' },
        { key: 'length', value: '8' },
      ],
    },
  };
  return model(
    graph({
      nodes: [
        node('Custom', ['s', '', 'seq'], ['y', ''], {
          domain: 'com.example',
          attrs: {
            strings: texts(['a', 'b']),
            floats: { kind: 'floats', value: [1, -0, Infinity] },
            tensor: tensorValue(rawTensor('', 'bfloat16', [], Uint8Array.of(0x80, 0x3f))),
            type: {
              kind: 'type',
              value: { kind: 'optional', inner: { kind: 'sequence', inner: { kind: 'tensor' } } },
            },
          },
        }),
      ],
      initializers: [external],
      sparseInitializers: [
        { values: floatTensor('s', [2], [1, 2]), indices: int64Tensor('', [2], [0, 5]), dims: [3, 3] },
      ],
      inputs: [
        {
          name: 'seq',
          docString: '',
          type: { kind: 'sequence', inner: { kind: 'tensor', elementType: 'int64' } },
        },
      ],
      outputs: [y],
    }),
    { irVersion: 10, opset: 21, domains: { 'com.example': 1 } },
  );
}

/** Serialized seed models. */
export function seedModels(): Uint8Array[] {
  return [chain(), nested(), oddities()].map((m) => concatParts(writeModel(m).model));
}
