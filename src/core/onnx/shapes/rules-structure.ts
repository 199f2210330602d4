/**
 * Shape rules of operators that rearrange: Shape, Reshape, Transpose, Concat, Gather and their kin (Slice: rules-slice.ts). They also
 * follow the contents of small integer tensors, which is how exporters compute shapes.
 * Source: ONNX operator specification (Operators.md).
 */
import type { Dimension } from '../ir.ts';
import { add, fact, isSize, isStatic, normalAxis, plus, quotient, subtract, times } from './fact.ts';
import { attribute, intAttribute, intsAttribute } from '../attributes.ts';
import {
  hasInput,
  listOf,
  literalsOf,
  shapeOf,
  typeOf,
  unknownRank,
  valuesOf,
  type ShapeRule,
} from './node-view.ts';
import { slice } from './rules-slice.ts';

const shapeRule: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  if (shape === undefined) return [fact('int64', [null])];
  const clamp = (position: number): number => {
    const normal = position < 0 ? position + shape.length : position;
    return Math.min(Math.max(normal, 0), shape.length);
  };
  const part = shape.slice(
    clamp(intAttribute(view.node, 'start', 0)),
    clamp(intAttribute(view.node, 'end', shape.length)),
  );
  return [fact('int64', [part.length], part)];
};

/** The sizes that Reshape's target list asks for. */
function reshapeTarget(
  shape: readonly Dimension[] | undefined,
  target: readonly Dimension[],
  allowZero: boolean,
): Dimension[] {
  const sizes = target.map((value, i): Dimension =>
    value === 0 && !allowZero ? (shape?.[i] ?? null) : value,
  );
  const open = sizes.indexOf(-1);
  if (open >= 0) {
    const known = sizes.filter((_, i) => i !== open);
    sizes[open] =
      shape === undefined ? null : quotient(cancelCopies(shape, target), keptSizes(known, target, open));
  }
  return sizes.map((size) => (typeof size === 'number' && size < 0 ? null : size));
}

/** A size that is copied by 0 divides out even when it is unknown. */
function cancelCopies(shape: readonly Dimension[], target: readonly Dimension[]): Dimension[] {
  return shape.filter((_, i) => target[i] !== 0);
}
function keptSizes(known: readonly Dimension[], target: readonly Dimension[], open: number): Dimension[] {
  const kept = target.filter((_, i) => i !== open);
  return known.filter((_, i) => kept[i] !== 0);
}

const reshape: ShapeRule = (view) => {
  const target = listOf(view, 'shape', 1);
  if (target === undefined || target === 'absent') {
    const rank = shapeOf(view, 1)?.[0];
    return [fact(typeOf(view, 0), isSize(rank) ? new Array<Dimension>(rank).fill(null) : undefined)];
  }
  const shape = reshapeTarget(shapeOf(view, 0), target, intAttribute(view.node, 'allowzero', 0) === 1);
  return [fact(typeOf(view, 0), completeByCount(shapeOf(view, 0), shape), valuesOf(view, 0))];
};

/** One unknown size follows from the element count when everything else is known. */
function completeByCount(from: readonly Dimension[] | undefined, to: Dimension[]): readonly Dimension[] {
  const open = to.filter((dim) => dim === null).length;
  if (open !== 1 || from === undefined) return to;
  const size = quotient(
    from,
    to.filter((dim) => dim !== null),
  );
  return to.map((dim) => dim ?? size);
}

const flatten: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  if (shape === undefined) return [fact(typeOf(view, 0), [null, null])];
  const axis = intAttribute(view.node, 'axis', 1);
  const at = axis < 0 ? axis + shape.length : axis;
  const fold = (part: readonly Dimension[]): Dimension =>
    part.reduce<Dimension>((t, dim) => times(t, dim), 1);
  return [fact(typeOf(view, 0), [fold(shape.slice(0, at)), fold(shape.slice(at))])];
};

const transpose: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  if (shape === undefined) return unknownRank(view);
  const perm = intsAttribute(view.node, 'perm') ?? shape.map((_, i) => shape.length - 1 - i);
  const values = shape.length <= 1 ? valuesOf(view, 0) : undefined;
  return [
    fact(
      typeOf(view, 0),
      perm.map((axis) => shape[axis] ?? null),
      values,
    ),
  ];
};

