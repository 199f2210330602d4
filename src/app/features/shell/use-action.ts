/** A command bound to the page: its name, whether it may run now, and how to run it. */
import { useCallback } from 'react';
import { ariaShortcut, isApple, shortcutText } from '../../actions/shortcuts.ts';
import type { Action, ActionContext } from '../../actions/types.ts';
import { toErrorRecord } from '../../../core/errors.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { showError } from '../../store/notices.ts';

export interface BoundAction {
  readonly label: string;
  readonly enabled: boolean;
  readonly run: () => void;
  /** For `title`: the name and its keys. */
  readonly title: string;
  readonly ariaKeys: string | undefined;
}

/** Runs a command; what it throws becomes a notice instead of an unhandled rejection. */
export function runAction(action: Action, context: ActionContext): void {
  if (!action.enabled(context.store.getState())) return;
  void (async () => {
    try {
      await action.perform(context);
    } catch (error) {
      showError(context.store, toErrorRecord(error));
    }
  })();
}

export function useAction(action: Action): BoundAction {
  const context = useApp();
  const enabled = useAppState(action.enabled);
  const run = useCallback(() => {
    runAction(action, context);
  }, [action, context]);
  const apple = isApple();
  const first = action.shortcuts[0];
  return {
    label: action.label,
    enabled,
    run,
    title: first === undefined ? action.label : `${action.label} (${shortcutText(first, apple)})`,
    ariaKeys: first === undefined ? undefined : action.shortcuts.map((s) => ariaShortcut(s, apple)).join(' '),
  };
}
