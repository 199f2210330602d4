// Test projects: `unit` and `conformance-node` run in Node, `conformance-browser` in a real Chromium with WebGPU.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from './scripts/chromium.mjs';

const CONFORMANCE = 'src/kernels/testing/**/*.test.ts';
const executablePath = await findChromium();
const required = process.env.REQUIRE_BACKENDS ?? '';

export default defineConfig({
  test: {
    // The compiled kernels must be there and current; unchanged sources cost a few milliseconds.
    globalSetup: ['scripts/build-kernels.mjs'],
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.{ts,mjs}'],
          exclude: [CONFORMANCE, 'node_modules'],
        },
      },
      {
        define: { __REQUIRE_BACKENDS__: JSON.stringify(required) },
        test: {
          name: 'conformance-node',
          environment: 'node',
          include: ['src/kernels/testing/node.test.ts'],
        },
      },
      {
        define: { __REQUIRE_BACKENDS__: JSON.stringify(required) },
        test: {
          name: 'conformance-browser',
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
