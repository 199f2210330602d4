/** Capability records for machines that are not this one. */
import { describe, expect, it } from 'vitest';
import { runtimeCapability } from './capability.ts';
import type { MachineFacts } from './capability.ts';

const desktop: MachineFacts = {
  host: 'browser',
  cores: 12,
  crossOriginIsolated: true,
  suspending: true,
  gpu: true,
  adapter: true,
};

describe('runtimeCapability', () => {
  it('of a desktop browser', () => {
    const { wasm, webgpu } = runtimeCapability(desktop);
    expect(wasm).toMatchObject({ available: true, maxThreads: 8 });
    expect(webgpu).toMatchObject({ available: true, bundle: 'jspi' });
  });
  it('without isolation has one thread and says why', () => {
    const { wasm } = runtimeCapability({ ...desktop, crossOriginIsolated: false });
    expect(wasm.maxThreads).toBe(1);
    expect(wasm.reason).toMatch(/not cross-origin isolated/);
  });
  it.each([
    [{ gpu: false }, /navigator\.gpu is missing/],
    [{ adapter: false }, /no adapter/],
    [{ host: 'node' as const }, /Node has no WebGPU/],
  ])('without a GPU says why: %j', (facts, reason) => {
    const { webgpu } = runtimeCapability({ ...desktop, ...facts });
    expect(webgpu.available).toBe(false);
    expect(webgpu.reason).toMatch(reason);
  });
  it('takes the larger bundle where WebAssembly cannot be suspended', () => {
    expect(runtimeCapability({ ...desktop, suspending: false }).webgpu.bundle).toBe('webgpu');
  });
});
