/**
 * The shape rule of Slice: lists from attributes or inputs, bounds that clamp as numpy's do, contents of small integer
 * tensors.
 * Source: ONNX operator specification (Operators.md), Slice.
 */
import type { Dimension } from '../ir.ts';
import { fact, normalAxis } from './fact.ts';
import {
  listOf,
  literalsOf,
  shapeOf,
  typeOf,
  unknownRank,
  valuesOf,
  type NodeView,
  type ShapeRule,
} from './node-view.ts';

/** Size of one sliced axis. Bounds clamp as numpy's do. */
function slicedSize(dim: Dimension, start: Dimension, end: Dimension, step: number): Dimension {
  const bounds = sliceBounds(dim, start, end, step);
  if (bounds !== undefined) return Math.max(0, Math.ceil((bounds[1] - bounds[0]) / step));
  if (step !== 1 || typeof dim === 'number') return null;
  const whole = typeof end === 'number' && end >= 2 ** 31 - 1;
  if (start === 0 && (whole || (dim !== null && end === dim))) return dim;
  return null;
}

/** First index and the one after the last, as numpy clamps them; undefined when something is symbolic. */
function sliceBounds(
  dim: Dimension,
  start: Dimension,
  end: Dimension,
  step: number,
): readonly [number, number] | undefined {
  if (typeof dim !== 'number' || typeof start !== 'number' || typeof end !== 'number' || step === 0)
    return undefined;
  const shift = (value: number): number => (value < 0 ? value + dim : value);
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  return step > 0
    ? [clamp(shift(start), 0, dim), clamp(shift(end), 0, dim)]
    : [clamp(shift(start), 0, dim - 1), clamp(shift(end), -1, dim - 1)];
}

interface SliceSpec {
  readonly starts: readonly Dimension[];
  readonly ends: readonly Dimension[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

/** Slice's lists, from attributes (before operator set 10) or inputs. */
function sliceSpec(view: NodeView): SliceSpec | undefined {
  const starts = listOf(view, 'starts', 1);
  const ends = listOf(view, 'ends', 2);
  const axes = literalsOf(view, 'axes', 3);
  const steps = literalsOf(view, 'steps', 4);
  if (!Array.isArray(starts) || !Array.isArray(ends) || axes === undefined || steps === undefined)
    return undefined;
  return {
    starts: starts as readonly Dimension[],
    ends: ends as readonly Dimension[],
    axes: axes === 'absent' ? starts.map((_, i) => i) : axes,
    steps: steps === 'absent' ? starts.map(() => 1) : steps,
  };
}

export const slice: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const spec = sliceSpec(view);
  if (shape === undefined) return unknownRank(view);
  if (spec === undefined) {
    const axes = literalsOf(view, 'axes', 3);
    const hit = Array.isArray(axes)
      ? new Set(axes.map((axis: number) => normalAxis(axis, shape.length)))
      : undefined;
    return [
      fact(
        typeOf(view, 0),
        shape.map((dim, i) => (hit === undefined || hit.has(i) ? null : dim)),
      ),
    ];
  }
  const result = [...shape];
  spec.axes.forEach((axis, i) => {
    const at = normalAxis(axis, shape.length);
    if (at !== undefined) {
      result[at] = slicedSize(
        shape[at] ?? null,
        spec.starts[i] ?? null,
        spec.ends[i] ?? null,
        spec.steps[i] ?? 1,
      );
    }
  });
  return [fact(typeOf(view, 0), result, slicedValues(view, spec))];
};

function slicedValues(view: NodeView, spec: SliceSpec): readonly Dimension[] | undefined {
  const values = valuesOf(view, 0);
  if (values === undefined || shapeOf(view, 0)?.length !== 1 || spec.axes.length !== 1) return undefined;
  const step = spec.steps[0] ?? 1;
  const bounds = sliceBounds(values.length, spec.starts[0] ?? null, spec.ends[0] ?? null, step);
  if (bounds === undefined) return undefined;
  const picked: Dimension[] = [];
  for (let i = bounds[0]; step > 0 ? i < bounds[1] : i > bounds[1]; i += step) picked.push(values[i] ?? null);
  return picked;
}
