/** Sentences for the user: refusals stay until dismissed, results are spoken once. Knows only the store. */
import type { ErrorRecord } from '../../core/errors.ts';
import type { AppStore } from './state.ts';

/** More at once would bury the page; the oldest goes. */
const MOST = 4;

let nextId = 1;

/** Shows an error. The same error again replaces its first showing, so that a screen reader speaks it anew. */
export function showError(store: AppStore, error: ErrorRecord): void {
  if (error.code === 'cancelled') return;
  const id = nextId++;
  store.setState((state) => ({
    notices: [
      ...state.notices.filter(
        ({ error: other }) =>
          other.code !== error.code || other.message !== error.message || other.at !== error.at,
      ),
      { id, error },
    ].slice(-MOST),
  }));
}

export function dismissNotice(store: AppStore, id: number): void {
  store.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }));
}

export function announce(store: AppStore, text: string): void {
  store.setState({ announcement: text });
}
