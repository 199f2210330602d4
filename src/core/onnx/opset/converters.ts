/**
 * What to do with a node when an operator's definition changes meaning or form. It must not know graphs as a whole:
 * a converter sees one node and gives the nodes that stand for it in the newer operator set, or the reason why not.
 * Source: onnx/docs/Changelog.md, the two definitions on either side of each version.
 */
import type { Attribute, Node, Tensor } from '../ir.ts';
import type { NodeInit } from '../draft.ts';
import type { Fact } from '../shapes/fact.ts';
import { attribute, floatAttribute, intAttribute, intsAttribute, textAttribute } from '../attributes.ts';
import { floatTensor, floatValues, integerTensor, isFloatType } from '../shapes/values.ts';

export interface ConvertContext {
  fact(value: string): Fact | undefined;
  constant(value: string): Tensor | undefined;
  /** True when some node or graph output reads the value. */
  isRead(value: string): boolean;
  /** Name of an initializer with this content. */
  keep(hint: string, make: (name: string) => Tensor): string;
  fresh(hint: string): string;
}

export interface Refusal {
  readonly refused: string;
}
export type Converter = (node: Node, context: ConvertContext) => readonly NodeInit[] | Refusal;

const refuse = (refused: string): Refusal => ({ refused });

const kept = (node: Node, ...without: string[]): Attribute[] =>
  node.attributes.filter((attr) => !without.includes(attr.name));

/** A changed copy of the node: `verbatim` must not be carried over. */
function changed(node: Node, change: Partial<Node>): NodeInit {
  const { verbatim: _, ...rest } = node;
  return { ...rest, ...change };
}

const textAttr = (name: string, value: string): Attribute => ({
  name,
  kind: 'string',
  value: new TextEncoder().encode(value),
});
const intAttr = (name: string, value: number): Attribute => ({
  name,
  kind: 'int',
  value: BigInt(value),
});

const longs = (
  context: ConvertContext,
  hint: string,
  values: readonly number[],
  dims = [values.length],
): string => context.keep(hint, (name) => integerTensor(name, 'int64', dims, values));

/** A list attribute becomes the next input. An absent or empty list stays absent. */
const listToInput =
  (name: string, emptyIsAbsent: boolean): Converter =>
  (node, context) => {
    const list = intsAttribute(node, name);
    const absent = list === undefined || (emptyIsAbsent && list.length === 0);
    const inputs = absent ? node.inputs : [...node.inputs, longs(context, name, list)];
    return [changed(node, { inputs, attributes: kept(node, name) })];
  };

const clip: Converter = (node, context) => {
  const type = context.fact(node.inputs[0] ?? '')?.type;
  const bound = (name: string): string => {
    if (attribute(node, name) === undefined || !isFloatType(type)) return '';
    const value = Float64Array.of(floatAttribute(node, name, 0));
    return context.keep(name, (fresh) => floatTensor(fresh, type, [], value));
  };
  if (kept(node, 'min', 'max').length < node.attributes.length && !isFloatType(type)) {
    return refuse('the element type of its input is not known');
  }
  const inputs = [node.inputs[0] ?? '', bound('min'), bound('max')];
  while (inputs.at(-1) === '') inputs.pop();
  return [changed(node, { inputs, attributes: kept(node, 'min', 'max') })];
};

const pad: Converter = (node, context) => {
  const type = context.fact(node.inputs[0] ?? '')?.type;
  const value = floatAttribute(node, 'value', 0);
  if (value !== 0 && !isFloatType(type)) return refuse('the element type of its input is not known');
  const inputs = [node.inputs[0] ?? '', longs(context, 'pads', intsAttribute(node, 'pads') ?? [])];
  if (value !== 0 && isFloatType(type)) {
    inputs.push(context.keep('value', (name) => floatTensor(name, type, [], Float64Array.of(value))));
  }
  return [changed(node, { inputs, attributes: kept(node, 'pads', 'value') })];
};

const slice: Converter = (node, context) => {
  const inputs = [node.inputs[0] ?? ''];
  for (const name of ['starts', 'ends', 'axes']) {
    const list = intsAttribute(node, name);
    if (list !== undefined) inputs.push(longs(context, name, list));
  }
  return inputs.length < 3
    ? refuse('it has no starts or ends')
    : [changed(node, { inputs, attributes: kept(node, 'starts', 'ends', 'axes') })];
};

const topK: Converter = (node, context) => [
  changed(node, {
    inputs: [node.inputs[0] ?? '', longs(context, 'k', [intAttribute(node, 'k', 1)])],
    attributes: kept(node, 'k'),
  }),
];

