/**
 * The built page on a server of the test's own, which counts what is asked of it, workers' requests included.
 * It must not know the page.
 */
import type { AddressInfo } from 'node:net';
import { createStaticServer, listen } from '../../scripts/serve.mjs';
import { STUDIO_ROOT } from './models.ts';

export interface CountingServer {
  readonly url: string;
  /** Paths in the order they were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startCountingServer(): Promise<CountingServer> {
  const requests: string[] = [];
  const server = createStaticServer(STUDIO_ROOT);
  server.on('request', (request) => requests.push(request.url ?? ''));
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
