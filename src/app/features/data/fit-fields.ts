/**
 * The editor of a description as data: which fields there are, what they hold as text, and what they become. Pure, so
 * that every rule can be tested without a page.
 */
import type { DataConfig, InputFit, Task } from '../../../core/dataset/types.ts';

export interface FieldSpec {
  /** Where the value stands: 'inputs/x/width'. Names of inputs are escaped as in JSON pointers. */
  readonly path: string;
  readonly label: string;
  readonly kind: 'whole' | 'number' | 'optional' | 'numbers' | 'wholes' | 'choice' | 'lines' | 'percent';
  readonly options?: readonly string[];
  readonly low?: number;
  readonly high?: number;
  readonly help?: string;
}

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly FieldSpec[];
}

export type Draft = Readonly<Record<string, string>>;
export type ParsedDraft =
  | { readonly ok: true; readonly config: DataConfig }
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

export const TASK_KINDS: readonly Task['kind'][] = [
  'classification',
  'text',
  'detection',
  'segmentation',
  'regression',
  'agreement',
];

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
const unescape = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');

/** @param outputs names of the model's outputs */
export function fieldGroups(config: DataConfig, outputs: readonly string[]): readonly FieldGroup[] {
  return [
    ...Object.entries(config.inputs).map(([name, fit]) => ({
      title: `Input ${name}`,
      fields: inputFields(`inputs/${escape(name)}`, fit),
    })),
    { title: 'What is right', fields: taskFields(config.task, outputs) },
    {
      title: 'Division',
      fields: [
        {
          path: 'split/calibration',
          label: 'For calibration',
          kind: 'whole',
          low: 0,
          help: 'At most this many samples for methods that look at data. They are never evaluated.',
        },
        {
          path: 'split/holdBack',
          label: 'Held back, %',
          kind: 'percent',
          low: 0,
          high: 50,
          help: 'Never seen before the final check.',
        },
        { path: 'split/seed', label: 'Seed', kind: 'whole', low: 0, high: 2 ** 32 - 1 },
      ],
    },
  ];
}

function inputFields(at: string, fit: InputFit): readonly FieldSpec[] {
  switch (fit.kind) {
    case 'image':
      return imageFields(at);
    case 'array':
      return [
        { path: `${at}/dims`, label: 'Shape of one sample', kind: 'wholes', low: 1 },
        { path: `${at}/scale`, label: 'Scale', kind: 'number' },
        { path: `${at}/mean`, label: 'Mean', kind: 'number' },
        { path: `${at}/std`, label: 'Deviation', kind: 'number' },
      ];
    case 'columns':
      return [
        { path: `${at}/columns`, label: 'Columns in order', kind: 'lines' },
        { path: `${at}/scale`, label: 'Scale', kind: 'number' },
        { path: `${at}/mean`, label: 'Mean', kind: 'numbers' },
        { path: `${at}/std`, label: 'Deviation', kind: 'numbers' },
      ];
    case 'audio':
      return [
        { path: `${at}/sampleRate`, label: 'Sample rate, Hz', kind: 'whole', low: 1 },
        { path: `${at}/length`, label: 'Samples', kind: 'whole', low: 1 },
        { path: `${at}/scale`, label: 'Scale', kind: 'number' },
      ];
    case 'text':
      return [
        {
          path: `${at}/role`,
          label: 'Holds',
          kind: 'choice',
          options: ['ids', 'mask', 'types', 'positions'],
        },
        { path: `${at}/length`, label: 'Tokens', kind: 'whole', low: 1 },
      ];
    case 'constant':
      return [{ path: `${at}/value`, label: 'Value', kind: 'number' }];
    default:
      return fit satisfies never;
  }
}

