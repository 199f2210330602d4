import { describe, expect, it } from 'vitest';
import { canRedo, canUndo, endGesture, record, redo, startHistory, undo } from './undo.ts';

describe('undo history', () => {
  it('walks back and forth', () => {
    const history = record(record(startHistory('a'), 'b'), 'c');
    expect(undo(history).present).toBe('b');
    expect(undo(undo(history)).present).toBe('a');
    expect(undo(undo(undo(history))).present).toBe('a');
    expect(redo(undo(history)).present).toBe('c');
    expect(canRedo(history)).toBe(false);
    expect(canUndo(startHistory('a'))).toBe(false);
  });

  it('forgets the future after a new edit', () => {
    const history = record(undo(record(startHistory('a'), 'b')), 'c');
    expect(canRedo(history)).toBe(false);
    expect(undo(history).present).toBe('a');
  });

  it('takes one gesture back at once, and two gestures in two steps', () => {
    let history = startHistory(0);
    for (const value of [1, 2, 3]) history = record(history, value, 'drag');
    history = endGesture(history);
    for (const value of [4, 5]) history = record(history, value, 'drag');
    expect(undo(history).present).toBe(3);
    expect(undo(undo(history)).present).toBe(0);
  });

  it('does not join an edit to a gesture across an undo', () => {
    let history = record(startHistory(0), 1, 'drag');
    history = record(undo(history), 2, 'drag');
    expect(undo(history).present).toBe(0);
  });

  it('takes no step for no change', () => {
    const history = startHistory('a');
    expect(record(history, 'a')).toBe(history);
  });
});
