/**
 * Some samples as the model gets them, with what it makes of them, so that a person can see whether the description is
 * right. It must not know runtimes or pages.
 */
import type { DataConfig, ImageFit, PreviewSample, Task } from '../../core/dataset/types.ts';
import type { ModelPort, Predictor } from '../../core/dataset/predictor.ts';
import { classProbabilities, topClasses } from '../../core/metrics/tasks/classification.ts';
import { detectBoxes } from '../../core/metrics/tasks/detection.ts';
import { numbersOf, rowOf } from '../../core/metrics/tasks/values.ts';
import { createScorer, type Outputs } from '../../core/metrics/tasks/scorer.ts';
import { decodeCtc } from '../../core/metrics/tasks/text.ts';
import type { SampleRecord } from '../../core/metrics/tasks/types.ts';
import { createBatcher, type Batch, type BatchRow } from '../fit/batcher.ts';
import { pictureDims, unfitPicture } from '../fit/picture-fit.ts';
import { feedType, viewValues } from '../fit/values.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { Checkpoint, Dataset, Label } from '../types.ts';
import { mappingOf, scoreRow } from './score-row.ts';

type Prediction = PreviewSample['predictions'][number];

/**
 * One entry for each index, in their order; a sample that cannot be read says why in `text`.
 * @throws PareError `data-invalid` when the description does not fit the model, and the runtime's errors.
 */
export async function preview(
  { dataset, config, predictor }: { dataset: Dataset; config: DataConfig; predictor: Predictor },
  indices: readonly number[],
  checkpoint: Checkpoint,
): Promise<readonly PreviewSample[]> {
  const batcher = createBatcher(dataset, config, predictor.inputs, { samples: 1 });
  const titles = classTitles(dataset, config);
  const scorer =
    config.task.kind === 'agreement'
      ? undefined
      : createScorer(config.task, { classes: config.classes, ports: predictor.outputs });
  const samples: PreviewSample[] = [];
  for (const [i, index] of indices.entries()) {
    await checkpoint(i / indices.length, 'reading samples');
    const batch = await batcher.make([index]);
    const row = batch.rows[0];
    if (row === undefined) {
      samples.push(
        unreadable(dataset, titles, index, batch.failed[0]?.reason ?? 'The sample cannot be read.'),
      );
      continue;
    }
    const outputs = await predictor.run(batch.feeds);
    const record = scorer && scoreRow(scorer, config, outputs, row, 0, batch.size);
    const ports = { inputs: predictor.inputs, outputs: predictor.outputs };
    samples.push({
      key: row.key,
      index,
      label: labelText(row.label, titles),
      predictions: predictionsOf(config.task, config.classes, titles, outputs, batch, row, ports.outputs),
      right: record === undefined ? null : isRight(record),
      picture: pictureOf(config, batch, ports.inputs),
      text: record?.kind === 'failed' ? record.reason : textOf(config, batch, ports.inputs),
    });
  }
  return samples;
}

function unreadable(dataset: Dataset, titles: Titles, index: number, reason: string): PreviewSample {
  const { key, label } = dataset.info(index);
  return {
    key,
    index,
    label: labelText(label, titles),
    predictions: [],
    right: null,
    picture: null,
    text: reason,
  };
}

interface Titles {
  /** Of the model's class; undefined = it has a number only. */
  ofClass(classIndex: number): string | undefined;
  /** Of a label that is a number. */
  ofLabel(name: string): string | undefined;
}

/** Names for people. */
function classTitles(dataset: Dataset, { task, classes }: DataConfig): Titles {
  const offset = task.kind === 'classification' ? task.classOffset : 0;
  const titles = dataset.classTitles;
  const byLabel = new Map(
    titles === undefined ? [] : dataset.classes.map((name, i) => [name, titles[i]] as const),
  );
  return {
    ofClass(classIndex) {
      const position = classIndex - offset;
      if (classes.length > 0) return classes[position];
      // A list that came along also knows classes without a sample.
      const known = byLabel.get(String(position)) ?? dataset.summary().listedTitles?.[position];
      return known === '' ? undefined : known;
    },
    ofLabel: (name) => byLabel.get(name),
  };
}

function labelText(label: Label | null, titles: Titles): string | null {
  if (label === null) return null;
  switch (label.kind) {
    case 'class': {
      const title = titles.ofLabel(label.name);
      return title === undefined || title === label.name ? label.name : `${label.name} ${title}`;
    }
    case 'text':
      return label.text;
    case 'numbers':
      return label.values.map(shortNumber).join(', ');
    case 'boxes':
      return counted(label.boxes.map(({ className }) => className));
    case 'mask':
      return 'mask';
    default:
      return label satisfies never;
  }
}

