/**
 * Lays out graphs away from the page's thread. It must not know models or drawings.
 * elkjs is Java compiled to JavaScript (1.6 MB): it is loaded here and nowhere else, from the page's own origin.
 */
import ELK from 'elkjs/lib/elk.bundled.js';
import { elkPlacer } from './elk-place.ts';
import { layOut } from './layout.ts';
import type { LayoutGraph } from './layout-types.ts';
import type { LayoutAnswer } from './layout-client.ts';

const place = elkPlacer(new ELK());

// In a worker the library takes the messages for itself when it is loaded; this takes them back.
self.onmessage = async ({ data }: MessageEvent<LayoutGraph>): Promise<void> => {
  const start = performance.now();
  const answer = (message: LayoutAnswer): void => self.postMessage(message);
  try {
    const layout = await layOut(data, place);
    answer({ ok: true, layout, millis: performance.now() - start });
  } catch (error) {
    answer({ ok: false, message: error instanceof Error ? error.message : String(error) });
  }
};
