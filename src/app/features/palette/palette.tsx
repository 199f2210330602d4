/** All commands by name: type, choose, done. A native dialog, so that focus stays inside and Escape closes it. */
import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import { ACTIONS } from '../../actions/registry.ts';
import { isApple, shortcutText } from '../../actions/shortcuts.ts';
import type { Action } from '../../actions/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { runAction } from '../shell/use-action.ts';
import './palette.css';

export function Palette(): ReactElement | null {
  const open = useAppState((state) => state.view.paletteOpen);
  return open ? <PaletteDialog /> : null;
}

function PaletteDialog(): ReactElement {
  const context = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const state = useAppState((now) => now);
  const words = query.toLowerCase().trim();
  const found = ACTIONS.filter(
    (action) => action.id !== 'palette' && action.label.toLowerCase().includes(words),
  );
  const at = Math.min(index, Math.max(0, found.length - 1));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const close = (): void => {
    // Closing the dialog itself gives the focus back to where it was.
    dialog.current?.close();
    context.store.setState((now) => ({ view: { ...now.view, paletteOpen: false } }));
  };
  const choose = (action: Action | undefined): void => {
    if (action === undefined || !action.enabled(context.store.getState())) return;
    close();
    runAction(action, context);
  };
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setIndex((at + step + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(found[at]);
    }
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="All commands"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className="palette-body" onKeyDown={press}>
        <input
          className="palette-input"
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={found.length === 0 ? undefined : `${list}-${at}`}
          aria-label="Command"
          placeholder="What do you want to do?"
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setIndex(0);
          }}
        />
        <ul className="palette-list" role="listbox" id={list} aria-label="Commands">
          {found.map((action, i) => (
            <li
              key={action.id}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === at}
              aria-disabled={!action.enabled(state)}
              onClick={() => choose(action)}
              onPointerMove={() => setIndex(i)}
            >
              <span>{action.label}</span>
              <Keys action={action} />
            </li>
          ))}
        </ul>
        {found.length === 0 ? <p className="mute small palette-none">No command of that name.</p> : null}
      </div>
    </dialog>
  );
}

function Keys({ action }: { readonly action: Action }): ReactElement | null {
  const first = action.shortcuts[0];
  return first === undefined ? null : <kbd>{shortcutText(first, isApple())}</kbd>;
}
