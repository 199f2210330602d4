/** A description of data in words: what a sample becomes, and what is right. Pure text. */
import type { DataConfig, DataSummary, ImageFit, InputFit, Task } from '../../../core/dataset/types.ts';
import { formatBytes, groupThousands, plural } from '../../ui/format.ts';
import { unitOf } from '../../store/metric-text.ts';

/** '500 images · 332 classes · 12 MB'. */
export function summaryLine({ kind, samples, label, labelled, classes, bytes }: DataSummary): string {
  const [one, many] = unitOf(kind);
  return [
    plural(samples, one, many),
    labelWords(label, labelled, samples, classes.length),
    formatBytes(bytes),
  ].join(' · ');
}

function labelWords(label: DataSummary['label'], labelled: number, samples: number, classes: number): string {
  if (label === 'none' || labelled === 0) return 'no labels';
  const some = labelled < samples ? `, ${groupThousands(labelled)} labelled` : '';
  switch (label) {
    case 'class':
      return `${plural(classes, 'class', 'classes')}${some}`;
    case 'text':
      return `labels are texts${some}`;
    case 'numbers':
      return `labels are numbers${some}`;
    case 'boxes':
      return `labels are boxes${some}`;
    case 'mask':
      return `labels are masks${some}`;
    default:
      return label satisfies never;
  }
}

/** One line for each input, one for the task. */
export function configLines(config: DataConfig): readonly { readonly name: string; readonly text: string }[] {
  return [
    ...Object.entries(config.inputs).map(([name, fit]) => ({ name, text: fitWords(fit) })),
    { name: 'right is', text: taskWords(config.task, config.classes.length) },
  ];
}

function fitWords(fit: InputFit): string {
  switch (fit.kind) {
    case 'image':
      return imageWords(fit);
    case 'array':
      return `array ${fit.source}, ${fit.dims.join(' × ')}${fit.transpose === undefined ? '' : `, axes ${fit.transpose.join(' ')}`}${affine(fit.scale, [fit.mean], [fit.std])}`;
    case 'columns':
      return `${plural(fit.columns.length, 'column')}: ${fit.columns.slice(0, 4).join(', ')}${fit.columns.length > 4 ? ' …' : ''}${affine(fit.scale, fit.mean, fit.std)}`;
    case 'audio':
      return `sound, ${groupThousands(fit.sampleRate)} Hz, ${groupThousands(fit.length)} samples${fit.scale === 1 ? '' : `, times ${fit.scale}`}`;
    case 'text':
      return `tokens of ${fit.source} (${fit.role}), ${plural(fit.length, 'token')}`;
    case 'constant':
      return `always ${fit.value}`;
    default:
      return fit satisfies never;
  }
}

function imageWords(fit: ImageFit): string {
  const size = `${fit.width} × ${fit.height}`;
  const resize = {
    stretch: `stretched to ${size}`,
    crop: `middle ${size}${fit.shortSide === undefined ? '' : ` of a short side of ${fit.shortSide}`}`,
    pad: `padded to ${size}`,
    none: `${size} as it is`,
  }[fit.resize];
  return `${resize}, ${fit.channels.toUpperCase()}, ${fit.layout.toUpperCase()}, ${rangeWords(fit)}`;
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];

/** What pixels of 0..255 become: '−1..1', '0..1', or the mean and deviation of each channel. */
export function rangeWords({ scale, mean, std, channels }: ImageFit): string {
  const lows = mean.map((m, i) => -m / (std[i] ?? 1));
  const highs = mean.map((m, i) => (255 * scale - m) / (std[i] ?? 1));
  const same = (values: readonly number[]): boolean =>
    values.every((v) => Math.abs(v - (values[0] ?? 0)) < 1e-6);
  if (same(lows) && same(highs)) return `values ${neat(lows[0] ?? 0)}..${neat(highs[0] ?? 255)}`;
  const unit = 255 * scale;
  const order = channels === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  const close = (values: readonly number[], known: readonly number[]): boolean =>
    values.every((v, i) => Math.abs(v / unit - (known[order[i] ?? 0] ?? 0)) < 2e-3);
  if (close(mean, IMAGENET_MEAN) && close(std, IMAGENET_STD)) return 'mean and deviation of ImageNet';
  return `mean ${mean.map(neat).join(' ')}, deviation ${std.map(neat).join(' ')}`;
}

/** Only what is done: ', times 0.003922, minus 0.5, divided by 0.25'. */
function affine(scale: number, mean: readonly number[], std: readonly number[]): string {
  const shown = (values: readonly number[]): string =>
    values.every((v) => v === values[0]) ? neat(values[0] ?? 0) : 'one for each column';
  return [
    scale === 1 ? '' : `, times ${neat(scale)}`,
    mean.every((m) => m === 0) ? '' : `, minus ${shown(mean)}`,
    std.every((s) => s === 1) ? '' : `, divided by ${shown(std)}`,
  ].join('');
}

function neat(value: number): string {
  const text = String(Number(value.toPrecision(4)));
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}

function taskWords(task: Task, classes: number): string {
  switch (task.kind) {
    case 'classification':
      return `the largest of ${task.output} (${task.values}) is the class${classes === 0 ? '' : `, ${groupThousands(classes)} names`}${task.classOffset === 0 ? '' : `, shifted by ${task.classOffset}`}`;
    case 'text':
      return `the text that ${task.output} spells, ${groupThousands(task.alphabet.length)} characters`;
    case 'detection':
      return `boxes (${task.decoder}) above a score of ${task.scoreThreshold}`;
    case 'segmentation':
      return `the class of each pixel in ${task.output}`;
    case 'regression':
      return `the values of ${task.output}`;
    case 'agreement':
      return 'what the original says: no labels are used';
    default:
      return task satisfies never;
  }
}
