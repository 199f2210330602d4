/**
 * Own-origin files that are fetched once and used again from memory: the scripts of workers and the runtime's
 * WebAssembly. A respawn then needs no request, and a page that has gone offline still works. It must not know what
 * the files do.
 */
import { PareError } from '../../core/errors.ts';

const fetched = new Map<string, Promise<Blob>>();
const addresses = new Map<string, string>();

/** The file as a blob. A failed fetch is tried again on the next call. */
export function fetchOnce(url: string): Promise<Blob> {
  const known = fetched.get(url);
  if (known !== undefined) return known;
  const fetching = fetchBlob(url);
  fetched.set(url, fetching);
  fetching.catch(() => fetched.delete(url));
  return fetching;
}

async function fetchBlob(url: string): Promise<Blob> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw unreachable(url, 'could not be reached', cause);
  });
  if (!response.ok) throw unreachable(url, `answered ${response.status}`);
  return response.blob();
}

function unreachable(url: string, what: string, cause?: unknown): PareError {
  return new PareError('internal', `A part of Pare itself ${what}: ${url}.`, {
    hint: 'Check the connection and reload the page.',
    cause,
  });
}

/**
 * The address to start a worker from. The built script is one file, so a blob of it works; the dev server's scripts
 * import each other by relative address and must be started where they are.
 */
export async function workerAddress(url: string): Promise<string> {
  if (import.meta.env.DEV) return url;
  const known = addresses.get(url);
  if (known !== undefined) return known;
  const script = await fetchOnce(url);
  const address = URL.createObjectURL(script.slice(0, script.size, 'text/javascript'));
  addresses.set(url, address);
  return address;
}
