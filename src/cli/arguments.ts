/**
 * The command line as data: which command, which files, which options. It must not know what the commands do. Every mistake is a PareError `usage` that names what was given.
 */
import { parseArgs } from 'node:util';
import type { DataPart } from '../core/dataset/types.ts';
import { LAYER_OPTIONS, type LayerOption } from '../core/search/types.ts';
import { TARGET_IDS, type TargetId } from '../core/targets/types.ts';
import { byteSize, dimensions, factor, firstSentence, loss, oneOf, usage, whole } from './argument-values.ts';
import {
  DEFAULT_BUDGET_SECONDS,
  DEFAULT_SENSITIVITY_OPTIONS,
  DEFAULT_SENSITIVITY_SAMPLES,
} from './defaults.ts';

/** A set, and how it fits the model. */
export interface DataArguments {
  /** Files and folders of one set; none = no data. */
  readonly data: readonly string[];
  readonly dataConfig: string | undefined;
}

/** What methods may look at, and where the model will run. */
export interface CalibrationArguments extends DataArguments {
  /** At most so many samples; undefined = what the recipe says, else the default. */
  readonly calibration: number | undefined;
  /** Undefined = what the recipe says, else the default. */
  readonly target: TargetId | undefined;
}

export type Command =
  | { readonly name: 'help'; readonly json: boolean }
  | { readonly name: 'version'; readonly json: boolean }
  | { readonly name: 'inspect'; readonly model: string; readonly json: boolean }
  | ({
      readonly name: 'optimize';
      readonly model: string;
      readonly recipe: string;
      readonly output: string;
      readonly json: boolean;
    } & CalibrationArguments)
  | ({
      readonly name: 'tune';
      readonly model: string;
      /** In the unit of the task's metric: 0.005 is half a point. */
      readonly maxLoss: number | undefined;
      readonly maxBytes: number | undefined;
      readonly minSpeedup: number | undefined;
      readonly options: readonly LayerOption[];
      readonly threads: number;
      readonly seed: number;
      /** Where the best model is written. */
      readonly output: string | undefined;
      readonly recipeOutput: string | undefined;
      readonly json: boolean;
    } & CalibrationArguments)
  | ({
      readonly name: 'sensitivity';
      readonly model: string;
      readonly options: readonly LayerOption[];
      readonly samples: number;
      readonly seed: number;
      readonly json: boolean;
    } & CalibrationArguments)
  | ({
      readonly name: 'doctor';
      readonly model: string;
      readonly against: string | undefined;
      readonly target: TargetId | undefined;
      readonly json: boolean;
    } & DataArguments)
  | { readonly name: 'targets'; readonly json: boolean }
  | {
      readonly name: 'measure';
      readonly model: string;
      readonly against: string | undefined;
      readonly threads: number;
      readonly seed: number;
      readonly dimensions: Readonly<Record<string, number>>;
      readonly budgetMillis: number;
      /** Files and folders of one set; none = no labelled data. */
      readonly data: readonly string[];
      readonly dataConfig: string | undefined;
      readonly part: DataPart;
      readonly json: boolean;
    }
  | {
      readonly name: 'data';
      /** Files and folders of one set. */
      readonly paths: readonly string[];
      readonly model: string | undefined;
      readonly seed: number;
      /** Where the proposed description is written. */
      readonly output: string | undefined;
      readonly json: boolean;
    }
  | {
      readonly name: 'profile';
      readonly model: string;
      readonly threads: number;
      readonly seed: number;
      readonly dimensions: Readonly<Record<string, number>>;
      readonly budgetMillis: number;
      /** Where the trace is written. */
      readonly output: string | undefined;
      readonly json: boolean;
    };

const MAX_THREADS = 64;
const MAX_SEED = 2 ** 32 - 1;
const MAX_BUDGET_SECONDS = 3600;
const MAX_CALIBRATION_SAMPLES = 100_000;
const PARTS: readonly DataPart[] = ['evaluation', 'calibration', 'hold-back'];

