/** A hash of what a model computes, so that equal models share statistics. It must not know what is asked of them. */
import { sha256Hex } from '../bytes/hash.ts';
import { isSpan } from '../bytes/spans.ts';
import type { BytePart, ByteSource } from '../bytes/source.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';

/** Hashes of spans that were read before: weights that no pass touches are hashed once. */
const known = new WeakMap<ByteSource, Map<string, string>>();
const keys = new WeakMap<Model, string>();

/** @param model without encoded weights. Every byte counts: a pass may change a single channel. */
export function modelKey(model: Model): string {
  const kept = keys.get(model);
  if (kept !== undefined) return kept;
  const written = writeModel(model);
  const parts = [...written.model, ...written.data.flatMap((file) => file.parts)].map(digest);
  const key = sha256Hex([new TextEncoder().encode(parts.join(' '))]).slice(0, 32);
  keys.set(model, key);
  return key;
}

function digest(part: BytePart): string {
  if (!isSpan(part)) return sha256Hex(part);
  const spans = known.get(part.source) ?? new Map<string, string>();
  known.set(part.source, spans);
  const place = `${part.start}+${part.length}`;
  const found = spans.get(place) ?? sha256Hex([part]);
  spans.set(place, found);
  return found;
}
