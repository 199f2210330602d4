/** The page: the first screen until a model is open, then the workspace; notices, drops and commands around both. */
import { MantineProvider, localStorageColorSchemeManager, useMantineColorScheme } from '@mantine/core';
import { Suspense, lazy, useEffect, useMemo } from 'react';
import type { ReactElement } from 'react';
import type { ActionContext } from './actions/types.ts';
import { EmptyPage } from './features/empty/empty.tsx';
import { LiveRegion, Notices } from './features/notices/notices.tsx';
import { DropZone } from './features/shell/drop-zone.tsx';
import { FaultBoundary } from './features/shell/fault-boundary.tsx';
import { nextScheme } from './features/shell/scheme-button.tsx';
import { useFaultNotices } from './features/shell/use-fault-notices.ts';
import { useShortcuts } from './features/shell/use-shortcuts.ts';
import { AppContext, useAppState } from './store/context.ts';
import { saveBlob } from './ui/save-blob.ts';
import { theme } from './ui/theme.ts';

const loadWorkspace = async () => ({
  default: (await import('./features/workspace/workspace.tsx')).Workspace,
});
const loadPalette = async () => ({ default: (await import('./features/palette/palette.tsx')).Palette });
const Workspace = lazy(loadWorkspace);
const Palette = lazy(loadPalette);

const scheme = localStorageColorSchemeManager({ key: 'pare-colours' });

export type AppServices = Pick<ActionContext, 'store' | 'studio' | 'pipeline' | 'desk' | 'tuning'>;

export function App({ services }: { readonly services: AppServices }): ReactElement {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={scheme}
      withCssVariables={false}
      withGlobalClasses={false}
      deduplicateInlineStyles
    >
      <Frame services={services} />
    </MantineProvider>
  );
}

function Frame({ services }: { readonly services: AppServices }): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const context = useMemo<ActionContext>(
    () => ({
      ...services,
      page: {
        save: saveBlob,
        clickInput: (id) => document.getElementById(id)?.click(),
        nextScheme: () => setColorScheme(nextScheme(colorScheme)),
      },
    }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- Mantine makes a new setter on every render
    [services, colorScheme],
  );
  return (
    <AppContext value={context}>
      <Page />
    </AppContext>
  );
}

function Page(): ReactElement {
  const open = useAppState((state) => state.model !== null);
  const fileName = useAppState((state) => state.model?.fileName);
  useShortcuts();
  useFaultNotices();
  useEffect(() => {
    if (fileName !== undefined) document.title = `${fileName} · Pare`;
  }, [fileName]);
  useEffect(preload, []);
  return (
    <div className="page">
      <FaultBoundary>
        {open ? (
          <Suspense fallback={null}>
            <Workspace />
          </Suspense>
        ) : (
          <EmptyPage />
        )}
      </FaultBoundary>
      <Suspense fallback={null}>
        <Palette />
      </Suspense>
      <Notices />
      <LiveRegion />
      <DropZone />
    </div>
  );
}

/** The rest of the page comes in while the first screen is looked at, so that opening a model asks for nothing more. */
function preload(): void {
  const all = (): void => {
    void Promise.all([loadWorkspace(), loadPalette(), import('./features/tradeoff/chart.tsx')]);
  };
  if ('requestIdleCallback' in window) window.requestIdleCallback(all, { timeout: 1500 });
  else setTimeout(all, 300);
}