const OPTIONS = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  recipe: { type: 'string', short: 'r' },
  output: { type: 'string', short: 'o' },
  against: { type: 'string' },
  threads: { type: 'string' },
  seed: { type: 'string' },
  dim: { type: 'string', multiple: true },
  budget: { type: 'string' },
  data: { type: 'string', multiple: true },
  'data-config': { type: 'string' },
  part: { type: 'string' },
  for: { type: 'string' },
  calibration: { type: 'string' },
  target: { type: 'string' },
  'max-loss': { type: 'string' },
  'max-bytes': { type: 'string' },
  'min-speedup': { type: 'string' },
  options: { type: 'string' },
  samples: { type: 'string' },
  'recipe-out': { type: 'string' },
} as const;

type OptionName = keyof typeof OPTIONS;

const DATA: readonly OptionName[] = ['data', 'data-config'];
const CALIBRATION: readonly OptionName[] = [...DATA, 'calibration', 'target'];
const RUNS: readonly OptionName[] = ['threads', 'seed', 'dim', 'budget'];

type CommandName = Exclude<Command['name'], 'help' | 'version'>;

/** Options that belong to some commands only; the rest belong to all. */
const OWN_OPTIONS: Readonly<Record<CommandName, readonly OptionName[]>> = {
  inspect: [],
  optimize: ['recipe', 'output', ...CALIBRATION],
  measure: ['against', 'part', ...RUNS, ...DATA],
  data: ['for', 'seed', 'output'],
  profile: ['output', ...RUNS],
  tune: [
    ...([
      'max-loss',
      'max-bytes',
      'min-speedup',
      'options',
      'threads',
      'seed',
      'output',
      'recipe-out',
    ] as const),
    ...CALIBRATION,
  ],
  sensitivity: ['options', 'samples', 'seed', ...CALIBRATION],
  doctor: ['against', 'target', ...DATA],
  targets: [],
};
const COMMON_OPTIONS: readonly OptionName[] = ['json', 'help', 'version'];

/** @throws PareError `usage` */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const json = values.json ?? false;
  const [name, model, ...rest] = positionals;
  if (values.help || name === 'help') return { name: 'help', json };
  if (values.version) return { name: 'version', json };
  if (!isCommand(name)) {
    throw usage(name === undefined ? 'No command was given.' : `There is no command "${name}".`);
  }
  refuseForeignOptions(name, values);
  if (name === 'data') return dataCommand(positionals.slice(1), values, json);
  if (name === 'targets') {
    if (model !== undefined) throw usage(`pare targets takes no file; "${model}" is one too many.`);
    return { name, json };
  }
  if (model === undefined || model === '') throw usage(`pare ${name} needs the path of a model.`);
  if (rest[0] !== undefined) throw usage(`pare ${name} takes one model; "${rest[0]}" is one too many.`);
  switch (name) {
    case 'inspect':
      return { name, model, json };
    case 'optimize':
      return optimizeCommand(model, values, json);
    case 'measure':
      return measureCommand(model, values, json);
    case 'profile':
      return { name, model, ...runOptions(values), output: values.output, json };
    case 'tune':
      return tuneCommand(model, values, json);
    case 'sensitivity':
      return sensitivityCommand(model, values, json);
    case 'doctor':
      if (values.data !== undefined && values.against === undefined) {
        throw usage(
          'pare doctor looks at how large values get in the original; --data needs --against as well.',
        );
      }
      return {
        name,
        model,
        against: values.against,
        ...dataOptions(name, values),
        target: targetOption(values),
        json,
      };
    default:
      return name satisfies never;
  }
}

type Values = ReturnType<typeof parse>['values'];

function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(OWN_OPTIONS, name);
}

function optimizeCommand(model: string, values: Values, json: boolean): Command {
  const { recipe, output } = values;
  if (recipe === undefined) throw usage('pare optimize needs --recipe, a file or the name of a preset.');
  if (output === undefined) throw usage('pare optimize needs -o, the file to write.');
  return { name: 'optimize', model, recipe, output, ...calibrationOptions('optimize', values), json };
}

function measureCommand(model: string, values: Values, json: boolean): Command {
  const part = PARTS.find((known) => known === (values.part ?? 'evaluation'));
  if (part === undefined) throw usage(`--part is "${values.part}"; it must be ${PARTS.join(', ')}.`);
  return {
    name: 'measure',
    model,
    against: values.against,
    ...runOptions(values),
    ...dataOptions('measure', values),
    part,
    json,
  };
}