const squeeze: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const axes = literalsOf(view, 'axes', 1);
  if (shape === undefined || axes === undefined) return [fact(typeOf(view, 0), undefined, undefined)];
  if (axes === 'absent') {
    const known = isStatic(shape) ? shape.filter((dim) => dim !== 1) : undefined;
    return [fact(typeOf(view, 0), known, valuesOf(view, 0))];
  }
  const gone = new Set(axes.map((axis) => normalAxis(axis, shape.length)));
  if (gone.has(undefined)) return unknownRank(view);
  return [
    fact(
      typeOf(view, 0),
      shape.filter((_, i) => !gone.has(i)),
      valuesOf(view, 0),
    ),
  ];
};

const unsqueeze: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const axes = literalsOf(view, 'axes', 1);
  if (shape === undefined || axes === undefined || axes === 'absent') return unknownRank(view);
  const rank = shape.length + axes.length;
  const fresh = new Set(axes.map((axis) => normalAxis(axis, rank)));
  if (fresh.has(undefined)) return unknownRank(view);
  const rest = [...shape];
  const result = Array.from({ length: rank }, (_, i): Dimension =>
    fresh.has(i) ? 1 : (rest.shift() ?? null),
  );
  return [fact(typeOf(view, 0), result, valuesOf(view, 0))];
};

const concat: ShapeRule = (view) => {
  const shapes = view.inputs.map((input) => input?.shape);
  const first = shapes.find((shape) => shape !== undefined);
  if (first === undefined) return unknownRank(view);
  const axis = normalAxis(intAttribute(view.node, 'axis', 1), first.length);
  const result = first.map((_, i): Dimension => {
    const sizes = shapes.map((shape) => shape?.[i] ?? null);
    return i === axis
      ? sizes.reduce<Dimension>((total, dim) => add(total, dim), 0)
      : (sizes.find((dim) => typeof dim === 'number') ?? sizes.find((dim) => dim !== null) ?? null);
  });
  const values: Dimension[] = [];
  const tracked = first.length === 1 && view.inputs.every((input) => input?.values !== undefined);
  if (tracked) for (const input of view.inputs) values.push(...(input?.values ?? []));
  return [fact(view.inputs.find((input) => input?.type)?.type, result, tracked ? values : undefined)];
};

const split: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const count = view.node.outputs.length;
  const axis = shape === undefined ? undefined : normalAxis(intAttribute(view.node, 'axis', 0), shape.length);
  const sizes = listOf(view, 'split', 1);
  return view.node.outputs.map((_, i) => {
    if (shape === undefined || axis === undefined) return fact(typeOf(view, 0), undefined);
    return fact(
      typeOf(view, 0),
      shape.map((dim, at) => (at === axis ? splitSize(dim, sizes, i, count) : dim)),
    );
  });
};

function splitSize(
  dim: Dimension,
  sizes: readonly Dimension[] | 'absent' | undefined,
  i: number,
  count: number,
): Dimension {
  if (sizes === undefined) return null;
  if (sizes !== 'absent') return sizes[i] ?? null;
  if (typeof dim !== 'number') return count === 1 ? dim : null;
  const chunk = Math.ceil(dim / count);
  return i < count - 1 ? chunk : dim - chunk * (count - 1);
}

const gather: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const indices = shapeOf(view, 1);
  if (shape === undefined || indices === undefined) return unknownRank(view);
  const axis = normalAxis(intAttribute(view.node, 'axis', 0), shape.length) ?? 0;
  const picks = valuesOf(view, 1);
  const values = valuesOf(view, 0);
  const picked =
    values !== undefined && shape.length === 1 && picks !== undefined
      ? picks.map((pick): Dimension => {
          const at = typeof pick === 'number' ? normalAxis(pick, values.length) : undefined;
          return at === undefined ? null : (values[at] ?? null);
        })
      : undefined;
  return [fact(typeOf(view, 0), [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)], picked)];
};

const gatherNd: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const indices = shapeOf(view, 1);
  const depth = indices?.at(-1);
  if (shape === undefined || indices === undefined || !isSize(depth)) return unknownRank(view);
  const batch = intAttribute(view.node, 'batch_dims', 0);
  return [fact(typeOf(view, 0), [...indices.slice(0, -1), ...shape.slice(batch + depth)])];
};

