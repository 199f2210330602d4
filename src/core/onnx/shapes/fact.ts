/**
 * What inference knows about one value, and arithmetic on sizes that may be symbolic. It must not know operators.
 *
 * A symbol stands for one unknown size: equal symbols are equal sizes. Sizes that are computed from symbols get a
 * symbol built from the expression, so that two branches that compute the same thing get the same symbol.
 */
import type { DataType } from '../../tensor/dtype.ts';
import type { Dimension } from '../ir.ts';

export interface Fact {
  /** Absent = unknown, or not a tensor. */
  readonly type?: DataType;
  /** Absent = unknown rank. */
  readonly shape?: readonly Dimension[];
  /** Contents of a small integer or bool tensor, row-major; symbols are sizes, null is unknown. */
  readonly values?: readonly Dimension[];
}

/** Contents are followed up to this many elements: shapes, axes, pads and small index tables. */
export const MAX_TRACKED_VALUES = 128;
/** Longer expressions are unreadable and could grow without bound; they become unknown sizes. */
const MAX_SYMBOL_LENGTH = 120;

export const isSize = (dim: Dimension | undefined): dim is number => typeof dim === 'number' && dim >= 0;

/** Every size known. */
export function isStatic(shape: readonly Dimension[] | undefined): shape is readonly number[] {
  return shape !== undefined && shape.every(isSize);
}

/** Same rank and every size provably equal. */
export function sameShape(a: readonly Dimension[] | undefined, b: readonly Dimension[] | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.length === b.length &&
    a.every((dim, i) => dim !== null && dim === b[i])
  );
}

export function product(shape: readonly number[]): number {
  return shape.reduce((total, dim) => total * dim, 1);
}

/** Negative axes count from the end. Undefined when out of range. */
export function normalAxis(axis: number, rank: number): number | undefined {
  const normal = axis < 0 ? axis + rank : axis;
  return normal >= 0 && normal < rank ? normal : undefined;
}

function symbol(text: string): Dimension {
  return text.length > MAX_SYMBOL_LENGTH ? null : text;
}

/** a + b, where b is a literal. */
export function plus(a: Dimension, b: number): Dimension {
  if (a === null || b === 0) return a;
  if (typeof a === 'number') return a + b;
  return symbol(`(${a}${b < 0 ? '' : '+'}${b})`);
}

export function add(a: Dimension, b: Dimension): Dimension {
  if (typeof b === 'number') return plus(a, b);
  if (typeof a === 'number') return plus(b, a);
  return a === null || b === null ? null : symbol(`(${[a, b].sort().join('+')})`);
}

export function subtract(a: Dimension, b: Dimension): Dimension {
  if (typeof b === 'number') return plus(a, -b);
  if (a === null || b === null) return null;
  return a === b ? 0 : symbol(`(${a}-${b})`);
}

export function times(a: Dimension, b: Dimension): Dimension {
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return a === null || b === null ? null : symbol(`(${[String(a), String(b)].sort().join('*')})`);
}

/** Division of sizes, rounded down. Both are non-negative where symbols are involved. */
export function floorDivide(a: Dimension, b: number): Dimension {
  if (a === null || b === 1) return a;
  return typeof a === 'number' ? Math.floor(a / b) : symbol(`floor(${a}/${b})`);
}

export function ceilDivide(a: Dimension, b: number): Dimension {
  if (a === null || b === 1) return a;
  return typeof a === 'number' ? Math.ceil(a / b) : symbol(`ceil(${a}/${b})`);
}

/**
 * Numpy broadcasting of two sizes. A symbol against a literal above 1 must be that literal (or 1) at run time, so the
 * result is the literal; two different symbols could each be 1, so the result is unknown.
 */
export function broadcastDim(a: Dimension, b: Dimension): Dimension {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && a !== 1) return a;
  if (typeof b === 'number' && b !== 1) return b;
  return null;
}

export function broadcast(
  a: readonly Dimension[] | undefined,
  b: readonly Dimension[] | undefined,
): readonly Dimension[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) =>
    broadcastDim(
      a[i - rank + a.length] ?? defaultDim(a, i, rank),
      b[i - rank + b.length] ?? defaultDim(b, i, rank),
    ),
  );
}

/** Missing leading sizes are 1; a size that is present but unknown stays unknown. */
function defaultDim(shape: readonly Dimension[], i: number, rank: number): Dimension {
  return i - rank + shape.length < 0 ? 1 : null;
}

/**
 * total / known, where both are products of sizes: equal symbols cancel. Used for the −1 of Reshape.
 */
export function quotient(total: readonly Dimension[], known: readonly Dimension[]): Dimension {
  if (total.includes(null) || known.includes(null)) return null;
  const symbols = total.filter((dim) => typeof dim === 'string');
  const divisors: string[] = [];
  for (const dim of known) {
    if (typeof dim !== 'string') continue;
    const at = symbols.indexOf(dim);
    if (at >= 0) symbols.splice(at, 1);
    else divisors.push(dim);
  }
  const top = product(total.filter((dim) => typeof dim === 'number'));
  const bottom = product(known.filter((dim) => typeof dim === 'number'));
  if (bottom === 0) return null;
  if (symbols.length === 0 && divisors.length === 0) return top % bottom === 0 ? top / bottom : null;
  if (divisors.length === 0 && top % bottom === 0) {
    return symbols.sort().reduce<Dimension>((result, dim) => times(result, dim), top / bottom);
  }
  return symbol(`(${[...symbols.sort(), top].join('*')})/(${[...divisors.sort(), bottom].join('*')})`);
}

/** What two control-flow branches agree on. */
export function join(a: Fact | undefined, b: Fact | undefined): Fact {
  if (a === undefined || b === undefined) return {};
  const shape =
    a.shape?.length === b.shape?.length
      ? a.shape?.map((dim, i) => (dim === b.shape?.[i] ? dim : null))
      : undefined;
  return {
    ...(a.type !== undefined && a.type === b.type ? { type: a.type } : {}),
    ...(shape === undefined ? {} : { shape }),
    ...(a.values !== undefined &&
    a.values.length === b.values?.length &&
    a.values.every((v, i) => v === b.values?.[i])
      ? { values: a.values }
      : {}),
  };
}

export function fact(
  type: DataType | undefined,
  shape: readonly Dimension[] | undefined,
  values?: readonly Dimension[],
): Fact {
  return {
    ...(type === undefined ? {} : { type }),
    ...(shape === undefined ? {} : { shape }),
    ...(values === undefined || values.length > MAX_TRACKED_VALUES ? {} : { values }),
  };
}
