/** A measurement worker's ground in Node, so that its work is tested on the real runtime. Tests only. */
import fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadNodeRuntime } from '../../runtime/node-ort.ts';
import { tapStdout } from '../../runtime/print-tap.ts';
import type { CodecBlobs } from '../api.ts';
import type { MeasurePlatform } from '../measure-platform.ts';

export const nodePlatform: MeasurePlatform = {
  prints: tapStdout(fs as unknown as Parameters<typeof tapStdout>[0]),
  cores: 1,
  async prepare() {
    const { ort, memory } = await loadNodeRuntime(1);
    return {
      ort,
      providers: { wasm: true, webgpu: 'Node has no WebGPU.' },
      memory,
      clock: performance,
      threads: 1,
      machine: { cores: 1, userAgent: 'test', runtime: 'test', crossOriginIsolated: true },
    };
  },
};

/** The codecs as the page hands them over. */
export function codecBlobs(): CodecBlobs {
  const resolve = createRequire(import.meta.url).resolve;
  const blob = (path: string): Blob => new Blob([readFileSync(resolve(path))]);
  return {
    jpeg: blob('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
    png: blob('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'),
    webp: blob('@jsquash/webp/codec/dec/webp_dec.wasm'),
  };
}

/** One end for the worker; what arrives at the other is collected. */
export function progressPort(): { readonly port: MessagePort; readonly heard: unknown[]; close(): void } {
  const { port1, port2 } = new MessageChannel();
  const heard: unknown[] = [];
  port1.onmessage = ({ data }) => heard.push(data);
  return { port: port2, heard, close: () => port1.close() };
}
