/** Faults that nobody caught are said, not swallowed. */
import { useEffect } from 'react';
import { toErrorRecord } from '../../../core/errors.ts';
import { useApp } from '../../store/context.ts';
import { showError } from '../../store/notices.ts';

/** Browsers report this when an observer's callback changed a size; the observers simply go on in the next frame. */
const HARMLESS = /ResizeObserver loop/;

export function useFaultNotices(): void {
  const { store } = useApp();
  useEffect(() => {
    const say = (error: unknown, message: string): void => {
      if (!HARMLESS.test(message)) showError(store, toErrorRecord(error ?? message));
    };
    const onError = (event: ErrorEvent): void => say(event.error, event.message);
    const onRejection = (event: PromiseRejectionEvent): void => say(event.reason, String(event.reason));
    window.addEventListener('error', onError);
    window.addEventListener('unhandledrejection', onRejection);
    return () => {
      window.removeEventListener('error', onError);
      window.removeEventListener('unhandledrejection', onRejection);
    };
  }, [store]);
}
