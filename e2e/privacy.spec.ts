// Nothing leaves the tab: counted at the server, so that no worker's request is missed.
import { expect, test } from '@playwright/test';
import { SAMPLE_MODEL } from './support/models.ts';
import { startCountingServer } from './support/own-server.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

test('the page is cross-origin isolated and its policy allows no other origin', async ({ page }) => {
  const response = await page.goto('/');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  const policy = response?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain("'unsafe-eval'");
});

test('after the first measurement a model is optimized and measured without one request, even offline', async ({
  page,
  context,
}) => {
  const server = await startCountingServer();
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(server.url).origin)
      elsewhere.push(request.url());
  });
  try {
    const studio = new StudioPage(page);
    await studio.goto(server.url);
    await studio.drop([fileFrom(SAMPLE_MODEL)]);
    await studio.expectOpen();
    await studio.measured('Latency');
    await studio.idle();
    const before = server.requests.length;
    expect(before).toBeGreaterThan(0);

    await context.setOffline(true);
    await studio.moveTo(studio.precision, /int8/);
    await studio.idle();
    await studio.measured('Size');
    await studio.measured('Latency');
    await studio.measured('Agreement');
    const saved = await studio.saved();
    expect(saved.bytes.length).toBe((await studio.read('Size')).value);

    expect(server.requests.slice(before)).toEqual([]);
    expect(elsewhere).toEqual([]);
    await expect(studio.alert).toHaveCount(0);
  } finally {
    await server.close();
  }
});
