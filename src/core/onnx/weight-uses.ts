/**
 * Follows a constant forward to the operators that compute with it: through views (Transpose, Reshape …), into nested
 * graphs and into local functions, keeping track of which axis is which. It must not know compression.
 */
import type { GraphEditor } from './draft.ts';
import { intAttribute, intsAttribute } from './attributes.ts';
import { functionPath } from './graph-names.ts';
import type { Node } from './ir.ts';
import { integerValues } from './shapes/values.ts';
import { readsQuantizedWeight, weightUse } from './weight-slots.ts';

export interface TracedUse {
  readonly graph: string;
  readonly node: Node;
  readonly input: number;
  readonly op: string;
  /** Output-channel axis of the constant itself. */
  readonly axis: number | undefined;
  /** Read as, or through, quantized values. */
  readonly quantized: boolean;
}

/** A constant as it looks after some views. */
interface View {
  readonly editor: GraphEditor;
  readonly value: string;
  /** Undefined once a view's shape is unknown. */
  readonly dims: readonly number[];
  /** For each axis of the view, the axis of the constant; undefined where they do not correspond. */
  readonly axes: readonly (number | undefined)[];
  readonly quantized: boolean;
}

/** Exporters put at most a Cast, a Reshape and a Transpose before a weight; more is a computation. */
const MAX_VIEWS = 4;

/** Every operator that reads `value` as a weight. Empty for a constant that is no weight. */
export function traceUses(
  editor: GraphEditor,
  value: string,
  dims: readonly number[],
  graphs: ReadonlyMap<string, GraphEditor>,
): TracedUse[] {
  const found: TracedUse[] = [];
  const start: View = { editor, value, dims, axes: dims.map((_, i) => i), quantized: false };
  let views: View[] = [start];
  for (let step = 0; step <= MAX_VIEWS && views.length > 0; step++) {
    const next: View[] = [];
    for (const view of views) {
      for (const use of view.editor.uses(view.value)) {
        const traced = computes(view, use.node, use.input, use.scope.path);
        if (traced !== undefined) {
          if (!found.some((f) => f.node === traced.node && f.input === traced.input)) found.push(traced);
        } else next.push(...throughNode({ ...view, editor: use.scope }, use.node, use.input, graphs));
      }
    }
    views = next;
  }
  return found;
}

function computes(view: View, node: Node, input: number, graph: string): TracedUse | undefined {
  if (readsQuantizedWeight(node, input)) {
    return { graph, node, input, op: node.opType, axis: undefined, quantized: true };
  }
  const use = weightUse(node, input, view.dims);
  if (use === undefined) return undefined;
  const axis = use.axis === undefined ? undefined : view.axes[use.axis];
  return { graph, node, input, op: use.op, axis, quantized: view.quantized };
}

function throughNode(
  view: View,
  node: Node,
  input: number,
  graphs: ReadonlyMap<string, GraphEditor>,
): View[] {
  const body = graphs.get(functionPath({ ...node, name: node.opType }));
  if (body !== undefined) {
    const inner = body.inputs[input]?.name;
    return inner === undefined ? [] : [{ ...view, editor: body, value: inner }];
  }
  if (node.domain !== '' && node.domain !== 'ai.onnx') return [];
  if (input !== 0 && node.opType !== 'Concat') return [];
  const shape = viewShape(view, node);
  return shape === undefined ? [] : node.outputs.map((value) => ({ ...view, ...shape, value }));
}

