/**
 * Parameter values against a pass's schema: defaults filled in, layer overrides merged. It must not know what a
 * parameter means.
 */
import { showValue } from '../json-reader.ts';
import type { ParamSpec, ParamValue, ParamValues, PassMeta } from './types.ts';

/** The values of every parameter: what was given, else the default. Values are taken as checked (recipe/parse.ts). */
export function withDefaults(meta: PassMeta, params: ParamValues): ParamValues {
  const values: Record<string, ParamValue> = {};
  for (const [name, spec] of Object.entries(meta.params)) values[name] = params[name] ?? spec.default;
  return values;
}

/** Params of one layer: the step's, with the layer's own on top. */
export function layerValues(
  meta: PassMeta,
  params: ParamValues,
  layers: Readonly<Record<string, ParamValues>>,
  layer: string,
): ParamValues {
  const own = Object.hasOwn(layers, layer) ? layers[layer] : {};
  return withDefaults(meta, { ...params, ...own });
}

/**
 * The value as the schema wants it, or a sentence that says what is wrong with it. A number is accepted for a choice
 * whose options are written as numbers.
 */
export function checkValue(spec: ParamSpec, value: unknown): { value: ParamValue } | { problem: string } {
  switch (spec.kind) {
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value))
        return { problem: `a number is expected, ${showValue(value)} was found` };
      if (value < spec.min || value > spec.max)
        return { problem: `${value} is outside ${spec.min}…${spec.max}` };
      return { value };
    case 'choice': {
      const text = typeof value === 'number' ? String(value) : value;
      const options = spec.options.map((option) => option.value);
      if (typeof text === 'string' && options.includes(text)) return { value: text };
      return { problem: `one of ${options.join(', ')} is expected, ${showValue(value)} was found` };
    }
    case 'flag':
      return typeof value === 'boolean'
        ? { value }
        : { problem: `true or false is expected, ${showValue(value)} was found` };
    default:
      return spec satisfies never;
  }
}