/** Inference never needs the ratio. The mask's element type changed from the input's to bool. */
const dropoutMask: Converter = (node, context) => {
  const mask = node.outputs[1] ?? '';
  if (mask !== '' && context.isRead(mask))
    return refuse('its mask output is used and changes its element type');
  return [changed(node, { outputs: node.outputs.slice(0, 1) })];
};
const dropoutRatio: Converter = (node) => [changed(node, { attributes: kept(node, 'ratio', 'seed') })];

/**
 * Before 13, Softmax & co. flattened to two dimensions at `axis` (default 1). That is the new definition when `axis`
 * is the last one; otherwise the flattening is written out.
 */
const softmax: Converter = (node, context) => {
  const x = node.inputs[0] ?? '';
  const rank = context.fact(x)?.shape?.length;
  const axis = intAttribute(node, 'axis', 1);
  if (rank !== undefined && (axis === rank - 1 || axis === -1)) {
    return [changed(node, { attributes: [intAttr('axis', -1)] })];
  }
  const [flat, soft, shape] = [
    context.fresh(`${x}_flat`),
    context.fresh(`${x}_soft`),
    context.fresh(`${x}_shape`),
  ];
  return [
    { opType: 'Shape', inputs: [x], outputs: [shape] },
    { opType: 'Flatten', inputs: [x], outputs: [flat], attributes: [intAttr('axis', axis)] },
    changed(node, { inputs: [flat], outputs: [soft], attributes: [intAttr('axis', -1)] }),
    { opType: 'Reshape', inputs: [soft, shape], outputs: node.outputs },
  ];
};

const batchNormOutputs: Converter = (node, context) =>
  node.outputs.slice(1).some((output) => output !== '' && context.isRead(output))
    ? refuse('it is in training mode')
    : [changed(node, { outputs: node.outputs.slice(0, 1) })];

const batchNormSpatial: Converter = (node) =>
  intAttribute(node, 'spatial', 1) === 1
    ? [changed(node, { attributes: kept(node, 'spatial') })]
    : refuse('it normalizes each element on its own (spatial = 0)');

/** is_test = 0 meant training. */
const inferenceOnly: Converter = (node) =>
  intAttribute(node, 'is_test', 0) === 1
    ? [changed(node, { attributes: kept(node, 'is_test') })]
    : refuse('it is in training mode (is_test = 0)');

const dropAttributes =
  (...names: string[]): Converter =>
  (node) => [changed(node, { attributes: kept(node, ...names) })];

/** Before 7 broadcasting was asked for by an attribute, with an alignment of its own. */
const oldBroadcast: Converter = (node) =>
  intAttribute(node, 'broadcast', 0) === 0
    ? [changed(node, { attributes: kept(node, 'broadcast', 'axis') })]
    : attribute(node, 'axis') === undefined
      ? [changed(node, { attributes: kept(node, 'broadcast') })]
      : refuse('it broadcasts along an axis of its own (broadcast = 1 with axis)');

const split: Converter = (node) =>
  (node.inputs[1] ?? '') !== ''
    ? [changed(node, {})]
    : [changed(node, { attributes: [...node.attributes, intAttr('num_outputs', node.outputs.length)] })];

const upsampleScales: Converter = (node, context) => {
  const scales = attribute(node, 'scales');
  if (scales?.kind !== 'floats') return refuse('it has no scales');
  const name = context.keep('scales', (fresh) =>
    floatTensor(fresh, 'float32', [scales.value.length], Float64Array.from(scales.value)),
  );
  return [changed(node, { inputs: [node.inputs[0] ?? '', name], attributes: kept(node, 'scales') })];
};

/**
 * Resize 10 took x / scale as the source coordinate and, for nearest, rounded it down when enlarging. What it did when
 * shrinking was left open, so that is refused.
 */
const resize11: Converter = (node, context) => {
  const scales = context.constant(node.inputs[1] ?? '');
  const values = scales === undefined ? undefined : floatValues(scales);
  if (values === undefined || values.some((scale) => scale < 1)) return refuse('it may shrink its input');
  const roi = context.keep('roi', (name) => floatTensor(name, 'float32', [0], new Float64Array(0)));
  const nearest = textAttribute(node, 'mode', 'nearest') === 'nearest';
  return [
    changed(node, {
      inputs: [node.inputs[0] ?? '', roi, node.inputs[1] ?? ''],
      attributes: [
        ...node.attributes,
        textAttr('coordinate_transformation_mode', 'asymmetric'),
        ...(nearest ? [textAttr('nearest_mode', 'floor')] : []),
      ],
    }),
  ];
};

