// End-to-end tests in a real Chromium against the built page, served as users get it.
import { defineConfig } from '@playwright/test';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from './scripts/chromium.mjs';

const executablePath = await findChromium();
// Chosen once, by the process that starts the tests; its workers inherit it. Runs side by side do not meet.
const port = (process.env.PARE_E2E_PORT ??= String(20_000 + (process.pid % 20_000)));
const baseURL = `http://localhost:${port}`;

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Two pages that measure at the same time on two cores would measure each other.
  workers: 1,
  timeout: 120_000,
  forbidOnly: true,
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME === undefined ? [['list']] : [['list'], ['json']],
  use: {
    baseURL,
    browserName: 'chromium',
    headless: true,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      args: [...CHROMIUM_ARGS, ...WEBGPU_ARGS],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
  },
  webServer: { command: `node scripts/serve.mjs --port ${port}`, url: baseURL, reuseExistingServer: false },
});
