/** How components reach the store, the workers and the commands. One context, no globals, so that tests can fake all. */
import { createContext, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { ActionContext } from '../actions/types.ts';
import type { AppState } from './state.ts';

export const AppContext = createContext<ActionContext | null>(null);

export function useApp(): ActionContext {
  const context = use(AppContext);
  if (context === null) throw new Error('useApp outside of AppContext');
  return context;
}

/** A narrow slice of the store: the component renders again only when this slice changed. */
export function useAppState<T>(select: (state: AppState) => T): T {
  return useStore(useApp().store, select);
}

/** The same for slices that are built anew by the selector: compared field by field. */
export function useAppSlice<T>(select: (state: AppState) => T): T {
  return useStore(useApp().store, useShallow(select));
}
