import { describe, expect, it } from 'vitest';
import { ACTIONS } from './registry.ts';
import { actionFor, ariaShortcut, shortcutText } from './shortcuts.ts';

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>>,
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

describe('shortcuts', () => {
  it('undoes and redoes as each platform does', () => {
    expect(actionFor(press('z', { ctrlKey: true }), false)?.id).toBe('undo');
    expect(actionFor(press('z', { metaKey: true }), true)?.id).toBe('undo');
    expect(actionFor(press('Z', { metaKey: true, shiftKey: true }), true)?.id).toBe('redo');
    expect(actionFor(press('y', { ctrlKey: true }), false)?.id).toBe('redo');
  });

  it('leaves other keys alone', () => {
    expect(actionFor(press('z', {}), false)).toBeUndefined();
    expect(actionFor(press('z', { metaKey: true }), false)).toBeUndefined();
    expect(actionFor(press('z', { ctrlKey: true, altKey: true }), false)).toBeUndefined();
  });

  it('gives no two commands the same keys', () => {
    const all = ACTIONS.flatMap(({ shortcuts }) => shortcuts.map((s) => ariaShortcut(s, false)));
    expect(new Set(all).size).toBe(all.length);
  });

  it('is written the way the platform writes it', () => {
    const redo = { key: 'z', mod: true, shift: true };
    expect(shortcutText(redo, true)).toBe('⇧⌘Z');
    expect(shortcutText(redo, false)).toBe('Ctrl+Shift+Z');
    expect(ariaShortcut(redo, true)).toBe('Meta+Shift+z');
  });
});
