/**
 * Text or JSON to a recipe, checked value by value against the passes' own schemas. It must not know models: whether a
 * layer exists is seen when the recipe is run.
 */
import { PareError } from '../errors.ts';
import { findPassMeta, PASS_METAS } from '../passes/metas.ts';
import { checkValue, showValue } from '../passes/params.ts';
import type { ParamValue, ParamValues, PassMeta } from '../passes/types.ts';
import type { Recipe, RecipeStep } from './types.ts';

/** More steps than any recipe has use for; a bound on what a file can make this program do. */
const MAX_STEPS = 100;
/** Seeds are exact in 32 bits everywhere. */
const MAX_SEED = 2 ** 32 - 1;

/**
 * @param input the text of a recipe file, or what JSON.parse made of it.
 * @throws PareError `recipe-invalid` at the JSON path of the first thing that is wrong.
 */
export function parseRecipe(input: unknown): Recipe {
  const root = record(typeof input === 'string' ? parseJson(input) : input, '$');
  if (root['format'] !== 'pare-recipe') {
    throw invalid(
      '$.format',
      `"pare-recipe" is expected, ${showValue(root['format'])} was found`,
      'Choose a recipe that Pare has saved.',
    );
  }
  if (root['version'] !== 1) {
    throw invalid(
      '$.version',
      `version 1 is expected, ${showValue(root['version'])} was found`,
      'The recipe comes from a newer Pare. Update this one.',
    );
  }
  refuseOtherKeys(root, ['format', 'version', 'seed', 'steps'], '$');
  const seed = root['seed'] ?? 1;
  if (typeof seed !== 'number' || !Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw invalid('$.seed', `a whole number from 0 to ${MAX_SEED} is expected, ${showValue(seed)} was found`);
  }
  const steps = root['steps'];
  if (!Array.isArray(steps))
    throw invalid('$.steps', `a list of steps is expected, ${showValue(steps)} was found`);
  if (steps.length > MAX_STEPS)
    throw invalid('$.steps', `${steps.length} steps were found, at most ${MAX_STEPS} are taken`);
  return {
    format: 'pare-recipe',
    version: 1,
    seed,
    steps: steps.map((step: unknown, i) => parseStep(step, `$.steps[${i}]`)),
  };
}

function parseStep(input: unknown, at: string): RecipeStep {
  const step = record(input, at);
  refuseOtherKeys(step, ['pass', 'params', 'layers'], at);
  const id = step['pass'];
  const meta = typeof id === 'string' ? findPassMeta(id) : undefined;
  if (meta === undefined) {
    const ids = PASS_METAS.map((known) => known.id).join(', ');
    throw invalid(`${at}.pass`, `there is no pass ${showValue(id)}`, `Passes: ${ids}.`);
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
  for (const [id, values] of Object.entries(record(input, at))) {
    define(layers, id, parseValues(meta, meta.layerParams, values, `${at}[${JSON.stringify(id)}]`));
  }
  return layers;
}

function parseValues(meta: PassMeta, allowed: readonly string[], input: unknown, at: string): ParamValues {
  const values: Record<string, ParamValue> = {};
  for (const [name, value] of Object.entries(record(input, at))) {
    if (!allowed.includes(name)) {
      const what = allowed === meta.layerParams ? 'cannot be set for one layer' : 'is unknown';
      const hint = allowed.length === 0 ? `"${meta.id}" has none.` : `Known here: ${allowed.join(', ')}.`;
      throw invalid(`${at}.${name}`, `the parameter "${name}" of "${meta.id}" ${what}`, hint);
    }
    const result = checkValue(meta.params[name], value);
    if ('problem' in result) throw invalid(`${at}.${name}`, result.problem);
    values[name] = result.value;
  }
  return values;
}

function parseJson(text: string): unknown {
  try {
    // Some editors open a file with a byte order mark; the page's reader drops it as well.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw invalid('$', `this is no JSON (${detail})`, 'Choose a recipe that Pare has saved.');
  }
}

function record(input: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    return input as Readonly<Record<string, unknown>>;
  }
  throw invalid(at, `an object is expected, ${showValue(input)} was found`);
}

function refuseOtherKeys(
  input: Readonly<Record<string, unknown>>,
  known: readonly string[],
  at: string,
): void {
  const other = Object.keys(input).find((key) => !known.includes(key));
  if (other !== undefined)
    throw invalid(`${at}.${other}`, `"${other}" is unknown here`, `Known: ${known.join(', ')}.`);
}

/** A layer may be named `__proto__`: plain assignment would lose it. */
function define<T>(target: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function invalid(at: string, problem: string, hint = 'Correct the recipe and open it again.'): PareError {
  return new PareError('recipe-invalid', `The recipe is wrong at ${at}: ${problem}.`, { at, hint });
}
