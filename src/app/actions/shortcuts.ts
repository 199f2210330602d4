/** Which command a key press means. It never takes a key away from someone who is typing. */
import { ACTIONS } from './registry.ts';
import type { Action, Shortcut } from './types.ts';

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export function actionFor(press: KeyPress, apple: boolean): Action | undefined {
  return ACTIONS.find((action) => action.shortcuts.some((shortcut) => fits(shortcut, press, apple)));
}

function fits(shortcut: Shortcut, press: KeyPress, apple: boolean): boolean {
  const mod = apple ? press.metaKey : press.ctrlKey;
  const other = apple ? press.ctrlKey : press.metaKey;
  return (
    press.key.toLowerCase() === shortcut.key.toLowerCase() &&
    mod === shortcut.mod &&
    press.shiftKey === shortcut.shift &&
    !other &&
    !press.altKey
  );
}

/** '⇧⌘Z' or 'Ctrl+Shift+Z'. */
export function shortcutText(shortcut: Shortcut, apple: boolean): string {
  const key = shortcut.key === 'Enter' ? '↵' : shortcut.key.toUpperCase();
  if (apple) return `${shortcut.shift ? '⇧' : ''}${shortcut.mod ? '⌘' : ''}${key}`;
  return [...(shortcut.mod ? ['Ctrl'] : []), ...(shortcut.shift ? ['Shift'] : []), key].join('+');
}

/** For aria-keyshortcuts. */
export function ariaShortcut(shortcut: Shortcut, apple: boolean): string {
  const mod = apple ? 'Meta' : 'Control';
  return [...(shortcut.mod ? [mod] : []), ...(shortcut.shift ? ['Shift'] : []), shortcut.key].join('+');
}

export function isApple(): boolean {
  return /Mac|iP(hone|ad|od)/.test(navigator.userAgent);
}

/** Undo inside a text field belongs to the field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLTextAreaElement || target.isContentEditable) return true;
  return target instanceof HTMLInputElement && ['text', 'search', 'number'].includes(target.type);
}
