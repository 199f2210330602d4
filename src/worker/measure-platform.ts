/**
 * What a measurement worker stands on: a bundle of the runtime, its memory, its prints, and what this machine can do.
 * It must not know what is measured.
 */
import { prepareBrowserOrt } from '../runtime/browser-ort.ts';
import { readBrowserFacts, runtimeCapability } from '../runtime/capability.ts';
import type { MeasureHost } from '../runtime/measure.ts';
import { watchMemories } from '../runtime/memory.ts';
import type { Ort } from '../runtime/ort.ts';
import { RUNTIME_NAME } from '../runtime/ort.ts';
import { tapConsole, type PrintTap } from '../runtime/print-tap.ts';

type HostParts = Pick<MeasureHost, 'ort' | 'providers' | 'memory' | 'clock' | 'machine' | 'threads'>;

export interface MeasurePlatform {
  /** Starts the runtime's threads; the number of the first call holds. */
  prepare(wasm: Blob, threads: number): Promise<HostParts>;
  readonly prints: PrintTap;
  readonly cores: number;
}

/** Make it before the runtime does anything: memories and prints are watched from here on. */
export function browserPlatform(ort: Ort, bundle: 'wasm' | 'jspi' | 'webgpu'): MeasurePlatform {
  const memory = watchMemories();
  const prints = tapConsole(console);
  return {
    prints,
    cores: navigator.hardwareConcurrency,
    async prepare(wasm, wanted) {
      const capability = runtimeCapability(await readBrowserFacts());
      const threads = await prepareBrowserOrt(
        ort,
        wasm,
        Math.max(1, Math.min(wanted, capability.wasm.maxThreads)),
      );
      return {
        ort,
        providers: { wasm: true, webgpu: gpuOf(bundle, capability.webgpu) },
        memory,
        clock: performance,
        threads,
        machine: {
          cores: navigator.hardwareConcurrency,
          userAgent: navigator.userAgent,
          runtime: `${RUNTIME_NAME} (${bundle})`,
          crossOriginIsolated: globalThis.crossOriginIsolated,
        },
      };
    },
  };
}

function gpuOf(
  bundle: 'wasm' | 'jspi' | 'webgpu',
  { available, reason }: { readonly available: boolean; readonly reason: string },
): true | string {
  if (bundle === 'wasm') return 'This measurement worker was started for the CPU.';
  return available ? true : reason;
}