function viewShape(view: View, node: Node): Pick<View, 'dims' | 'axes' | 'quantized'> | undefined {
  const { dims, axes, quantized } = view;
  switch (node.opType) {
    // Parts of a weight keep its axes; gates of recurrent layers are cut apart and put together in another order.
    case 'Identity':
    case 'Cast':
    case 'Slice':
    case 'Split':
      return { dims, axes, quantized };
    case 'Concat':
      return node.inputs.every((name) => isConstant(view.editor, name, MAX_VIEWS))
        ? { dims, axes, quantized }
        : undefined;
    case 'DequantizeLinear':
    case 'QuantizeLinear':
      return { dims, axes, quantized: true };
    case 'Transpose': {
      const perm = intsAttribute(node, 'perm') ?? dims.map((_, i) => dims.length - 1 - i);
      if (perm.length !== dims.length || perm.some((p) => p < 0 || p >= dims.length)) return undefined;
      return { dims: perm.map((p) => dims[p]), axes: perm.map((p) => axes[p]), quantized };
    }
    case 'Reshape':
      return reshaped(view, constantInts(view, node, 1) ?? intsAttribute(node, 'shape'));
    case 'Flatten': {
      const axis = intAttribute(node, 'axis', 1);
      const rows = dims.slice(0, axis).reduce((a, b) => a * b, 1);
      return reshaped(view, [rows, -1]);
    }
    case 'Unsqueeze':
      return unsqueezed(view, constantInts(view, node, 1) ?? intsAttribute(node, 'axes'));
    case 'Squeeze':
      return squeezed(view, constantInts(view, node, 1) ?? intsAttribute(node, 'axes'));
    default:
      return undefined;
  }
}

/** Whether `value` is made of constants alone, by at most `depth` views. */
function isConstant(editor: GraphEditor, value: string, depth: number): boolean {
  if (editor.constant(value) !== undefined) return true;
  const node = editor.producer(value);
  if (node === undefined || depth === 0 || !REARRANGING.has(node.opType)) return false;
  return node.inputs.every((name) => name === '' || isConstant(editor, name, depth - 1));
}

const REARRANGING: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Slice',
  'Split',
  'Concat',
  'Transpose',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
]);

function constantInts(view: View, node: Node, input: number): number[] | undefined {
  const name = node.inputs[input];
  if (name === undefined || name === '') return undefined;
  const tensor = view.editor.constant(name);
  return tensor === undefined ? undefined : integerValues(tensor, 16)?.map(Number);
}

/** The leading and the trailing axes that keep their size keep their identity. */
function reshaped(view: View, target: readonly number[] | undefined): ReturnType<typeof viewShape> {
  if (target === undefined) return undefined;
  const total = view.dims.reduce((a, b) => a * b, 1);
  const copied = target.map((d, i) => (d === 0 ? (view.dims[i] ?? 0) : d));
  const known = copied.filter((d) => d > 0).reduce((a, b) => a * b, 1);
  const dims = copied.map((d) => (d === -1 ? total / known : d));
  if (dims.reduce((a, b) => a * b, 1) !== total) return undefined;
  const axes: (number | undefined)[] = dims.map(() => undefined);
  for (let i = 0; i < dims.length && dims[i] === view.dims[i]; i++) axes[i] = view.axes[i];
  const shift = view.dims.length - dims.length;
  for (let i = dims.length - 1; i >= 0 && dims[i] === view.dims[i + shift]; i--)
    axes[i] = view.axes[i + shift];
  return { dims, axes, quantized: view.quantized };
}

function unsqueezed(view: View, at: readonly number[] | undefined): ReturnType<typeof viewShape> {
  if (at === undefined) return undefined;
  const rank = view.dims.length + at.length;
  const fresh = new Set(at.map((a) => (a < 0 ? a + rank : a)));
  const dims: number[] = [];
  const axes: (number | undefined)[] = [];
  for (let i = 0, from = 0; i < rank; i++) {
    dims.push(fresh.has(i) ? 1 : view.dims[from]);
    axes.push(fresh.has(i) ? undefined : view.axes[from++]);
  }
  return { dims, axes, quantized: view.quantized };
}

function squeezed(view: View, at: readonly number[] | undefined): ReturnType<typeof viewShape> {
  const rank = view.dims.length;
  const gone = new Set(
    at?.map((a) => (a < 0 ? a + rank : a)) ?? view.dims.flatMap((d, i) => (d === 1 ? [i] : [])),
  );
  const kept = view.dims.map((_, i) => i).filter((i) => !gone.has(i));
  return {
    dims: kept.map((i) => view.dims[i]),
    axes: kept.map((i) => view.axes[i]),
    quantized: view.quantized,
  };
}
