/**
 * Text or JSON to a recipe, checked value by value against the passes' own schemas. It must not know models: whether a
 * layer exists is seen when the recipe is run.
 */
import { parseDataConfig } from '../dataset/parse.ts';
import { defineKey, jsonReader, showValue } from '../json-reader.ts';
import { findPassMeta, PASS_METAS } from '../passes/metas.ts';
import { checkValue } from '../passes/params.ts';
import { isTargetId } from '../targets/registry.ts';
import { TARGET_IDS } from '../targets/types.ts';
import type { ParamValue, ParamValues, PassMeta } from '../passes/types.ts';
import type { Recipe, RecipeStep } from './types.ts';

const json = jsonReader('recipe-invalid', 'The recipe', 'Correct the recipe and open it again.');

/** More steps than any recipe has use for; a bound on what a file can make this program do. */
const MAX_STEPS = 100;
/** More samples than any method here gains from. */
const MAX_CALIBRATION = 100_000;
/** Seeds are exact in 32 bits everywhere. */
const MAX_SEED = 2 ** 32 - 1;

/**
 * @param input the text of a recipe file, or what JSON.parse made of it.
 * @throws PareError `recipe-invalid` at the JSON path of the first thing that is wrong.
 */
export function parseRecipe(input: unknown): Recipe {
  const root = json.record(typeof input === 'string' ? json.parse(input) : input, '$');
  if (root['format'] !== 'pare-recipe') {
    throw json.invalid(
      '$.format',
      `"pare-recipe" is expected, ${showValue(root['format'])} was found`,
      'Choose a recipe that Pare has saved.',
    );
  }
  if (root['version'] !== 1) {
    throw json.invalid(
      '$.version',
      `version 1 is expected, ${showValue(root['version'])} was found`,
      'The recipe comes from a newer Pare. Update this one.',
    );
  }
  json.record(root, '$', ['format', 'version', 'seed', 'target', 'calibration', 'steps', 'data']);
  const seed = json.whole(root['seed'] ?? 1, '$.seed', 0, MAX_SEED);
  const steps = root['steps'];
  if (!Array.isArray(steps))
    throw json.invalid('$.steps', `a list of steps is expected, ${showValue(steps)} was found`);
  if (steps.length > MAX_STEPS)
    throw json.invalid('$.steps', `${steps.length} steps were found, at most ${MAX_STEPS} are taken`);
  return {
    format: 'pare-recipe',
    version: 1,
    seed,
    ...parseTarget(root['target']),
    ...parseCalibration(root['calibration']),
    steps: steps.map((step: unknown, i) => parseStep(step, `$.steps[${i}]`)),
    ...(root['data'] === undefined ? {} : { data: parseDataConfig(root['data'], '$.data') }),
  };
}

function parseTarget(input: unknown): Pick<Recipe, 'target'> {
  if (input === undefined) return {};
  if (isTargetId(input)) return { target: input };
  const known = TARGET_IDS.join(', ');
  throw json.invalid('$.target', `there is no target ${showValue(input)}`, `Targets: ${known}.`);
}

function parseCalibration(input: unknown): Pick<Recipe, 'calibration'> {
  if (input === undefined) return {};
  const { samples } = json.record(input, '$.calibration', ['samples']);
  return { calibration: { samples: json.whole(samples, '$.calibration.samples', 1, MAX_CALIBRATION) } };
}

function parseStep(input: unknown, at: string): RecipeStep {
  const step = json.record(input, at, ['pass', 'params', 'layers']);
  const id = step['pass'];
  const meta = typeof id === 'string' ? findPassMeta(id) : undefined;
  if (meta === undefined) {
    const ids = PASS_METAS.map((known) => known.id).join(', ');
    throw json.invalid(`${at}.pass`, `there is no pass ${showValue(id)}`, `Passes: ${ids}.`);
  }
  const params = step['params'];
  const layers = step['layers'];
  return {
    pass: meta.id,
    ...(params === undefined
      ? {}
      : { params: parseValues(meta, Object.keys(meta.params), params, `${at}.params`) }),
    ...(layers === undefined ? {} : { layers: parseLayers(meta, layers, `${at}.layers`) }),
  };
}

function parseLayers(meta: PassMeta, input: unknown, at: string): Record<string, ParamValues> {
  const layers: Record<string, ParamValues> = {};
  for (const [id, values] of Object.entries(json.record(input, at))) {
    defineKey(layers, id, parseValues(meta, meta.layerParams, values, `${at}[${JSON.stringify(id)}]`));
  }
  return layers;
}

function parseValues(meta: PassMeta, allowed: readonly string[], input: unknown, at: string): ParamValues {
  const values: Record<string, ParamValue> = {};
  for (const [name, value] of Object.entries(json.record(input, at))) {
    if (!allowed.includes(name)) {
      const what = allowed === meta.layerParams ? 'cannot be set for one layer' : 'is unknown';
      const hint = allowed.length === 0 ? `"${meta.id}" has none.` : `Known here: ${allowed.join(', ')}.`;
      throw json.invalid(`${at}.${name}`, `the parameter "${name}" of "${meta.id}" ${what}`, hint);
    }
    const result = checkValue(meta.params[name], value);
    if ('problem' in result) throw json.invalid(`${at}.${name}`, result.problem);
    values[name] = result.value;
  }
  return values;
}
