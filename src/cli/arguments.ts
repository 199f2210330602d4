/**
 * The command line as data: which command, which files, which options; with the help text. It must not know what the
 * commands do. Every mistake is a PareError `usage` that names what was given.
 */
import { parseArgs } from 'node:util';
import type { DataPart } from '../core/dataset/types.ts';
import { PareError } from '../core/errors.ts';

export type Command =
  | { readonly name: 'help'; readonly json: boolean }
  | { readonly name: 'version'; readonly json: boolean }
  | { readonly name: 'inspect'; readonly model: string; readonly json: boolean }
  | {
      readonly name: 'optimize';
      readonly model: string;
      readonly recipe: string;
      readonly output: string;
      readonly json: boolean;
    }
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
const DEFAULT_BUDGET_SECONDS = 10;
const PARTS: readonly DataPart[] = ['evaluation', 'calibration', 'hold-back'];

export const HELP = `Pare makes ONNX models smaller and measures what that costs.

pare inspect MODEL [--json]
    What is in the model: its layers, their weights, what can be compressed.

pare optimize MODEL --recipe FILE|PRESET -o OUT [--json]
    Applies a recipe and writes the smaller model. The same model and recipe give
    the same bytes as in the page. A recipe is a JSON file saved by the page, or a preset:
    fp16, int8, int4, sparse50, sparse80, int8-sparse80.

pare measure MODEL [--against ORIGINAL] [--data PATH] [--json]
    Runs the model in onnxruntime-web: latency and memory; against the original also how far
    their outputs agree. With labelled data: accuracy of both on the same samples, and the
    difference with its 95 % interval.
    --data PATH    a file or folder of the set (zip or folder of images, npz, npy, csv,
                   IDX, wav, text); repeatable: files that belong together
    --data-config FILE  how the data fits the model, saved by the page or by pare data;
                   without it the likeliest fit is found by trying
    --part NAME    evaluation (default), calibration or hold-back
    --threads N    threads of the runtime (default 1)
    --dim NAME=N   value of a free dimension, by its name or as input:axis; repeatable
    --seed N       seed of everything that is drawn (default 1)
    --budget S     at most S seconds of latency runs (default ${DEFAULT_BUDGET_SECONDS})

pare data PATH... [--for MODEL] [-o CONFIG] [--json]
    What is in the data: samples, classes, copies, what cannot be read; for a model also
    how the data fits it, found by trying, with the evidence.
    -o CONFIG      writes the proposed description to a file for --data-config

pare profile MODEL [-o TRACE] [--json]
    Time of each operator by the runtime's own profile, operations and activation memory.
    -o TRACE       writes the runs as a Chrome trace for Perfetto or TensorBoard
    --threads, --dim, --seed, --budget as for measure

--json prints one JSON object on stdout; errors are {"error":{code,message,at,hint}}.
Exit codes: 0 done, 1 internal error, 2 bad usage, 3 bad model, 4 unsupported.
`;

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
} as const;

type OptionName = keyof typeof OPTIONS;

/** Options that belong to one command only; the rest belong to all. */
const OWN_OPTIONS: Readonly<
  Record<'inspect' | 'optimize' | 'measure' | 'data' | 'profile', readonly OptionName[]>
> = {
  inspect: [],
  optimize: ['recipe', 'output'],
  measure: ['against', 'threads', 'seed', 'dim', 'budget', 'data', 'data-config', 'part'],
  data: ['for', 'seed', 'output'],
  profile: ['threads', 'seed', 'dim', 'budget', 'output'],
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
    default:
      return name satisfies never;
  }
}

type Values = ReturnType<typeof parse>['values'];

function isCommand(name: string | undefined): name is keyof typeof OWN_OPTIONS {
  return name !== undefined && Object.hasOwn(OWN_OPTIONS, name);
}

function optimizeCommand(model: string, { recipe, output }: Values, json: boolean): Command {
  if (recipe === undefined) throw usage('pare optimize needs --recipe, a file or the name of a preset.');
  if (output === undefined) throw usage('pare optimize needs -o, the file to write.');
  return { name: 'optimize', model, recipe, output, json };
}

function measureCommand(model: string, values: Values, json: boolean): Command {
  const data = values.data ?? [];
  if (data.length === 0 && values['data-config'] !== undefined) {
    throw usage('--data-config describes data; pare measure needs --data as well.');
  }
  const part = PARTS.find((known) => known === (values.part ?? 'evaluation'));
  if (part === undefined) throw usage(`--part is "${values.part}"; it must be ${PARTS.join(', ')}.`);
  return {
    name: 'measure',
    model,
    against: values.against,
    ...runOptions(values),
    data,
    dataConfig: values['data-config'],
    part,
    json,
  };
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
    threads: whole('--threads', values.threads, 1, 1, MAX_THREADS),
    seed: seedOf(values),
    dimensions: dimensions(values.dim ?? []),
    budgetMillis: whole('--budget', values.budget, DEFAULT_BUDGET_SECONDS, 1, MAX_BUDGET_SECONDS) * 1000,
  };
}

function seedOf({ seed }: Values): number {
  return whole('--seed', seed, 1, 0, MAX_SEED);
}

/** Whether errors are wanted as JSON, also where the rest of the line makes no sense. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(error instanceof Error ? firstSentence(error.message) : String(error));
  }
}

function refuseForeignOptions(
  command: keyof typeof OWN_OPTIONS,
  values: Readonly<Partial<Record<OptionName, unknown>>>,
): void {
  const known = [...COMMON_OPTIONS, ...OWN_OPTIONS[command]];
  const foreign = Object.keys(values).find((option) => !known.some((name) => name === option));
  if (foreign !== undefined) throw usage(`pare ${command} has no option --${foreign}.`);
}

function whole(
  option: string,
  text: string | undefined,
  otherwise: number,
  low: number,
  high: number,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw usage(`${option} is "${text}"; it must be a whole number from ${low} to ${high}.`);
}

function dimensions(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const split = text.lastIndexOf('=');
      if (split <= 0) throw usage(`--dim is "${text}"; it must look like batch=1 or input:0=1.`);
      const name = text.slice(0, split);
      return [name, whole(`--dim ${name}`, text.slice(split + 1), 1, 0, Number.MAX_SAFE_INTEGER)];
    }),
  );
}

/** Node's messages go on with advice about its own API. */
function firstSentence(text: string): string {
  return /^[^]*?\.(?=\s|$)/.exec(text)?.[0] ?? `${text}.`;
}

function usage(message: string): PareError {
  return new PareError('usage', message, { hint: 'Run "pare --help" for what there is.' });
}
