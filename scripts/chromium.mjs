// Finds a Chromium for tests and screenshots and knows the switches they share. It must not download anything.
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

async function executable(path) {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function onPath(name) {
  try {
    const { stdout } = await run('which', [name]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function fromPlaywright() {
  try {
    const { chromium } = await import('playwright');
    return chromium.executablePath();
  } catch {
    return undefined;
  }
}

/** Path of a Chromium: PARE_CHROMIUM, one on the PATH, Playwright's own; undefined when there is none. */
export async function findChromium() {
  const wanted = process.env.PARE_CHROMIUM;
  if (wanted) {
    if (await executable(wanted)) return wanted;
    throw new Error(`PARE_CHROMIUM is ${wanted}, which cannot be executed.`);
  }
  for (const name of NAMES) {
    const found = await onPath(name);
    if (found) return found;
  }
  const own = await fromPlaywright();
  return own && (await executable(own)) ? own : undefined;
}

/** Quiet start: no sandbox (containers), no network chatter of the browser itself. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** WebGPU without a graphics card, through the SwiftShader that ships with Chromium. */
export const WEBGPU_ARGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
