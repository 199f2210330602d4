/** The names of classes for the data that is open. */
import { useMemo } from 'react';
import { useAppState } from '../../store/context.ts';
import { classNames } from './change-text.ts';
import type { ClassNames } from './change-text.ts';

export function useClassNames(): ClassNames {
  const config = useAppState((state) => state.data?.config ?? null);
  const summary = useAppState((state) => state.data?.summary ?? null);
  return useMemo(() => classNames(config, summary), [config, summary]);
}