const renameMode: Converter = (node) => {
  const mode = textAttribute(node, 'mode', 'bilinear');
  const renamed = { bilinear: 'linear', bicubic: 'cubic', nearest: 'nearest' }[mode];
  return renamed === undefined
    ? refuse(`it has the mode "${mode}"`)
    : [changed(node, { attributes: [...kept(node, 'mode'), textAttr('mode', renamed)] })];
};

const reshape: Converter = (node, context) => [
  changed(node, {
    inputs: [node.inputs[0] ?? '', longs(context, 'shape', intsAttribute(node, 'shape') ?? [])],
    attributes: kept(node, 'shape', 'consumed_inputs'),
  }),
];

const axisDefault =
  (value: number): Converter =>
  (node) =>
    attribute(node, 'axis') === undefined
      ? [changed(node, { attributes: [...node.attributes, intAttr('axis', value)] })]
      : [changed(node, {})];

const rename =
  (opType: string): Converter =>
  (node) => [changed(node, { opType })];

const refused =
  (why: string): Converter =>
  () =>
    refuse(why);

const table: Record<string, Converter> = {
  'Clip@11': clip,
  'Pad@2': (node) => [
    changed(node, {
      attributes: node.attributes.map((attr) =>
        attr.name === 'paddings' ? { ...attr, name: 'pads' } : attr,
      ),
    }),
  ],
  'Pad@11': pad,
  'Slice@10': slice,
  'TopK@10': topK,
  'Upsample@7': refused('its two scale attributes are from before operator set 7'),
  'Upsample@9': upsampleScales,
  'Upsample@10': rename('Resize'),
  'Resize@11': resize11,
  'Scatter@11': rename('ScatterElements'),
  'Dropout@7': inferenceOnly,
  'Dropout@10': dropoutMask,
  'Dropout@12': dropoutRatio,
  'BatchNormalization@7': inferenceOnly,
  'BatchNormalization@9': batchNormSpatial,
  'BatchNormalization@14': batchNormOutputs,
  'Softmax@13': softmax,
  'LogSoftmax@13': softmax,
  'Hardmax@13': softmax,
  'Squeeze@13': listToInput('axes', true),
  'Unsqueeze@13': listToInput('axes', false),
  'ReduceSum@13': listToInput('axes', true),
  'Split@13': listToInput('split', true),
  'Split@18': split,
  'Split@2': (node) =>
    node.inputs.length > 1 ? refuse('its split sizes are an input') : [changed(node, {})],
  'Reshape@5': reshape,
  'Concat@4': axisDefault(1),
  'Tile@6': refused('its tiles and axis are two inputs'),
  'Cast@6': refused('its type is given as text'),
  'Selu@6': refused('its default constants changed'),
  'Scan@9': refused('it batches on its own'),
  'GroupNormalization@21': refused('its scale and bias changed from groups to channels'),
  'GridSample@20': renameMode,
  'RoiAlign@16': (node) => [
    changed(node, {
      attributes: [...node.attributes, textAttr('coordinate_transformation_mode', 'output_half_pixel')],
    }),
  ],
  'DFT@20': (node, context) => [
    changed(node, {
      inputs: [
        node.inputs[0] ?? '',
        node.inputs[1] ?? '',
        context.keep('axis', (name) => integerTensor(name, 'int64', [], [intAttribute(node, 'axis', 1)])),
      ],
      attributes: kept(node, 'axis'),
    }),
  ],
  'Gemm@7': oldBroadcast,
};
for (const op of 'Add Sub Mul Div And Or Xor Equal Less Greater Pow'.split(' '))
  table[`${op}@7`] = oldBroadcast;
for (const op of 'GRU LSTM RNN'.split(' ')) table[`${op}@7`] = dropAttributes('output_sequence');
for (const op of 'L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare'.split(' ')) {
  table[`Reduce${op}@18`] = listToInput('axes', true);
}
const consumed =
  'Abs Add BatchNormalization Ceil Clip Div Dropout Elu Exp Floor HardSigmoid InstanceNormalization LeakyRelu Log Max Mean Min Mul Neg PRelu Reciprocal Relu Sigmoid Sqrt Sub Sum Tanh';
for (const op of consumed.split(' ')) table[`${op}@6`] = dropAttributes('consumed_inputs');

/** Key: operator@version of the definition that changed. What is not here only admits more. */
export const CONVERTERS: Readonly<Record<string, Converter>> = table;
