/** The Studio in a real browser. It must not know more than which parts belong together. */
import { createStudioOn } from './create-studio.ts';
import type { Studio } from './studio.ts';
import { spawnDataWorker, spawnMeasureWorker, spawnStudioWorker, warmUp } from './worker-links.ts';

/** Starts nothing heavy: the worker is made by the first call; its files are fetched while the page is idle. */
export function createStudio(): Studio {
  const idle = globalThis.requestIdleCallback ?? ((callback: () => void) => setTimeout(callback, 500));
  // A failure here is met again, and reported, by the call that needs the file.
  idle(() => void warmUp().catch(() => undefined));
  return createStudioOn({
    capabilities: {
      crossOriginIsolated: globalThis.crossOriginIsolated,
      cores: navigator.hardwareConcurrency,
      webgpu: 'gpu' in navigator,
    },
    spawnStudio: spawnStudioWorker,
    spawnData: spawnDataWorker,
    spawnMeasure: spawnMeasureWorker,
  });
}
