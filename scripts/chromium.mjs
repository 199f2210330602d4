// Finds a Chromium for tests and screenshots, installs one where there is none, and knows the switches they share.
// It must not know what the browser is for.
import { execFile, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** A stalled download must not hold up the tests: the distribution's package is tried after it. */
const DOWNLOAD_LIMIT_MILLIS = 150_000;
const PACKAGE_LIMIT_MILLIS = 300_000;

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

/** Runs a command with its output shown; true when it ended well within the limit. */
function succeeds(limitMillis, command, args) {
  return new Promise((done) => {
    console.log(`> ${[command, ...args].join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn(command, args, { stdio: 'inherit', timeout: limitMillis, env });
    child.on('error', () => done(false));
    child.on('exit', (status) => done(status === 0));
  });
}

async function installWithPlaywright() {
  const asRoot = process.getuid?.() === 0;
  // With its system libraries where that is allowed; a browser without them does not start on a bare machine.
  return succeeds(DOWNLOAD_LIMIT_MILLIS, 'npx', [
    'playwright',
    'install',
    ...(asRoot ? ['--with-deps'] : []),
    'chromium',
  ]);
}

async function installFromDistribution() {
  if (!(await onPath('apt-get'))) return false;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args];
    return succeeds(PACKAGE_LIMIT_MILLIS, command, rest);
  };
  await apt('update');
  return apt('install', '-y', '--no-install-recommends', 'chromium');
}

/**
 * Path of a Chromium, installed first where there is none: Playwright's own, else the distribution's package.
 * Throws with what was tried when neither can be had.
 */
export async function ensureChromium() {
  const present = await findChromium();
  if (present) return present;
  for (const install of [installWithPlaywright, installFromDistribution]) {
    await install();
    const found = await findChromium();
    if (found) return found;
  }
  throw new Error(
    'No Chromium was found, and neither `playwright install chromium` nor `apt-get install chromium` gave one. ' +
      'Install one and name it in PARE_CHROMIUM.',
  );
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
