/**
 * What is right for one sample, in the terms of the model: class indices instead of names. It must not know where
 * labels come from; the data layer's labels fit `SampleLabel` by their shape.
 */
import type { Task } from '../../dataset/types.ts';
import type { Detection } from './types.ts';

export type SampleLabel =
  | { readonly kind: 'class'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | {
      readonly kind: 'boxes';
      readonly boxes: readonly {
        readonly className: string;
        readonly left: number;
        readonly top: number;
        readonly width: number;
        readonly height: number;
        readonly crowd?: boolean;
      }[];
    }
  | { readonly kind: 'mask' };

/** Row-major, one class index a pixel. */
export interface MaskPixels {
  readonly width: number;
  readonly height: number;
  readonly classes: ArrayLike<number>;
}

export type TruthBox = Detection & { readonly crowd?: boolean };

export type Truth =
  | { readonly kind: 'none' }
  /** The label does not fit the task; the scorer makes a failed record of it. */
  | { readonly kind: 'wrong'; readonly reason: string }
  | { readonly kind: 'class'; readonly classIndex: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | { readonly kind: 'boxes'; readonly boxes: readonly TruthBox[] }
  | ({ readonly kind: 'mask' } & MaskPixels);

/** Class lists of 10,000 names are looked up 100,000 times. */
const positions = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function positionOf(classes: readonly string[], name: string): number | undefined {
  let known = positions.get(classes);
  if (known === undefined) {
    // The first of equal names counts.
    known = new Map(classes.map((each, i) => [each, i] as const).reverse());
    positions.set(classes, known);
  }
  return known.get(name);
}

/** Position in `classes`, or the number that the name is where there is no list. */
function classIndexOf(classes: readonly string[], name: string): number | string {
  if (classes.length > 0) {
    return positionOf(classes, name) ?? `the label "${name}" is none of the ${classes.length} classes`;
  }
  const text = name.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  return `the label "${name}" is no class number, and there is no list of classes`;
}

/**
 * @param mask the pixels of a label of kind `mask`, which are read with the sample.
 */
export function truthOf(
  task: Task,
  classes: readonly string[],
  label: SampleLabel | null,
  mask?: MaskPixels,
): Truth {
  if (label === null || task.kind === 'agreement') return { kind: 'none' };
  const expected = LABEL_KINDS[task.kind];
  switch (label.kind) {
    case 'class': {
      // A number is a class's name where files give one, and a value where the model gives one.
      if (task.kind === 'regression') return numberTruth(label.name);
      if (task.kind === 'text') return { kind: 'text', text: label.name };
      if (task.kind !== 'classification') return unfit(label.kind, expected);
      const found = classIndexOf(classes, label.name);
      if (typeof found === 'string') return { kind: 'wrong', reason: found };
      return { kind: 'class', classIndex: found + task.classOffset };
    }
    case 'text':
      return task.kind === 'text' ? label : unfit(label.kind, expected);
    case 'numbers': {
      if (task.kind === 'classification' && label.values.length === 1 && Number.isInteger(label.values[0])) {
        return truthOf(task, classes, { kind: 'class', name: String(label.values[0]) });
      }
      if (task.kind !== 'regression') return unfit(label.kind, expected);
      if (label.values.length > 0 && label.values.every(Number.isFinite)) return label;
      return { kind: 'wrong', reason: 'the label holds a value that is no finite number' };
    }
    case 'boxes':
      return task.kind === 'detection' ? boxesTruth(classes, label.boxes) : unfit(label.kind, expected);
    case 'mask':
      if (task.kind !== 'segmentation') return unfit(label.kind, expected);
      if (mask === undefined) return { kind: 'wrong', reason: 'the mask could not be read' };
      return { kind: 'mask', ...mask };
    default:
      return label satisfies never;
  }
}

const LABEL_KINDS = {
  classification: 'a class',
  text: 'a text',
  detection: 'boxes',
  segmentation: 'a mask',
  regression: 'numbers',
} as const;

function unfit(found: SampleLabel['kind'], expected: string): Truth {
  return { kind: 'wrong', reason: `${expected} is expected as the label, ${found} was found` };
}

function numberTruth(name: string): Truth {
  const value = name.trim() === '' ? Number.NaN : Number(name);
  if (Number.isFinite(value)) return { kind: 'numbers', values: [value] };
  return { kind: 'wrong', reason: `the label "${name}" is no number` };
}

function boxesTruth(
  classes: readonly string[],
  boxes: Extract<SampleLabel, { kind: 'boxes' }>['boxes'],
): Truth {
  const found: TruthBox[] = [];
  for (const { className, left, top, width, height, crowd } of boxes) {
    const classIndex = classIndexOf(classes, className);
    if (typeof classIndex === 'string') return { kind: 'wrong', reason: classIndex };
    if (![left, top, width, height].every(Number.isFinite) || width < 0 || height < 0) {
      return { kind: 'wrong', reason: `a box of class "${className}" has no finite size` };
    }
    const box = [left, top, left + width, top + height] as const;
    found.push({ classIndex, score: 1, box, ...(crowd === true ? { crowd } : {}) });
  }
  return { kind: 'boxes', boxes: found };
}
