/** The server of the built page: what each answer carries, and that nothing outside the folder can be had. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from './security-headers.mjs';
import { createStaticServer, fileFor, listen } from './serve.mjs';

let folder = '';
let port = 0;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pare-serve-'));
  const root = join(folder, 'root');
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html>');
  for (const name of ['page-abc.js', 'runtime-abc.wasm', 'glue-abc.mjs', 'style-abc.css', 'net.onnx']) {
    writeFileSync(join(root, 'assets', name), name);
  }
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  mkdirSync(join(folder, 'root-beside'));
  writeFileSync(join(folder, 'root-beside', 'secret.txt'), 'secret');
  server = createStaticServer(root);
  port = await listen(server, 0);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);

/** A request line as it is: fetch would clean the path before it is sent. */
function raw(target: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.on('end', () => done(answer));
    socket.on('error', fail);
  });
}

describe('serve', () => {
  it('sends the policy and the isolation headers with every answer, errors included', async () => {
    for (const path of ['/', '/assets/page-abc.js', '/nothing']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toBe(contentSecurityPolicy);
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(contentSecurityPolicy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(contentSecurityPolicy).toContain("connect-src 'self';");
    expect(contentSecurityPolicy).toContain("frame-ancestors 'none'");
    expect(contentSecurityPolicy).not.toContain("'unsafe-eval'");
  });

  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/page-abc.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/glue-abc.mjs', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/runtime-abc.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
    ['/assets/style-abc.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/net.onnx', 'application/octet-stream', 'public, max-age=31536000, immutable'],
  ])('serves %s as %s', async (path, type, cache) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toBe(cache);
    expect(Number(response.headers.get('content-length'))).toBe((await response.arrayBuffer()).byteLength);
  });

  it('answers with 304 when the file is the one the browser has', async () => {
    const tag = (await get('/')).headers.get('etag') ?? '';
    expect(tag).not.toBe('');
    expect((await get('/', { headers: { 'If-None-Match': tag } })).status).toBe(304);
  });

  it('answers HEAD without a body and refuses to be written to', async () => {
    const head = await get('/', { method: 'HEAD' });
    expect([head.status, (await head.text()).length]).toEqual([200, 0]);
    expect((await get('/', { method: 'POST' })).status).toBe(405);
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '//../secret.txt',
    '/../root-beside/secret.txt',
    '/%00',
    '/%',
    '/assets',
    'http://elsewhere/../secret.txt',
  ])('gives nothing for %s', async (target) => {
    const answer = await raw(target);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain('secret');
  });

  it('keeps every path inside the folder', () => {
    expect(fileFor('/srv/root', '/a/b.js')).toBe('/srv/root/a/b.js');
    expect(fileFor('/srv/root', '/')).toBe('/srv/root/index.html');
    expect(fileFor('/srv/root', '/..%2froot-beside/x')).toBeUndefined();
  });

  it('takes the next port when one is taken', async () => {
    const second = createStaticServer(folder);
    const third = createStaticServer(folder);
    const first = await listen(second, 0);
    const next = await listen(third, first);
    expect(next).toBeGreaterThan(first);
    second.close();
    third.close();
  });
});