/** '2 face, 1 dog'; 'nothing' for an empty list. */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0 ? 'nothing' : [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** At most this many are shown. */
const TOP = 3;

function predictionsOf(
  task: Task,
  classes: readonly string[],
  titles: Titles,
  outputs: Outputs,
  batch: Batch,
  row: BatchRow,
  ports: readonly ModelPort[],
): readonly Prediction[] {
  const said = (label: string, confidence: number | null = null): Prediction => ({ label, confidence });
  const className = (index: number): string => {
    return titles.ofClass(index) ?? `class ${index}`;
  };
  switch (task.kind) {
    case 'classification': {
      const probabilities = classProbabilities(task, outputs, 0, batch.size);
      if (typeof probabilities === 'string') return [];
      const top = topClasses(probabilities, TOP);
      return top.map(({ classIndex, confidence }) => said(className(classIndex), confidence));
    }
    case 'text': {
      const port = ports.find(({ name }) => name === task.output);
      const decoded = decodeCtc(task, port, outputs, 0, batch.size);
      return typeof decoded === 'string' ? [] : [said(decoded.text)];
    }
    case 'detection': {
      const found = detectBoxes(task, classes, outputs, 0, batch.size, mappingOf(row));
      if (typeof found === 'string') return [];
      return found.slice(0, TOP).map(({ classIndex, score }) => said(className(classIndex), score));
    }
    case 'regression': {
      const tensor = outputs.get(task.output);
      const view = tensor === undefined ? '' : rowOf(tensor, 0, batch.size);
      if (typeof view === 'string') return [];
      const values = Array.from({ length: Math.min(view.count, 8) }, (_, i) => view.values[view.from + i]);
      return [said(values.map(shortNumber).join(', '))];
    }
    case 'segmentation':
    case 'agreement':
      return [...outputs].slice(0, TOP).map(([name, tensor]) => said(`${name} [${tensor.dims.join(', ')}]`));
    default:
      return task satisfies never;
  }
}

function isRight(record: SampleRecord): boolean | null {
  switch (record.kind) {
    case 'class':
      return record.rank < 0 ? null : record.rank === 0;
    case 'text':
      return record.length < 0 ? null : record.edits === 0;
    case 'failed':
    case 'numbers':
    case 'boxes':
    case 'mask':
      // More or less right, which a yes or no would hide.
      return null;
    default:
      return record satisfies never;
  }
}

/** The first picture input, from the very values that the model was fed. */
function pictureOf(config: DataConfig, batch: Batch, ports: readonly ModelPort[]): PreviewSample['picture'] {
  for (const port of ports) {
    const fit = config.inputs[port.name];
    const tensor = batch.feeds.get(port.name);
    if (tensor === undefined) continue;
    if (fit?.kind === 'image') return plainPicture(tensor.bytes, fit, port);
    if (fit?.kind === 'array') {
      const drawn = drawnArray(numbersOf(tensor), fit.dims);
      if (drawn !== null) return drawn;
    }
  }
  return null;
}

function plainPicture(bytes: Uint8Array, fit: ImageFit, port: ModelPort): PreviewSample['picture'] {
  const type = feedType(port.dataType, port.name);
  const values = viewValues(type, bytes, elementCount(pictureDims(fit)));
  const { width, height, rgba } = unfitPicture(values, 0, fit, type);
  return { width, height, rgba: new Uint8Array(rgba) };
}

/** Smaller arrays are easier to read as numbers. */
const LEAST_SIDE = 8;
const MOST_SIDE = 1024;

/** Arrays with two long axes as a grey picture, or a coloured one of three planes, stretched from their low to their high. */
export function drawnArray(values: ArrayLike<number>, dims: readonly number[]): PreviewSample['picture'] {
  const wide = dims.filter((d) => d !== 1);
  const planes = wide.length === 3 && wide[0] === 3 ? 3 : 1;
  const [height, width] = wide.slice(planes === 3 ? 1 : 0);
  if (wide.length !== (planes === 3 ? 3 : 2) || Math.min(height, width) < LEAST_SIDE) return null;
  if (Math.max(height, width) > MOST_SIDE) return null;
  const area = width * height;
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < area * planes; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const rgba = new Uint8Array(area * 4).fill(255);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      rgba[i * 4 + c] = Math.round((values[planes === 3 ? c * area + i : i] - low) * scale);
    }
  }
  return { width, height, rgba };
}

/** First values of every input that is no picture. */
function textOf(config: DataConfig, batch: Batch, ports: readonly ModelPort[]): string | null {
  const lines: string[] = [];
  for (const port of ports) {
    const fit = config.inputs[port.name];
    const tensor = batch.feeds.get(port.name);
    if (fit === undefined || tensor === undefined || fit.kind === 'image') continue;
    const values = numbersOf(tensor);
    const shown = Array.from({ length: Math.min(8, values.length) }, (_, i) => shortNumber(values[i]));
    const more = values.length > shown.length ? ' …' : '';
    lines.push(`${port.name} [${tensor.dims.join(', ')}]: ${shown.join(' ')}${more}`);
  }
  return lines.length === 0 ? null : lines.join('\n');
}

function shortNumber(x: number): string {
  return Number.isInteger(x) ? String(x) : x.toPrecision(4).replace(/\.?0+$/, '');
}
