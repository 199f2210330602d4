/** A goal as it is typed: texts with units, checked before they become one. Pure. */
import type { Goal, Objective } from '../../../core/goal/types.ts';

export type GoalUnit = 'fraction' | 'plain';

export interface GoalDraft {
  readonly objective: Objective;
  readonly loss: string;
  readonly accuracy: string;
  readonly megabytes: string;
  readonly millis: string;
  readonly speedup: string;
  readonly memoryMegabytes: string;
  readonly neverSlower: boolean;
}

export type GoalField = Exclude<keyof GoalDraft, 'objective' | 'neverSlower'>;

export type ParsedGoal =
  | { readonly ok: true; readonly goal: Goal }
  | { readonly ok: false; readonly errors: Readonly<Partial<Record<GoalField, string>>> };

const BYTES = 1e6;

export function draftOfGoal(goal: Goal, unit: GoalUnit): GoalDraft {
  const share = unit === 'fraction' ? 100 : 1;
  return {
    objective: goal.objective,
    loss: textOf(goal.maxLoss, share),
    accuracy: textOf(goal.minAccuracy, share),
    megabytes: textOf(goal.maxBytes, 1 / BYTES),
    millis: textOf(goal.maxMillis, 1),
    speedup: textOf(goal.minSpeedup, 1),
    memoryMegabytes: textOf(goal.maxMemoryBytes, 1 / BYTES),
    neverSlower: goal.neverSlower,
  };
}

/** Ten digits: what was typed comes back as it was, not as 0.30000000000000004. */
function textOf(value: number | undefined, factor: number): string {
  return value === undefined ? '' : String(Number((value * factor).toPrecision(10)));
}

export function parseGoal(draft: GoalDraft, unit: GoalUnit): ParsedGoal {
  const errors: Partial<Record<GoalField, string>> = {};
  const read = (field: GoalField, limits: Limits, factor: number): number | undefined => {
    const text = draft[field].trim();
    if (text === '') return undefined;
    const value = numberIn(text);
    const wrong = value === null ? 'Type a number, such as 0.5.' : outside(value, limits);
    if (wrong !== null || value === null) {
      errors[field] = wrong ?? '';
      return undefined;
    }
    return Number((value * factor).toPrecision(12));
  };
  const fraction = unit === 'fraction';
  const values = {
    maxLoss: read('loss', fraction ? PERCENT_OR_NONE : NOT_NEGATIVE, fraction ? 0.01 : 1),
    minAccuracy: read('accuracy', fraction ? PERCENT_OR_NONE : NOT_NEGATIVE, fraction ? 0.01 : 1),
    maxBytes: read('megabytes', POSITIVE, BYTES),
    maxMillis: read('millis', POSITIVE, 1),
    minSpeedup: read('speedup', POSITIVE, 1),
    maxMemoryBytes: read('memoryMegabytes', POSITIVE, BYTES),
  };
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const set = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return { ok: true, goal: { objective: draft.objective, ...set, neverSlower: draft.neverSlower } };
}

interface Limits {
  readonly low: number;
  readonly high: number;
  readonly lowOpen: boolean;
}

const POSITIVE: Limits = { low: 0, high: Number.MAX_SAFE_INTEGER, lowOpen: true };
const NOT_NEGATIVE: Limits = { low: 0, high: Number.MAX_SAFE_INTEGER, lowOpen: false };
const PERCENT_OR_NONE: Limits = { low: 0, high: 100, lowOpen: false };

function outside(value: number, { low, high, lowOpen }: Limits): string | null {
  if (lowOpen && value <= low) return 'It must be above 0.';
  if (value < low) return 'It must not be below 0.';
  if (value > high) return high === 100 ? 'It cannot be above 100.' : 'That is too large.';
  return null;
}

/** '0,5' is how half of the world writes a half. */
function numberIn(text: string): number | null {
  const value = Number(text.replace(',', '.'));
  return Number.isFinite(value) && /^[-+]?[\d.,]+(e[-+]?\d+)?$/i.test(text) ? value : null;
}
