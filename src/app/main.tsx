/** Puts the page together: store, workers, pipeline, React. Nothing else is done here. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createStudio } from './bridge/browser-studio.ts';
import { createDataDesk } from './store/data-desk.ts';
import { createPipeline } from './store/pipeline.ts';
import { createAppStore, mostThreads } from './store/state.ts';
import './styles/mantine.css';
import './styles/tokens.css';
import './styles/base.css';

const studio = createStudio();
const store = createAppStore({ threads: mostThreads(studio.capabilities) });
const pipeline = createPipeline(store, studio);
const keeper = {
  modelOpened: () => null,
  dataOpened: () => undefined,
  restore: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};
const desk = createDataDesk(store, studio, pipeline, keeper);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(<App services={{ store, studio, pipeline, desk }} />);