function tuneCommand(model: string, values: Values, json: boolean): Command {
  return {
    name: 'tune',
    model,
    maxLoss: loss('--max-loss', values['max-loss']),
    maxBytes: byteSize('--max-bytes', values['max-bytes']),
    minSpeedup: factor('--min-speedup', values['min-speedup']),
    options: layerOptions(values, LAYER_OPTIONS),
    threads: threadsOf(values),
    seed: seedOf(values),
    output: values.output,
    recipeOutput: values['recipe-out'],
    ...calibrationOptions('tune', values),
    json,
  };
}

function sensitivityCommand(model: string, values: Values, json: boolean): Command {
  return {
    name: 'sensitivity',
    model,
    options: layerOptions(values, DEFAULT_SENSITIVITY_OPTIONS),
    samples: whole('--samples', values.samples, DEFAULT_SENSITIVITY_SAMPLES, 1, MAX_CALIBRATION_SAMPLES),
    seed: seedOf(values),
    ...calibrationOptions('sensitivity', values),
    json,
  };
}

function dataOptions(command: CommandName, values: Values): DataArguments {
  const data = values.data ?? [];
  if (data.length === 0 && values['data-config'] !== undefined) {
    throw usage(`--data-config describes data; pare ${command} needs --data as well.`);
  }
  return { data, dataConfig: values['data-config'] };
}

function calibrationOptions(command: CommandName, values: Values): CalibrationArguments {
  const { calibration } = values;
  return {
    ...dataOptions(command, values),
    calibration:
      calibration === undefined
        ? undefined
        : whole('--calibration', calibration, 1, 1, MAX_CALIBRATION_SAMPLES),
    target: targetOption(values),
  };
}

function targetOption({ target }: Values): TargetId | undefined {
  return target === undefined ? undefined : oneOf('--target', target, TARGET_IDS);
}

/** 'int8,int4' */
function layerOptions({ options }: Values, otherwise: readonly LayerOption[]): readonly LayerOption[] {
  if (options === undefined) return otherwise;
  const names = options.split(',').map((name) => oneOf('--options', name.trim(), LAYER_OPTIONS));
  if (names.every((name) => name === 'fp32')) {
    throw usage('--options names fp32 alone; give at least one precision beside it.');
  }
  return [...new Set(names)];
}

function dataCommand(paths: readonly string[], values: Values, json: boolean): Command {
  if (paths.length === 0 || paths.includes('')) throw usage('pare data needs the path of a file or folder.');
  if (values.output !== undefined && values.for === undefined) {
    throw usage('pare data writes a description (-o) of how data fits a model: --for MODEL is missing.');
  }
  return { name: 'data', paths, model: values.for, seed: seedOf(values), output: values.output, json };
}

function runOptions(values: Values) {
  return {
    threads: threadsOf(values),
    seed: seedOf(values),
    dimensions: dimensions(values.dim ?? []),
    budgetMillis: whole('--budget', values.budget, DEFAULT_BUDGET_SECONDS, 1, MAX_BUDGET_SECONDS) * 1000,
  };
}

function threadsOf({ threads }: Values): number {
  return whole('--threads', threads, 1, 1, MAX_THREADS);
}

function seedOf({ seed }: Values): number {
  return whole('--seed', seed, 1, 0, MAX_SEED);
}

/** Whether errors are wanted as JSON, also where the rest of the line makes no sense. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

/** In Node's words, but where a number below zero was taken for an option. */
function parseProblem(message: string): string {
  const option = /'(--?[\w-]+)[^']*' argument is ambiguous/.exec(message)?.[1];
  if (option === undefined) return firstSentence(message);
  return `The value of ${option} begins with "-"; numbers here are not below zero, and a name is written ${option}=NAME.`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(error instanceof Error ? parseProblem(error.message) : String(error));
  }
}

function refuseForeignOptions(
  command: CommandName,
  values: Readonly<Partial<Record<OptionName, unknown>>>,
): void {
  const known = [...COMMON_OPTIONS, ...OWN_OPTIONS[command]];
  const foreign = Object.keys(values).find((option) => !known.some((name) => name === option));
  if (foreign !== undefined) throw usage(`pare ${command} has no option --${foreign}.`);
}
