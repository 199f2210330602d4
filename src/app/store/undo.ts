/** Undo and redo over immutable values. Pure: it must not know what the values are. */

export interface UndoHistory<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** The gesture that made `present`; further edits of the same gesture replace it instead of adding a step. */
  readonly gesture: string | null;
}

/** Enough for an afternoon of dragging; drafts share their parts, so a step costs little memory. */
const LIMIT = 500;

export function startHistory<T>(present: T): UndoHistory<T> {
  return { past: [], present, future: [], gesture: null };
}

/**
 * Makes `next` the present. With a `gesture`, consecutive edits of that gesture are one step for undo: a drag from
 * fp32 to int4 is taken back at once, not stop by stop.
 */
export function record<T>(history: UndoHistory<T>, next: T, gesture: string | null = null): UndoHistory<T> {
  if (Object.is(next, history.present)) return history;
  if (gesture !== null && gesture === history.gesture) return { ...history, present: next, future: [] };
  return { past: [...history.past, history.present].slice(-LIMIT), present: next, future: [], gesture };
}

/** The next edit starts a step of its own, even when it carries the same gesture. */
export function endGesture<T>(history: UndoHistory<T>): UndoHistory<T> {
  return history.gesture === null ? history : { ...history, gesture: null };
}

export function canUndo(history: UndoHistory<unknown>): boolean {
  return history.past.length > 0;
}

export function canRedo(history: UndoHistory<unknown>): boolean {
  return history.future.length > 0;
}

export function undo<T>(history: UndoHistory<T>): UndoHistory<T> {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: previous,
    future: [history.present, ...history.future],
    gesture: null,
  };
}

export function redo<T>(history: UndoHistory<T>): UndoHistory<T> {
  const next = history.future[0];
  if (next === undefined) return history;
  return {
    past: [...history.past, history.present],
    present: next,
    future: history.future.slice(1),
    gesture: null,
  };
}
