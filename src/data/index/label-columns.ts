/**
 * Labels of all samples, a column each kind: numbers and shared names, because 100,000 objects would be too many. It
 * must not know files.
 */
import type { ClassCount, DataSummary } from '../../core/dataset/types.ts';
import type { Label, LabelBox } from '../types.ts';

export interface LabelColumn {
  readonly kind: DataSummary['label'];
  readonly classes: readonly string[];
  readonly titles?: readonly string[];
  readonly labelled: number;
  at(index: number): Label | null;
  /** In the order of `classes`. */
  counts(): ClassCount[];
}

/** A sample without a class. */
export const NO_CLASS = -1;

export const NO_LABELS: LabelColumn = {
  kind: 'none',
  classes: [],
  labelled: 0,
  at: () => null,
  counts: () => [],
};

/** @param codes position in `names` for each sample, or NO_CLASS */
export function classColumn(
  codes: Int32Array,
  names: readonly string[],
  titles?: readonly string[],
): LabelColumn {
  // One object a class, shared by its samples.
  const labels = names.map((name): Label => ({ kind: 'class', name }));
  return {
    kind: 'class',
    classes: names,
    ...(titles === undefined ? {} : { titles }),
    labelled: codes.reduce((n, code) => (code === NO_CLASS ? n : n + 1), 0),
    at: (index) => labels[codes[index]] ?? null,
    counts: () => countCodes(codes, names, titles),
  };
}

export function textColumn(texts: readonly (string | null)[]): LabelColumn {
  return {
    ...NO_LABELS,
    kind: 'text',
    labelled: texts.reduce((n, text) => (text === null ? n : n + 1), 0),
    at(index) {
      const text = texts[index];
      return text === null ? null : { kind: 'text', text };
    },
  };
}

/** @param values `width` numbers a sample; a sample with one that is not finite has no label */
export function numberColumn(values: Float64Array, width: number): LabelColumn {
  const row = (index: number): readonly number[] | null => {
    const cut = [...values.subarray(index * width, (index + 1) * width)];
    return cut.every(Number.isFinite) ? cut : null;
  };
  const samples = width === 0 ? 0 : values.length / width;
  let labelled = 0;
  for (let i = 0; i < samples; i++) if (row(i) !== null) labelled++;
  return {
    ...NO_LABELS,
    kind: 'numbers',
    labelled,
    at(index) {
      const found = row(index);
      return found === null ? null : { kind: 'numbers', values: found };
    },
  };
}

/** Boxes of all samples one after the other: those of sample i are `starts[i]` up to `starts[i + 1]`. */
export interface BoxTable {
  readonly classes: readonly string[];
  readonly starts: Int32Array;
  /** left, top, width, height of each. */
  readonly corners: Float64Array;
  readonly codes: Int32Array;
  readonly crowd: Uint8Array;
  /** 1 for the samples that the labels speak of, also when they have no box. */
  readonly listed: Uint8Array;
}

export function boxColumn(table: BoxTable): LabelColumn {
  const { classes, starts, corners, codes, crowd, listed } = table;
  const box = (b: number): LabelBox => ({
    className: classes[codes[b]],
    left: corners[4 * b],
    top: corners[4 * b + 1],
    width: corners[4 * b + 2],
    height: corners[4 * b + 3],
    ...(crowd[b] === 1 ? { crowd: true } : {}),
  });
  return {
    kind: 'boxes',
    classes,
    labelled: listed.reduce((n, flag) => n + flag, 0),
    at(index) {
      if (listed[index] === 0) return null;
      const count = starts[index + 1] - starts[index];
      return { kind: 'boxes', boxes: Array.from({ length: count }, (_, k) => box(starts[index] + k)) };
    },
    counts: () => countCodes(codes, classes),
  };
}

/** @param masks number of the mask's file for each sample, or NO_CLASS */
export function maskColumn(masks: Int32Array): LabelColumn {
  return {
    ...NO_LABELS,
    kind: 'mask',
    labelled: masks.reduce((n, mask) => (mask === NO_CLASS ? n : n + 1), 0),
    at: (index) => (masks[index] === NO_CLASS ? null : { kind: 'mask' }),
  };
}

/** Values of a grouping column, each written once. */
export interface GroupColumn {
  readonly name: string;
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

export function countCodes(
  codes: Int32Array,
  names: readonly string[],
  titles?: readonly string[],
): ClassCount[] {
  const counts = new Int32Array(names.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  return names.map((name, i) => ({
    name,
    count: counts[i],
    ...(titles?.[i] === undefined ? {} : { title: titles[i] }),
  }));
}
