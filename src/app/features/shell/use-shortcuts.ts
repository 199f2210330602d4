/** Listens for the shortcuts of all commands, once for the page. */
import { useEffect } from 'react';
import { actionFor, isApple, isTyping } from '../../actions/shortcuts.ts';
import { useApp } from '../../store/context.ts';
import { runAction } from './use-action.ts';

export function useShortcuts(): void {
  const context = useApp();
  useEffect(() => {
    const apple = isApple();
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const action = actionFor(event, apple);
      if (action === undefined) return;
      const edits = action.id === 'undo' || action.id === 'redo';
      if (edits && isTyping(event.target)) return;
      event.preventDefault();
      runAction(action, context);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [context]);
}
