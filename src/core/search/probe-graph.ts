/**
 * A model whose weights are fed instead of stored, so that one loaded session runs any weights; on request with
 * switches that round the activations around a layer to 8 bits. It must not know what is measured with it.
 *
 * A switch is an `If` on a number that is fed: onnxruntime runs only the branch that is taken, so that the other layers
 * cost a copy and nothing else.
 */
import type { BytePart } from '../bytes/source.ts';
import {
  floatTensor,
  graph,
  graphValue,
  int64Tensor,
  isOp,
  node,
  opsetOf,
  uint8Tensor,
  valueInfo,
} from '../onnx/build.ts';
import { openDraft } from '../onnx/draft.ts';
import type { GraphEditor } from '../onnx/draft.ts';
import type { Model, Node, Tensor, ValueInfo } from '../onnx/ir.ts';
import { raiseOpset } from '../onnx/opset.ts';
import { listWeights } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { writeModel } from '../onnx/write.ts';

/** value = (code − zeroPoint) · scale, codes 0..255. */
export interface ActivationGrid {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Where the activations of one layer are rounded; null = they stay floats there. */
export interface LayerActivations {
  readonly input: ActivationGrid | null;
  readonly output: ActivationGrid | null;
}

/** The values around a layer that would be rounded: what its operator reads, and what follows it and its clipping. */
export interface LayerValues {
  readonly input: string;
  readonly output: string;
}

export interface ProbeGraph {
  readonly parts: readonly BytePart[];
  /** Layers whose weights are fed, with the input's name. */
  readonly weights: ReadonlyMap<string, { readonly name: string; readonly layer: WeightLayer }>;
  /** Number that `switchName` is fed to round around a layer; 0 = nowhere. */
  readonly switches: ReadonlyMap<string, number>;
  /** Absent where there are no switches. */
  readonly switchName: string | undefined;
  readonly leftOut: readonly { readonly layer: string; readonly reason: string }[];
}

/** Operators whose activations integer kernels take. */
const ROUNDED_OPS: ReadonlySet<string> = new Set(['Conv', 'MatMul', 'Gemm']);
/** onnxruntime puts them into the integer operator before them. */
const ABSORBED: ReadonlySet<string> = new Set(['Relu', 'Clip']);
/** QuantizeLinear and DequantizeLinear of scalars; 13 is the first set that all of Pare's QDQ models have. */
const SWITCH_OPSET = 13;

/** Values around each layer that integer kernels could run; the others are missing. */
export function layerValues(model: Model): ReadonlyMap<string, LayerValues> {
  const draft = openDraft(model);
  const found = new Map<string, LayerValues>();
  for (const layer of listWeights(model, draft)) {
    const values = valuesOf(layer, draft.main);
    if (values !== undefined) found.set(layer.id, values);
  }
  return found;
}

/** @param activations layers that get a switch; their values are those of `layerValues`. */
export function makeProbe(
  model: Model,
  activations: ReadonlyMap<string, LayerActivations> = new Map(),
): ProbeGraph {
  const raised = activations.size === 0 ? model : raisedModel(model);
  const leftOut: { layer: string; reason: string }[] = [];
  const draft = openDraft(raised);
  const fed: WeightLayer[] = [];
  for (const layer of listWeights(raised, draft)) {
    const reason = unfeedable(layer);
    if (reason === undefined) fed.push(layer);
    else leftOut.push({ layer: layer.id, reason });
  }
  const switchName = activations.size === 0 ? undefined : draft.main.freshName('pare_switch');
  const switches =
    switchName === undefined
      ? new Map<string, number>()
      : addSwitches(draft.main, fed, activations, switchName);
  const edited = draft.finish();
  const names = new Set(fed.map(({ value }) => value));
  const listed = new Set(edited.graph.inputs.map(({ name }) => name));
  const inputs: ValueInfo[] = [
    ...edited.graph.inputs,
    ...fed
      .filter(({ value }) => !listed.has(value))
      .map(({ value, tensor }) => valueInfo(value, tensor.dataType, tensor.dims)),
    ...(switchName === undefined ? [] : [valueInfo(switchName, 'int64', [])]),
  ];
  const { verbatim: _model, ...rest } = edited;
  const { verbatim: _graph, ...main } = edited.graph;
  const bare: Model = {
    ...rest,
    graph: {
      ...main,
      inputs,
      initializers: main.initializers.filter(({ name }) => !names.has(name)),
      nodes: main.nodes.filter((n) => !(isOp(n, 'Constant') && names.has(n.outputs[0]))),
    },
  };
  return {
    parts: writeModel(bare, { externalize: 'never' }).model,
    weights: new Map(fed.map((layer) => [layer.id, { name: layer.value, layer }])),
    switches,
    switchName,
    leftOut,
  };
}

function raisedModel(model: Model): Model {
  if (opsetOf(model) >= SWITCH_OPSET) return model;
  const draft = openDraft(model);
  return raiseOpset(draft, SWITCH_OPSET).ok ? draft.finish() : model;
}

function unfeedable(layer: WeightLayer): string | undefined {
  if (layer.frozen !== undefined) return layer.frozen;
  if (layer.graph !== '') return 'it stands in an inner graph, where it cannot be fed';
  if (layer.tensor.dataType !== 'float32' && layer.tensor.dataType !== 'float16')
    return `${layer.tensor.dataType} weights are not fed`;
  return undefined;
}

function valuesOf(layer: WeightLayer, main: GraphEditor): LayerValues | undefined {
  if (layer.graph !== '' || layer.consumers.length !== 1) return undefined;
  const [{ node: reader, graph: at }] = layer.consumers;
  if (at !== '' || !ROUNDED_OPS.has(reader.opType) || (reader.domain !== '' && reader.domain !== 'ai.onnx'))
    return undefined;
  const input = reader.inputs.find((name) => name !== '' && name !== layer.value && isActivation(name, main));
  if (input === undefined) return undefined;
  return { input, output: settled(reader.outputs[0], main) };
}

function isActivation(name: string, main: GraphEditor): boolean {
  return main.constant(name) === undefined;
}

/** The value behind a Relu or Clip that is the only reader. */
function settled(value: string, main: GraphEditor): string {
  const uses = main.uses(value);
  if (uses.length !== 1 || main.isGraphOutput(value)) return value;
  const [{ node: reader, scope, input }] = uses;
  return scope === main && input === 0 && ABSORBED.has(reader.opType) ? reader.outputs[0] : value;
}

function addSwitches(
  main: GraphEditor,
  layers: readonly WeightLayer[],
  activations: ReadonlyMap<string, LayerActivations>,
  switchName: string,
): Map<string, number> {
  const switches = new Map<string, number>();
  // Before the first edit: a switch changes who reads what.
  const places = new Map(layers.map((layer) => [layer.id, valuesOf(layer, main)]));
  for (const layer of layers) {
    const around = activations.get(layer.id);
    const values = places.get(layer.id);
    if (around === undefined || values === undefined) continue;
    const number = switches.size + 1;
    const chosen = main.freshName('pare_chosen');
    const wanted = main.freshName('pare_number');
    main.setInitializer(int64Tensor(wanted, [], [number]));
    const [reader] = layer.consumers.map((consumer) => main.current(consumer.node) ?? consumer.node);
    main.addNode(node('Equal', [switchName, wanted], [chosen]));
    if (around.input !== null) switchInput(main, reader, values.input, chosen, around.input);
    if (around.output !== null) switchOutput(main, values.output, chosen, around.output);
    switches.set(layer.id, number);
  }
  main.sort();
  return switches;
}

/** Only what this layer reads is rounded; other readers of the value get it as it was. */
function switchInput(
  main: GraphEditor,
  reader: Node,
  value: string,
  chosen: string,
  grid: ActivationGrid,
): void {
  const rounded = main.freshName(`${value}_rounded`);
  main.addNode(switchNode(main, value, rounded, chosen, grid));
  main.replaceNode(reader, {
    ...reader,
    inputs: reader.inputs.map((name) => (name === value ? rounded : name)),
  });
}

function switchOutput(main: GraphEditor, value: string, chosen: string, grid: ActivationGrid): void {
  const producer = main.producer(value);
  if (producer === undefined) return;
  const plain = main.freshName(`${value}_plain`);
  main.replaceNode(producer, {
    ...producer,
    outputs: producer.outputs.map((name) => (name === value ? plain : name)),
  });
  main.addNode(switchNode(main, plain, value, chosen, grid));
}

function switchNode(
  main: GraphEditor,
  from: string,
  to: string,
  chosen: string,
  { scale, zeroPoint }: ActivationGrid,
): Node {
  const name = (hint: string): string => main.freshName(`${from}_${hint}`);
  const [scaleName, zeroName, codes, back, same] = ['scale', 'zero', 'codes', 'back', 'same'].map(name);
  const constants: Tensor[] = [
    floatTensor(scaleName, [], [scale]),
    uint8Tensor(zeroName, [], Uint8Array.of(zeroPoint)),
  ];
  for (const tensor of constants) main.setInitializer(tensor);
  const rounds = graph({
    name: 'rounds',
    nodes: [
      node('QuantizeLinear', [from, scaleName, zeroName], [codes]),
      node('DequantizeLinear', [codes, scaleName, zeroName], [back]),
    ],
    outputs: [valueInfo(back, 'float32')],
  });
  const keeps = graph({
    name: 'keeps',
    nodes: [node('Identity', [from], [same])],
    outputs: [valueInfo(same, 'float32')],
  });
  return node('If', [chosen], [to], {
    attrs: { then_branch: graphValue(rounds), else_branch: graphValue(keeps) },
  });
}
