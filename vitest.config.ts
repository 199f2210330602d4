// Test projects: `unit` and `conformance-node` run in Node, `conformance-browser` in a real Chromium with WebGPU.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from './scripts/chromium.mjs';

const CONFORMANCE = 'src/kernels/conformance/**/*.test.ts';
const executablePath = await findChromium();
const required = process.env.REQUIRE_BACKENDS ?? '';

export default defineConfig({
  test: {
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
          include: ['src/kernels/conformance/{suite,node}.test.ts'],
        },
      },
      {
        define: { __REQUIRE_BACKENDS__: JSON.stringify(required) },
        test: {
          name: 'conformance-browser',
          include: ['src/kernels/conformance/{suite,browser}.test.ts'],
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