function imageFields(at: string): readonly FieldSpec[] {
  return [
    { path: `${at}/width`, label: 'Width', kind: 'whole', low: 1, high: 16_384 },
    { path: `${at}/height`, label: 'Height', kind: 'whole', low: 1, high: 16_384 },
    { path: `${at}/resize`, label: 'Resize', kind: 'choice', options: ['stretch', 'crop', 'pad', 'none'] },
    {
      path: `${at}/shortSide`,
      label: 'Short side before the crop',
      kind: 'optional',
      low: 1,
      high: 16_384,
      help: 'Empty: the shorter of width and height.',
    },
    { path: `${at}/channels`, label: 'Channels', kind: 'choice', options: ['rgb', 'bgr', 'gray'] },
    { path: `${at}/layout`, label: 'Layout', kind: 'choice', options: ['nchw', 'nhwc', 'hw'] },
    {
      path: `${at}/scale`,
      label: 'Scale',
      kind: 'number',
      help: 'Value = (pixel · scale − mean) / deviation.',
    },
    { path: `${at}/mean`, label: 'Mean', kind: 'numbers' },
    { path: `${at}/std`, label: 'Deviation', kind: 'numbers' },
  ];
}

function taskFields(task: Task, outputs: readonly string[]): readonly FieldSpec[] {
  const output: FieldSpec = { path: 'task/output', label: 'Output', kind: 'choice', options: outputs };
  switch (task.kind) {
    case 'classification':
      return [
        output,
        { path: 'task/values', label: 'It holds', kind: 'choice', options: ['logits', 'probabilities'] },
        {
          path: 'task/classOffset',
          label: 'First class is output',
          kind: 'whole',
          low: 0,
          help: '1 where output 0 is the background.',
        },
        CLASSES,
      ];
    case 'text':
      return [
        output,
        { path: 'task/blank', label: 'Blank is class', kind: 'whole', low: 0 },
        { path: 'task/alphabet', label: 'Characters in order, one a line', kind: 'lines' },
      ];
    case 'detection':
      return [
        { path: 'task/scoreThreshold', label: 'Score at least', kind: 'number', low: 0, high: 1 },
        { path: 'task/nmsIou', label: 'Overlap at most', kind: 'number', low: 0, high: 1 },
        CLASSES,
      ];
    case 'segmentation':
      return [output, CLASSES];
    case 'regression':
      return [output];
    case 'agreement':
      return [];
    default:
      return task satisfies never;
  }
}

const CLASSES: FieldSpec = {
  path: 'classes',
  label: 'Classes in the order of the outputs, one a line',
  kind: 'lines',
  help: 'Empty where the labels are numbers already.',
};

/** What the fields hold when they are opened. */
export function draftOf(config: DataConfig, outputs: readonly string[]): Draft {
  const draft: Record<string, string> = {};
  for (const { path, kind } of fieldGroups(config, outputs).flatMap(({ fields }) => fields)) {
    draft[path] = textOf(read(config, path), kind);
  }
  return draft;
}

