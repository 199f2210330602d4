// Test projects: `unit` and `conformance-node` run in Node, `conformance-browser` in a real Chromium with WebGPU.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from './scripts/chromium.mjs';

const CONFORMANCE = 'src/kernels/testing/**/*.test.ts';
const executablePath = await findChromium();
// No test asserts a time: this limit only ends what hangs, also on a machine that is busy with other things.
const testTimeout = 120_000;
const required = process.env.REQUIRE_BACKENDS ?? '';

export default defineConfig({
  test: {
    // The compiled kernels must be there and current; unchanged sources cost a few milliseconds.
    globalSetup: ['scripts/build-kernels.mjs'],
    projects: [
      {
        test: {
          name: 'unit',
          testTimeout,
          environment: 'node',
          include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.{ts,mjs}'],
          exclude: [CONFORMANCE, 'node_modules'],
        },
      },
      {
        define: { __REQUIRE_BACKENDS__: JSON.stringify(required) },
        test: {
          name: 'conformance-node',
          testTimeout,
          environment: 'node',
          include: ['src/kernels/testing/node.test.ts'],
        },
      },
      {
        define: { __REQUIRE_BACKENDS__: JSON.stringify(required) },
        test: {
          name: 'conformance-browser',
          testTimeout,
          include: ['src/kernels/testing/browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...CHROMIUM_ARGS, ...WEBGPU_ARGS],
                ...(executablePath === undefined ? {} : { executablePath }),
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
