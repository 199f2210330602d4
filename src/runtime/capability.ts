/**
 * What the runtime can do on this machine and why not more: which bundle to load, which provider is there, how many
 * threads. Facts come in, so that every machine can be tested on one. It must not load anything.
 */

/** Facts about where the program runs; `readFacts` collects them. */
export interface MachineFacts {
  readonly host: 'browser' | 'node';
  readonly cores: number;
  /** SharedArrayBuffer can be had. */
  readonly crossOriginIsolated: boolean;
  /** WebAssembly.Suspending exists: promises can suspend WebAssembly. */
  readonly suspending: boolean;
  /** `navigator.gpu` exists. */
  readonly gpu: boolean;
  /** An adapter was given; undefined = not asked. */
  readonly adapter?: boolean;
}

export interface ProviderCapability {
  readonly available: boolean;
  /** One sentence, whichever way it is. */
  readonly reason: string;
}

export interface RuntimeCapability {
  readonly wasm: ProviderCapability & { readonly maxThreads: number };
  readonly webgpu: ProviderCapability & { readonly bundle: 'jspi' | 'webgpu' };
}

/** More threads than this gain nothing on small models and cost a worker each. */
const MAX_THREADS = 8;

export function runtimeCapability(facts: MachineFacts): RuntimeCapability {
  const threaded = facts.host === 'node' || facts.crossOriginIsolated;
  const maxThreads = threaded ? Math.max(1, Math.min(facts.cores, MAX_THREADS)) : 1;
  return {
    wasm: {
      available: true,
      maxThreads,
      reason: !threaded
        ? 'One thread: this page is not cross-origin isolated, so memory cannot be shared between threads.'
        : maxThreads === 1
          ? 'One thread: the machine reports one core.'
          : `Up to ${maxThreads} threads: memory can be shared and the machine reports ${facts.cores} cores.`,
    },
    webgpu: { ...gpu(facts), bundle: facts.suspending ? 'jspi' : 'webgpu' },
  };
}

function gpu(facts: MachineFacts): ProviderCapability {
  if (facts.host === 'node') return no('Node has no WebGPU.');
  if (!facts.gpu) return no('This browser has no WebGPU (navigator.gpu is missing).');
  if (facts.adapter === false) return no('WebGPU is there but gives no adapter: no usable GPU.');
  return {
    available: true,
    reason: facts.suspending
      ? 'WebGPU with suspending WebAssembly (the smaller runtime).'
      : 'WebGPU with the larger runtime: this browser cannot suspend WebAssembly.',
  };
}

const no = (reason: string): ProviderCapability => ({ available: false, reason });

/** The parts of a browser's global scope that matter here. */
interface BrowserScope {
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<unknown> };
  };
  readonly crossOriginIsolated?: boolean;
}

/** Facts of this browser or worker. Asks for a GPU adapter, which costs no request. */
export async function readBrowserFacts(scope: BrowserScope = globalThis): Promise<MachineFacts> {
  const gpu = scope.navigator?.gpu;
  const adapter = gpu === undefined ? undefined : await gpu.requestAdapter().catch(() => null);
  return {
    host: 'browser',
    cores: scope.navigator?.hardwareConcurrency ?? 1,
    crossOriginIsolated: scope.crossOriginIsolated === true,
    suspending: 'Suspending' in WebAssembly,
    gpu: gpu !== undefined,
    ...(gpu === undefined ? {} : { adapter: adapter !== null && adapter !== undefined }),
  };
}
