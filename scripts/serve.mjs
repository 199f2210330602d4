// Serves the built page on this machine with the headers it relies on. It must not know how the page is built, and it
// has no dependencies so that it runs anywhere Node runs.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { securityHeaders } from './security-headers.mjs';

export const DEFAULT_PORT = 4173;
const PORTS_TO_TRY = 50;
/** Only this machine can reach the page unless --host says otherwise. */
const LOOPBACK = '127.0.0.1';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.txt': 'text/plain; charset=utf-8',
};

/** The file under `root` that a request path means, or undefined when it would leave `root` or is not a path. */
export function fileFor(root, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.includes('\\')) return undefined;
  const base = resolve(root);
  const file = normalize(join(base, path.endsWith('/') ? path + 'index.html' : path));
  return file.startsWith(base + sep) ? file : undefined;
}

/** Files under /assets/ carry a hash of their content in the name. */
const cacheFor = (url) => (url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');

async function answer(root, request, response) {
  const send = (status, text) => {
    response.writeHead(status, { ...securityHeaders, 'Content-Type': TYPES['.txt'] });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'Only GET and HEAD.\n');
  const file = fileFor(root, request.url ?? '/');
  const info = file && (await stat(file).catch(() => undefined));
  if (!info?.isFile()) return send(404, 'There is no such file here.\n');
  const tag = `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}"`;
  const headers = {
    ...securityHeaders,
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Cache-Control': cacheFor(request.url),
    ETag: tag,
  };
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, headers);
    return response.end();
  }
  response.writeHead(200, { ...headers, 'Content-Length': info.size });
  if (request.method === 'HEAD') return response.end();
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** A server for `root`, not yet listening. */
export function createStaticServer(root) {
  return createServer((request, response) => {
    answer(root, request, response).catch(() => response.destroy());
  });
}

/** Listens on `port`, or on the next free one. Resolves to the port. `port` 0 = any free port. */
export function listen(server, port = DEFAULT_PORT, host = LOOPBACK) {
  return new Promise((done, fail) => {
    let tried = 0;
    server.on('error', (error) => {
      if (error.code === 'EADDRINUSE' && port !== 0 && ++tried < PORTS_TO_TRY)
        server.listen(port + tried, host);
      else fail(error);
    });
    server.on('listening', () => done(server.address().port));
    server.listen(port, host);
  });
}

const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)), 'dist', 'studio');

/** Serves the built page and says where. Exported for `npm start`. */
export async function serve(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: { port: { type: 'string' }, host: { type: 'string' }, root: { type: 'string' } },
  });
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${values.port} is no port.`);
  const server = createStaticServer(values.root ?? ROOT);
  const bound = await listen(server, port, values.host ?? LOOPBACK);
  console.log(`Pare is at http://${values.host ?? 'localhost'}:${bound}`);
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return server;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  serve().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
