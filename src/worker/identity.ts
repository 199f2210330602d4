/** Ids that are the same for the same content, in every worker and on every machine. It must not know what it names. */
import { sha256Hex } from '../core/bytes/hash.ts';
import type { ByteSource, ByteSpan } from '../core/bytes/source.ts';
import { recipeIdentity } from '../core/recipe/stringify.ts';
import type { Recipe } from '../core/recipe/types.ts';

/** Up to this size every byte counts; hashing it takes about a tenth of a second. */
const WHOLE_BYTES = 16 * 1024 * 1024;
const SAMPLES = 64;
const SAMPLE_BYTES = 64 * 1024;
/** 64 bits: no collision among the handful of ids of a session. */
const ID_DIGITS = 16;

/**
 * Of a model's files, the model first. Large files count by their size and evenly spread samples, which tells models
 * apart that differ in a name or in training; it is an id, not a proof.
 */
export function modelIdOf(sources: readonly ByteSource[]): string {
  const sizes = new TextEncoder().encode(sources.map(({ size }) => size).join(','));
  return sha256Hex([sizes, ...sources.flatMap(sampled)]).slice(0, ID_DIGITS);
}

function sampled(source: ByteSource): ByteSpan[] {
  const { size } = source;
  if (size <= WHOLE_BYTES) return [{ source, start: 0, length: size }];
  const stride = (size - SAMPLE_BYTES) / (SAMPLES - 1);
  return Array.from({ length: SAMPLES }, (_, i) => ({
    source,
    start: Math.floor(i * stride),
    length: SAMPLE_BYTES,
  }));
}

/**
 * hash(model, recipe[, samples]); the data that the recipe was judged on changes no byte.
 * @param samplesKey of the user's samples, where a step may look at them
 */
export function variantIdOf(modelId: string, recipe: Recipe, samplesKey?: string): string {
  const samples = samplesKey === undefined ? '' : ` ${samplesKey}`;
  const text = `${modelId} ${recipeIdentity(recipe)}${samples}`;
  return sha256Hex(new TextEncoder().encode(text)).slice(0, ID_DIGITS);
}
