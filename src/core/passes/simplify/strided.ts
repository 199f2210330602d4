/**
 * Picking one index after reshapes and transposes is often a strided slice of where it all started: the channel
 * shuffle and split of ShuffleNet is "every second channel". Reshape → Transpose → Reshape → Gather becomes one Slice.
 *
 * A chain is read as a view (sizes, strides, offset) on the flat elements of its source. Two views of the same elements
 * in the same order have the same normal form: axes of size 1 dropped, axes that lie behind each other joined.
 * Source: Ma et al. 2018 (arXiv:1807.11164), section 3; strided arrays as in NumPy.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { isStatic, normalAxis, product } from '../../onnx/shapes/fact.ts';
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import { integerTensor } from '../../onnx/shapes/values.ts';
import { count, keepConstant, onnxOp, withChange, type Rewrite, type Work } from './work.ts';

/** Operator set from which Slice takes lists as inputs, with steps. */
const SLICE_STEPS_OPSET = 10;
const MAX_CHAIN = 16;

interface View {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

function contiguous(sizes: readonly number[]): View {
  const strides = sizes.map((_, i) => product(sizes.slice(i + 1)));
  return { sizes, strides, offset: 0 };
}

/** Axes of size 1 dropped, neighbours joined where the outer one steps over all of the inner one. */
function normalForm({ sizes, strides, offset }: View): View {
  const joined: { size: number; stride: number }[] = [];
  sizes.forEach((size, i) => {
    const stride = strides[i] ?? 0;
    const last = joined.at(-1);
    if (size === 1) return;
    if (last?.stride === stride * size) {
      last.size *= size;
      last.stride = stride;
    } else joined.push({ size, stride });
  });
  return { sizes: joined.map(({ size }) => size), strides: joined.map(({ stride }) => stride), offset };
}

/** The same elements under other sizes, where no copy is needed for that. */
function reshaped(view: View, sizes: readonly number[]): View | undefined {
  const from = normalForm(view);
  const strides: number[] = [];
  let axis = from.sizes.length - 1;
  let left = from.sizes[axis] ?? 1;
  let stride = from.strides[axis] ?? 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    const size = sizes[i] ?? 1;
    if (size !== 1 && left === 1) {
      axis--;
      left = from.sizes[axis] ?? 1;
      stride = from.strides[axis] ?? 1;
    }
    if (left % size !== 0) return undefined;
    strides.unshift(stride);
    left /= size;
    stride *= size;
  }
  return left === 1 && axis <= 0 ? { sizes, strides, offset: view.offset } : undefined;
}

/** One step of the chain; `sizes` is the shape of its result. */
function stepped(view: View, node: Node, sizes: readonly number[]): View | undefined {
  switch (onnxOp(node)) {
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return reshaped(view, sizes);
    case 'Transpose': {
      const perm = intsAttribute(node, 'perm') ?? view.sizes.map((_, i) => view.sizes.length - 1 - i);
      const pick = (list: readonly number[]): number[] => perm.map((axis: number) => list[axis] ?? 0);
      return { ...view, sizes: pick(view.sizes), strides: pick(view.strides) };
    }
    default:
      return undefined;
  }
}

/** x[index] along one axis. */
function picked(view: View, axis: number, index: number): View {
  const without = (list: readonly number[]): number[] => list.filter((_, i) => i !== axis);
  return {
    sizes: without(view.sizes),
    strides: without(view.strides),
    offset: view.offset + index * (view.strides[axis] ?? 0),
  };
}

interface Slicing {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function sameView(a: View, b: View): boolean {
  const equal = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((value, i) => value === y[i]);
  return a.offset === b.offset && equal(a.sizes, b.sizes) && equal(a.strides, b.strides);
}

/** The slice along one axis of `source` that has shape `sizes` and is this very view. */
function asSlice(source: readonly number[], view: View, sizes: readonly number[]): Slicing | undefined {
  const axis = source.findIndex((size, i) => size !== sizes[i]);
  if (axis < 0 || source.length !== sizes.length) return undefined;
  if (source.some((size, i) => i !== axis && size !== sizes[i])) return undefined;
  const whole = contiguous(source);
  const [unit, length] = [whole.strides[axis] ?? 1, sizes[axis] ?? 1];
  const start = view.offset / unit;
  const wanted = normalForm({ ...view, sizes: view.sizes });
  for (let step = 1; start + (length - 1) * step < (source[axis] ?? 0); step++) {
    const strides = whole.strides.map((stride, i) => (i === axis ? stride * step : stride));
    const slice = normalForm({ sizes, strides, offset: view.offset });
    if (Number.isInteger(start) && sameView(slice, wanted)) {
      return { axis, start, end: start + (length - 1) * step + 1, step };
    }
    if (length === 1) return undefined;
  }
  return undefined;
}

function shapeAt(value: string, graph: GraphEditor, work: Work): readonly number[] | undefined {
  const shape = work.fact(graph, value)?.shape;
  return isStatic(shape) && shape.every((size) => size > 0) ? shape : undefined;
}

/** Operators from the source of a relabelling chain to `value`, first one first. */
function chainTo(value: string, graph: GraphEditor): readonly Node[] {
  const chain: Node[] = [];
  for (let at = value; chain.length < MAX_CHAIN;) {
    const node = graph.producer(at);
    const op = onnxOp(node) ?? '';
    if (node === undefined || !['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose'].includes(op))
      break;
    chain.unshift(node);
    at = node.inputs[0] ?? '';
  }
  return chain;
}

const gatherIsSlice: Rewrite = (node, graph, work) => {
  const index = work.fact(graph, node.inputs[1] ?? '');
  const chosen = index?.values?.[0];
  if (work.opset < SLICE_STEPS_OPSET || index?.shape?.length !== 0 || typeof chosen !== 'number')
    return false;
  const chain = chainTo(node.inputs[0] ?? '', graph);
  const source = chain[0]?.inputs[0] ?? '';
  const [from, to] = [shapeAt(source, graph, work), shapeAt(node.outputs[0] ?? '', graph, work)];
  if (from === undefined || to === undefined) return false;
  let view: View | undefined = contiguous(from);
  for (const step of chain) {
    const sizes = shapeAt(step.outputs[0] ?? '', graph, work);
    view = view === undefined || sizes === undefined ? undefined : stepped(view, step, sizes);
  }
  const axis = view === undefined ? undefined : normalAxis(intAttribute(node, 'axis', 0), view.sizes.length);
  if (view === undefined || axis === undefined) return false;
  const at = chosen < 0 ? chosen + (view.sizes[axis] ?? 0) : chosen;
  const slicing = asSlice(from, picked(view, axis, at), to);
  if (slicing === undefined) return false;
  const list = (hint: string, value: number): string =>
    keepConstant(graph, hint, (name) => integerTensor(name, 'int64', [1], [value]));
  const lists = [list('start', slicing.start), list('end', slicing.end), list('axis', slicing.axis)];
  if (slicing.step !== 1) lists.push(list('step', slicing.step));
  graph.replaceNode(node, withChange(node, { opType: 'Slice', inputs: [source, ...lists], attributes: [] }));
  count(work, 'shuffles made slices');
  return true;
};

export const STRIDED_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = { Gather: [gatherIsSlice] };
