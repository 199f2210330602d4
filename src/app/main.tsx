/** Puts the page together: store, workers, pipeline, React. Nothing else is done here. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createStudio } from './bridge/browser-studio.ts';
import { createLazyKeeper, setMark } from './persist/lazy-keeper.ts';
import type { AutoSearch } from './store/auto-search.ts';
import { createDataDesk } from './store/data-desk.ts';
import { createPipeline } from './store/pipeline.ts';
import { createAppStore, mostThreads } from './store/state.ts';
import { createTuningDesk } from './store/tuning-desk.ts';
import './styles/mantine.css';
import './styles/tokens.css';
import './styles/base.css';

const studio = createStudio();
const store = createAppStore({ threads: mostThreads(studio.capabilities) });
const pipeline = createPipeline(store, studio);
const marks = storedMarks();
const keeper = createLazyKeeper(
  store,
  marks,
  async () => {
    const { createBrowserKeeper } = await import('./persist/browser-keeper.ts');
    return createBrowserKeeper(store, studio, pipeline, (kept) => setMark(marks, kept));
  },
  whenIdle,
);
let searching: Promise<AutoSearch> | undefined;
const search = (): Promise<AutoSearch> =>
  (searching ??= import('./store/auto-search.ts').then(
    ({ AutoSearch }) => new AutoSearch(store, studio, pipeline),
  ));
const desk = createDataDesk(store, studio, pipeline, keeper);
const tuning = createTuningDesk(store, studio, pipeline, search);
// Fetched while nothing is going on: later the page asks for nothing more.
whenIdle(() => void search());

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(<App services={{ store, studio, pipeline, desk, tuning }} />);
void desk.restore();

function storedMarks(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(work, { timeout: 1500 });
  else setTimeout(work, 300);
}