function textOf(value: unknown, kind: FieldSpec['kind']): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(String).join(kind === 'lines' ? '\n' : ', ');
  if (kind === 'percent') return String(Number((Number(value) * 100).toPrecision(10)));
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** All fields or none: the first thing wrong with each is said under it. */
export function parseDraft(config: DataConfig, draft: Draft, outputs: readonly string[]): ParsedDraft {
  const errors: Record<string, string> = {};
  let next: unknown = config;
  for (const spec of fieldGroups(config, outputs).flatMap(({ fields }) => fields)) {
    const parsed = parseField(spec, draft[spec.path] ?? '');
    if (typeof parsed === 'object' && 'error' in parsed) errors[spec.path] = parsed.error;
    else next = write(next, spec.path.split('/'), parsed.value);
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return withChannels(next as DataConfig);
}

type Parsed = { readonly value: unknown } | { readonly error: string };

function parseField(spec: FieldSpec, text: string): Parsed {
  switch (spec.kind) {
    case 'choice':
      return spec.options?.includes(text) === true ? { value: text } : { error: 'Choose one of the list.' };
    case 'lines':
      return { value: text === '' ? [] : text.replace(/\r/g, '').replace(/\n$/, '').split('\n') };
    case 'optional':
      return text.trim() === '' ? { value: undefined } : one(spec, text, true);
    case 'whole':
      return one(spec, text, true);
    case 'number':
      return one(spec, text, false);
    case 'percent': {
      const parsed = one(spec, text, false);
      return 'error' in parsed ? parsed : { value: Number((Number(parsed.value) / 100).toPrecision(10)) };
    }
    case 'numbers':
    case 'wholes':
      return list(spec, text);
    default:
      return spec.kind satisfies never;
  }
}

function one(spec: FieldSpec, text: string, whole: boolean): Parsed {
  const value = text.trim() === '' ? Number.NaN : Number(text.trim());
  if (!Number.isFinite(value)) return { error: 'Type a number.' };
  if (whole && !Number.isInteger(value)) return { error: 'Type a whole number.' };
  if (spec.low !== undefined && value < spec.low) return { error: `It must be ${spec.low} or more.` };
  if (spec.high !== undefined && value > spec.high) return { error: `It must be ${spec.high} or less.` };
  if (/\/std$/.test(spec.path) && value <= 0) return { error: 'A deviation must be above 0.' };
  return { value };
}

/** Numbers between commas, spaces or semicolons. */
function list(spec: FieldSpec, text: string): Parsed {
  const items = text.split(/[\s,;]+/).filter((item) => item !== '');
  if (items.length === 0) return { error: 'Type numbers, such as 0.485, 0.456, 0.406.' };
  const values: unknown[] = [];
  for (const item of items) {
    const parsed = one(spec, item, spec.kind === 'wholes');
    if ('error' in parsed) return { error: `${item}: ${parsed.error}` };
    values.push(parsed.value);
  }
  return { value: values };
}

/** One mean for all channels is written once; a list must have as many numbers as there are channels. */
function withChannels(config: DataConfig): ParsedDraft {
  const errors: Record<string, string> = {};
  const inputs: Record<string, InputFit> = {};
  for (const [name, fit] of Object.entries(config.inputs)) {
    const count = countOf(fit);
    if (count === null || (fit.kind !== 'image' && fit.kind !== 'columns')) {
      inputs[name] = fit;
      continue;
    }
    const [mean, std] = [spread(fit.mean, count), spread(fit.std, count)];
    const at = `inputs/${escape(name)}`;
    if (mean === null) errors[`${at}/mean`] = countSentence(count, fit.mean.length);
    if (std === null) errors[`${at}/std`] = countSentence(count, fit.std.length);
    inputs[name] = { ...fit, mean: mean ?? fit.mean, std: std ?? fit.std };
  }
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, config: { ...config, inputs } };
}

const countSentence = (wanted: number, found: number): string =>
  `${wanted === 1 ? 'One number is' : `${wanted} numbers are`} expected, ${found} were found.`;

function countOf(fit: InputFit): number | null {
  if (fit.kind === 'image') return fit.channels === 'gray' ? 1 : 3;
  return fit.kind === 'columns' ? fit.columns.length : null;
}

function spread(values: readonly number[], count: number): readonly number[] | null {
  if (values.length === count) return values;
  const [first] = values;
  const same = first !== undefined && values.every((value) => value === first);
  return same ? Array.from({ length: count }, () => first) : null;
}

function read(root: unknown, path: string): unknown {
  let at: unknown = root;
  for (const key of path.split('/')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[unescape(key)];
  }
  return at;
}

/** A copy in which the value at the path is another; `undefined` takes it out. */
function write(root: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const record = root as Record<string, unknown>;
  const name = unescape(key);
  const { [name]: old, ...others } = record;
  const next = rest.length === 0 ? value : write(old, rest, value);
  if (next === undefined) return others;
  // Spread over the old record, so that the order of its keys stays.
  return { ...record, [name]: next };
}

/** A task of another kind, with what can be known without looking at the model. */
export function taskOfKind(kind: Task['kind'], now: Task, outputs: readonly string[]): Task {
  if (now.kind === kind) return now;
  const output = 'output' in now && outputs.includes(now.output) ? now.output : (outputs[0] ?? '');
  switch (kind) {
    case 'classification':
      return { kind, output, values: 'logits', classOffset: 0 };
    case 'text':
      return { kind, output, decode: 'ctc', blank: 0, alphabet: [] };
    case 'detection':
      return {
        kind,
        decoder: 'boxes',
        outputs: Object.fromEntries(
          ['boxes', 'scores', 'classes'].map((role, i) => [role, outputs[i] ?? output]),
        ),
        scoreThreshold: 0.05,
        nmsIou: 0.5,
      };
    case 'segmentation':
      return { kind, output };
    case 'regression':
      return { kind, output };
    case 'agreement':
      return { kind };
    default:
      return kind satisfies never;
  }
}