const pad: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const pads = literalsOf(view, attribute(view.node, 'paddings') === undefined ? 'pads' : 'paddings', 1);
  if (shape === undefined) return unknownRank(view);
  if (pads === undefined || pads === 'absent')
    return [
      fact(
        typeOf(view, 0),
        shape.map(() => null),
      ),
    ];
  const axes = hasInput(view, 3) ? valuesOf(view, 3) : shape.map((_, i) => i);
  if (axes === undefined)
    return [
      fact(
        typeOf(view, 0),
        shape.map(() => null),
      ),
    ];
  const result = [...shape];
  axes.forEach((axis, i) => {
    const at = typeof axis === 'number' ? normalAxis(axis, shape.length) : undefined;
    if (at === undefined) return;
    result[at] = plus(shape[at] ?? null, (pads[i] ?? 0) + (pads[i + axes.length] ?? 0));
  });
  return [fact(typeOf(view, 0), result)];
};

const expand: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const target = valuesOf(view, 1);
  if (shape === undefined || target === undefined) return unknownRank(view);
  const rank = Math.max(shape.length, target.length);
  const result = Array.from({ length: rank }, (_, i): Dimension => {
    const [a, b] = [shape[i - rank + shape.length], target[i - rank + target.length]];
    if (a === undefined || a === 1) return b ?? 1;
    if (b === undefined || b === 1 || a === b) return a;
    return typeof a === 'number' ? a : typeof b === 'number' ? b : null;
  });
  return [fact(typeOf(view, 0), result)];
};

const tile: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const repeats = valuesOf(view, 1);
  if (shape === undefined) return unknownRank(view);
  return [
    fact(
      typeOf(view, 0),
      shape.map((dim, i) => times(dim, repeats?.[i] ?? null)),
    ),
  ];
};

const range: ShapeRule = (view) => {
  const [start, limit, delta] = [valuesOf(view, 0)?.[0], valuesOf(view, 1)?.[0], valuesOf(view, 2)?.[0]];
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number' && delta !== 0) {
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    const values = count <= 64 ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined;
    return [fact(typeOf(view, 0), [count], values)];
  }
  const open = delta === 1 && start !== undefined && limit !== undefined ? subtract(limit, start) : null;
  return [fact(typeOf(view, 0), [typeof open === 'number' ? Math.max(0, open) : open])];
};

const blocks =
  (enlarge: boolean): ShapeRule =>
  (view) => {
    const shape = shapeOf(view, 0);
    if (shape?.length !== 4) return unknownRank(view);
    const size = intAttribute(view.node, 'blocksize', 1);
    const [n, c, h, w] = shape as [Dimension, Dimension, Dimension, Dimension];
    const by = (dim: Dimension, factor: number, grow: boolean): Dimension =>
      grow ? times(dim, factor) : quotient([dim], [factor]);
    return [
      fact(typeOf(view, 0), [n, by(c, size * size, !enlarge), by(h, size, enlarge), by(w, size, enlarge)]),
    ];
  };

const oneHot: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  if (shape === undefined) return [fact(typeOf(view, 2), undefined)];
  const axis = intAttribute(view.node, 'axis', -1);
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  const depth = valuesOf(view, 1)?.[0] ?? null;
  return [fact(typeOf(view, 2), [...shape.slice(0, at), depth, ...shape.slice(at)])];
};

const compress: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const axis = attribute(view.node, 'axis');
  if (axis?.kind !== 'int') return [fact(typeOf(view, 0), [null])];
  const at = shape === undefined ? undefined : normalAxis(Number(axis.value), shape.length);
  return [
    fact(
      typeOf(view, 0),
      shape?.map((dim, i) => (i === at ? null : dim)),
    ),
  ];
};

export const STRUCTURE_RULES: Readonly<Record<string, ShapeRule>> = {
  Shape: shapeRule,
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: (view) => [fact(typeOf(view, 0), shapeOf(view, 1))],
  GatherND: gatherNd,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  Range: range,
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
  OneHot: oneHot,
  Compress: compress,
  NonZero: (view) => [fact('int64', [shapeOf(view, 0)?.length ?? null, null])],
};
