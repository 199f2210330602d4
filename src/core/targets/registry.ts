/** All targets, listed by hand. It must not know passes. */
import { PareError } from '../errors.ts';
import { ortWasm } from './ort-wasm.ts';
import { DEFAULT_TARGET, TARGET_IDS } from './types.ts';
import type { Target, TargetId } from './types.ts';

export const TARGETS: readonly Target[] = [ortWasm];

/** @throws PareError `unsupported` when the target is not known */
export function targetOf(id: TargetId = DEFAULT_TARGET): Target {
  const found = TARGETS.find((target) => target.id === id);
  if (found !== undefined) return found;
  throw new PareError('unsupported', `There is no target "${id}".`, {
    hint: `Targets: ${TARGETS.map((target) => target.id).join(', ')}.`,
  });
}

export function isTargetId(text: unknown): text is TargetId {
  return TARGET_IDS.some((id) => id === text);
}
