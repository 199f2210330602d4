/**
 * What a model's outputs can mean for a set's labels: tasks with their classes, the likelier first. It must not run
 * models; it sees the shapes that one run gave.
 */
import type { DataProblem, Task } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import type { HostTensor } from '../../core/onnx/graph-runner.ts';
import type { Outputs } from '../../core/metrics/tasks/scorer.ts';
import { numbersOf } from '../../core/metrics/tasks/values.ts';
import type { Dataset, Label } from '../types.ts';
import { alphabetsFor } from './alphabets.ts';
import { classMappings, listedClasses } from './classes.ts';
import type { Custom } from './picture-choices.ts';

export interface Reading {
  readonly title: string;
  readonly task: Task;
  readonly classes: readonly string[];
}

/** One output as a run of `rows` samples gave it. */
interface Seen {
  readonly name: string;
  /** Of one sample. */
  readonly dims: readonly number[];
  readonly full: readonly number[];
  readonly values: ArrayLike<number>;
  readonly whole: boolean;
}

export type LabelKind = Label['kind'] | 'none';

/** The kind of label that most samples looked at have. */
export function labelKindOf(dataset: Dataset): LabelKind {
  const counts = new Map<LabelKind, number>();
  const step = Math.max(1, dataset.length / 1000);
  for (let at = 0; at < dataset.length; at += step) {
    const kind = dataset.info(Math.floor(at)).label?.kind;
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'none';
}

/** What is customary for a model of these outputs, before it is run. */
export function customOf(dataset: Dataset, outputs: readonly ModelPort[], label: LabelKind): Custom {
  const names = new Set(outputs.map(({ name }) => name));
  if (names.has('cls_8') && names.has('obj_8') && names.has('bbox_8')) return 'yunet';
  if (names.has('scores') && names.has('boxes') && outputs.length === 2) return 'ssd';
  if (label === 'boxes') return 'detection';
  if (label === 'mask') return 'segmentation';
  const last = outputs.map(({ shape }) => shape?.at(-1)).find((d) => typeof d === 'number' && d > 1);
  if (typeof last === 'number' && outputs.some(({ shape }) => shape?.length === 3)) {
    if (alphabetsFor(dataset, last).some(({ paddle }) => paddle)) return 'paddle-text';
  }
  return 'plain';
}

/** @returns readings, and why others are missing. */
export function readingsOf(
  dataset: Dataset,
  label: LabelKind,
  outputs: Outputs,
  rows: number,
): { readonly readings: readonly Reading[]; readonly problems: readonly DataProblem[] } {
  const seen = [...outputs].flatMap(([name, tensor]) => seenOf(name, tensor, rows));
  switch (label) {
    case 'class':
      return classReadings(dataset, seen, rows);
    case 'text':
      return textReadings(dataset, seen, rows);
    case 'numbers':
      return numberReadings(dataset, seen);
    case 'boxes':
      return boxReadings(dataset, seen);
    case 'mask':
      return maskReadings(dataset, seen);
    case 'none':
      return { readings: [], problems: [] };
    default:
      return label satisfies never;
  }
}

function seenOf(name: string, tensor: HostTensor, rows: number): Seen[] {
  try {
    const values = numbersOf(tensor);
    const dims = tensor.dims[0] === rows ? tensor.dims.slice(1) : tensor.dims;
    return [{ name, dims, full: tensor.dims, values, whole: /^u?int/.test(tensor.dataType) }];
  } catch {
    // Strings and the like carry no scores.
    return [];
  }
}

type Found = ReturnType<typeof readingsOf>;

function problem(code: string, message: string, count = 0): DataProblem {
  return { severity: 'warning', code, message, count, examples: [] };
}

const shapes = (seen: readonly Seen[]): string =>
  seen.map(({ name, full }) => `'${name}' [${full.join(', ')}]`).join(', ');

/** [C], [1, C], [C, 1, 1]: one axis carries all. [C, 1] is how detectors give one score a cell. */
function vectorLength({ dims }: Seen): number | undefined {
  if (dims.length === 2 && dims[0] > 1) return undefined;
  const wide = dims.filter((d) => d !== 1);
  return wide.length > 1 ? undefined : (wide[0] ?? 1);
}

function classReadings(dataset: Dataset, seen: readonly Seen[], rows: number): Found {
  const readings: Reading[] = [];
  for (const output of seen) {
    const count = vectorLength(output);
    if (count === undefined || output.whole) continue;
    const values = areProbabilities(output.values, count) ? 'probabilities' : 'logits';
    for (const { title, classes, classOffset } of classMappings(dataset, count)) {
      const task = { kind: 'classification', output: output.name, values, classOffset } as const;
      readings.push({ title, task, classes });
    }
  }
  if (readings.length > 0) return { readings: readings.slice(0, MOST_READINGS), problems: [] };
  const text = textReadings(dataset, seen, rows);
  if (text.readings.length > 0) return text;
  const numeric = dataset.classes.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  const single = seen.filter((output) => vectorLength(output) === 1);
  if (numeric && single.length > 0) {
    return {
      readings: single.map(({ name }) => ({
        title: 'label as a value',
        task: { kind: 'regression', output: name },
        classes: [],
      })),
      problems: [],
    };
  }
  return {
    readings: [],
    problems: [
      problem(
        'classes-unmatched',
        `The ${dataset.classes.length} label names fit none of the outputs ${shapes(seen)}; add the model's list of classes, one name a line.`,
        dataset.classes.length,
      ),
    ],
  };
}

/** More ways to read one run cost nothing but memory; beyond these they only multiply chance. */
const MOST_READINGS = 8;

/** Not below zero, and each sample's classes add up to one: softmax stands at the end of the graph. */
function areProbabilities(values: ArrayLike<number>, count: number): boolean {
  for (let from = 0; from < values.length; from += count) {
    let sum = 0;
    for (let i = from; i < from + count; i++) {
      if (!(values[i] >= 0 && values[i] <= 1.001)) return false;
      sum += values[i];
    }
    // One score a sample is a sigmoid's. Half floats of 1,000 classes add up to 1 within a hundredth.
    if (count > 1 && Math.abs(sum - 1) > 0.01) return false;
  }
  return true;
}

function textReadings(dataset: Dataset, seen: readonly Seen[], rows: number): Found {
  const readings: Reading[] = [];
  let classes = 0;
  for (const { name, full } of seen) {
    const steps = full.length === 3 && (full[0] === rows || full[1] === rows);
    if (!steps || full[2] < 3) continue;
    classes = full[2];
    for (const { title, letters, blank } of alphabetsFor(dataset, full[2])) {
      readings.push({
        title,
        task: { kind: 'text', output: name, decode: 'ctc', blank, alphabet: letters },
        classes: [],
      });
    }
  }
  if (readings.length > 0) return { readings: readings.slice(0, MOST_READINGS), problems: [] };
  const message =
    classes === 0
      ? `The labels are texts, and no output is a sequence of letters: ${shapes(seen)}.`
      : `The model writes with ${classes} classes; add its list of letters, one a line (${classes - 1} lines, or ${classes - 2} and a space).`;
  return { readings, problems: [problem('alphabet-missing', message)] };
}

function numberReadings(dataset: Dataset, seen: readonly Seen[]): Found {
  const label = firstLabel(dataset, 'numbers');
  const count = label?.kind === 'numbers' ? label.values.length : 0;
  const readings = seen
    .filter(({ dims }) => dims.reduce((a, b) => a * b, 1) === count)
    .map(({ name }): Reading => ({
      title: 'values',
      task: { kind: 'regression', output: name },
      classes: [],
    }));
  if (readings.length > 0) return { readings, problems: [] };
  return {
    readings,
    problems: [
      problem(
        'values-unmatched',
        `The labels are ${count} numbers a sample, which no output gives: ${shapes(seen)}.`,
      ),
    ],
  };
}

function firstLabel(dataset: Dataset, kind: LabelKind): Label | null {
  for (let index = 0; index < dataset.length; index++) {
    const { label } = dataset.info(index);
    if (label?.kind === kind) return label;
  }
  return null;
}

function boxReadings(dataset: Dataset, seen: readonly Seen[]): Found {
  const task = { kind: 'detection', scoreThreshold: 0.05, nmsIou: 0.45 } as const;
  const names = new Map(seen.map((output) => [output.name, output]));
  const classes = listedClasses(dataset);
  const yunet = ['cls', 'obj', 'bbox'].flatMap((head) => [8, 16, 32].map((stride) => `${head}_${stride}`));
  if (yunet.every((name) => names.has(name))) {
    const outputs = Object.fromEntries(yunet.map((name) => [name, name]));
    return {
      readings: [{ title: 'YuNet', task: { ...task, decoder: 'yunet', outputs }, classes }],
      problems: [],
    };
  }
  const readings: Reading[] = [];
  const boxes = seen.find(({ dims }) => dims.length === 2 && dims[1] === 4);
  const scores =
    boxes && seen.find((each) => each !== boxes && each.dims.length > 0 && each.dims[0] === boxes.dims[0]);
  if (boxes && scores) {
    const outputs = { boxes: boxes.name, scores: scores.name };
    readings.push({
      title: 'corners as fractions, background first',
      task: { ...task, decoder: 'ssd', outputs },
      classes,
    });
    const labels = seen.find(
      (each) => each.whole && each.dims.length === 1 && each.dims[0] === boxes.dims[0],
    );
    const more = labels === undefined ? {} : { labels: labels.name };
    readings.push({
      title: 'corners in pixels',
      task: { ...task, decoder: 'boxes', outputs: { ...outputs, ...more } },
      classes,
    });
    const unit = { 'boxes-unit': boxes.name, scores: scores.name, ...more };
    readings.push({
      title: 'corners as fractions',
      task: { ...task, decoder: 'boxes', outputs: unit },
      classes,
    });
    const yx = { 'boxes-yx-unit': boxes.name, scores: scores.name, ...more };
    readings.push({
      title: 'corners as fractions, y first',
      task: { ...task, decoder: 'boxes', outputs: yx },
      classes,
    });
  }
  for (const { name, dims } of seen) {
    if (dims.length !== 2 || dims[1] !== 6) continue;
    readings.push({
      title: 'corners in pixels',
      task: { ...task, decoder: 'boxes', outputs: { boxes: name } },
      classes,
    });
    readings.push({
      title: 'corners as fractions',
      task: { ...task, decoder: 'boxes', outputs: { 'boxes-unit': name } },
      classes,
    });
  }
  if (readings.length > 0) return { readings, problems: [] };
  return {
    readings,
    problems: [problem('head-unknown', `The outputs ${shapes(seen)} are no boxes that Pare can decode.`)],
  };
}

function maskReadings(dataset: Dataset, seen: readonly Seen[]): Found {
  const readings = seen
    .filter(
      ({ dims, whole }) => (dims.length === 3 && dims[1] > 1 && dims[2] > 1) || (whole && dims.length === 2),
    )
    .map(({ name }): Reading => {
      // 255 marks borders and what nobody labelled, in PASCAL VOC, Cityscapes and most sets after them.
      return {
        title: 'class map',
        task: { kind: 'segmentation', output: name, ignore: 255 },
        classes: dataset.classes,
      };
    });
  if (readings.length > 0) return { readings, problems: [] };
  return {
    readings,
    problems: [
      problem('map-missing', `The labels are masks, and no output is a map of classes: ${shapes(seen)}.`),
    ],
  };
}
