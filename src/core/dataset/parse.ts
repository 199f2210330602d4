/**
 * Text or JSON to a description of data, checked value by value, and back. It must not know files, models or recipes:
 * whether a description fits a set and a model is seen when it is used.
 */
import { defineKey, jsonReader, showValue } from '../json-reader.ts';
import { parseFit } from './parse-fit.ts';
import { parseTask } from './parse-task.ts';
import type { DataConfig, InputFit, SplitConfig } from './types.ts';

const CODE = 'data-invalid';
const WHAT = 'The data description';
const HINT = 'Choose a data description or a recipe that Pare has saved, or correct it and open it again.';
const json = jsonReader(CODE, WHAT, HINT);

/** A description holds names and numbers; a million classes and as many left-out samples stay below this. */
const MOST_CHARACTERS = 128 * 1024 * 1024;
const MOST_INPUTS = 1000;
const MOST_NAMES = 1_000_000;
const MOST_NAME = 1000;
const MOST_KEY = 4096;
const MOST_SEED = 2 ** 32 - 1;

/**
 * @param input the text of a file, or what JSON.parse made of it.
 * @param at where the description stands in what was opened.
 * @throws PareError `data-invalid` at the JSON path of the first thing that is wrong.
 */
export function parseDataConfig(input: unknown, at = '$'): DataConfig {
  const root = json.record(fromText(input), at);
  if (root['format'] !== 'pare-data') {
    throw json.invalid(`${at}.format`, `"pare-data" is expected, ${showValue(root['format'])} was found`);
  }
  if (root['version'] !== 1) {
    throw json.invalid(
      `${at}.version`,
      `version 1 is expected, ${showValue(root['version'])} was found`,
      'The description comes from a newer Pare. Update this one.',
    );
  }
  json.record(root, at, ['format', 'version', 'name', 'inputs', 'task', 'classes', 'split', 'exclude']);
  return {
    format: 'pare-data',
    version: 1,
    name: json.text(root['name'], `${at}.name`, MOST_NAME),
    inputs: parseInputs(root['inputs'], `${at}.inputs`),
    task: parseTask(json, root['task'], `${at}.task`),
    classes: texts(root['classes'], `${at}.classes`, MOST_NAME),
    split: parseSplit(root['split'], `${at}.split`),
    exclude: texts(root['exclude'] ?? [], `${at}.exclude`, MOST_KEY),
  };
}

/**
 * The description in a file that is one, or in a recipe that carries one.
 * @throws PareError `data-invalid` when the file holds none.
 */
export function dataConfigOf(input: unknown): DataConfig {
  const root = json.record(fromText(input), '$');
  if (root['format'] !== 'pare-recipe') return parseDataConfig(root);
  if (root['data'] !== undefined) return parseDataConfig(root['data'], '$.data');
  throw json.invalid(
    '$.data',
    'the recipe carries no data description',
    'Save the recipe again while the data is open, or choose a data description.',
  );
}

/** The description as JSON with two spaces, keys in one order; equal descriptions give equal text. */
export function stringifyDataConfig(config: DataConfig): string {
  return `${JSON.stringify(dataConfigJson(config), null, 2)}\n`;
}

/** As `stringifyDataConfig`, to be put into another file. */
export function dataConfigJson(config: DataConfig): object {
  const { format, version, name, inputs, task, classes, split, exclude } = config;
  return {
    format,
    version,
    name,
    inputs: sortedKeys(inputs),
    task: sortedKeys(task),
    classes,
    split: sortedKeys(split),
    exclude,
  };
}

/** Plain objects with their keys in order; lists keep theirs. */
function sortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (inner !== undefined) defineKey(sorted, key, sortedKeys(inner));
  }
  return sorted;
}

function fromText(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  if (input.length > MOST_CHARACTERS) {
    throw json.invalid('$', `a text of ${input.length} characters is no data description`);
  }
  return json.parse(input);
}

function parseInputs(input: unknown, at: string): Record<string, InputFit> {
  const entries = Object.entries(json.record(input, at));
  if (entries.length > MOST_INPUTS) {
    throw json.invalid(at, `${entries.length} inputs were found, at most ${MOST_INPUTS} are taken`);
  }
  const inputs: Record<string, InputFit> = {};
  for (const [name, fit] of entries) {
    defineKey(inputs, name, parseFit(json, fit, `${at}[${JSON.stringify(name.slice(0, MOST_NAME))}]`));
  }
  return inputs;
}

function parseSplit(input: unknown, at: string): SplitConfig {
  const split = json.record(input, at, ['seed', 'calibration', 'holdBack']);
  return {
    seed: json.whole(split['seed'], `${at}.seed`, 0, MOST_SEED),
    calibration: json.whole(split['calibration'], `${at}.calibration`, 0, MOST_NAMES),
    holdBack: json.number(split['holdBack'], `${at}.holdBack`, 0, 0.5),
  };
}

function texts(input: unknown, at: string, most: number): string[] {
  return json.list(input, at, MOST_NAMES).map((each, i) => json.text(each, `${at}[${i}]`, most));
}
