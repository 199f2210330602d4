/**
 * The thin layer over WebGPU: get a device, run one compute shader over some buffers, read the results, free everything. It
 * must not know what the kernels compute.
 */

/** Threads of a workgroup in every shader. */
export const THREADS = 64;
/** Elements of one upload: 4 MB of float32, far below every limit of WebGPU. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * A typed array to upload, the byte length of a buffer that starts as zeros and is read back, one that is only scratch, or a typed
 * array that is worked on and read back.
 */
export type Binding =
  | ArrayBufferView
  | { readonly resultBytes: number }
  | { readonly scratchBytes: number }
  | { readonly inOut: ArrayBufferView };

export interface Dispatch {
  /** Key of the compiled pipeline; one for each pair of shader and entry point. */
  readonly shader: string;
  readonly entry: string;
  readonly source: string;
  /** By binding number in group 0. */
  readonly bindings: Readonly<Record<number, Binding>>;
  readonly workgroups: number;
}

/** The binding of a pass's own parameters. */
const PARAMS = 1;

/** One dispatch of a job. */
export interface GpuPass {
  readonly entry: string;
  /** Numbers of the job's bindings that the entry point uses, all of them; its parameters are binding 1 besides. */
  readonly uses: readonly number[];
  readonly params: ArrayBufferView;
  readonly workgroups: number;
}

/** Several dispatches over the same buffers, one after the other. */
interface GpuJob {
  readonly shader: string;
  readonly source: string;
  /** By binding number in group 0; not 1. */
  readonly bindings: Readonly<Record<number, Binding>>;
  readonly passes: readonly GpuPass[];
}

/** Passes of one submission: a device may take a longer one for a hang. */
const PASSES_PER_SUBMISSION = 64;

/** Limit of workgroups in one dimension that every device has is 65535; a power of two below it. */
const GROUPS_PER_ROW = 32768;

/** Storage buffers have a multiple of four bytes, and at least some. */
function paddedBytes(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 4) * 4);
}

/** How many bytes of a binding are read back; undefined for none. */
function resultBytesOf(binding: Binding): number | undefined {
  if ('resultBytes' in binding) return binding.resultBytes;
  return 'inOut' in binding ? binding.inOut.byteLength : undefined;
}

export class GpuRunner {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  /** Elements that the kernels may upload at once. */
  readonly chunkElements: number;

  constructor(device: GPUDevice, chunkElements: number) {
    this.#device = device;
    this.chunkElements = chunkElements;
  }

  dispose(): void {
    this.#device.destroy();
  }

  /** Results of the bindings that are read back, in the order of their numbers. @throws Error with the text of WebGPU. */
  run({ shader, entry, source, bindings, workgroups }: Dispatch): Promise<ArrayBuffer[]> {
    const { [PARAMS]: params, ...others } = bindings;
    const uses = Object.keys(others).map(Number);
    const passes = [{ entry, uses, params: params as ArrayBufferView, workgroups }];
    return this.runPasses({ shader, source, bindings: others, passes });
  }

  /** As `run`, for several dispatches. */
  async runPasses(job: GpuJob): Promise<ArrayBuffer[]> {
    const pipelines = new Map<string, GPUComputePipeline>();
    for (const { entry } of job.passes) pipelines.set(entry, await this.#pipeline({ ...job, entry }));
    const held: GPUBuffer[] = [];
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
    try {
      let readers: Reader[] = [];
      let faults: Promise<(GPUError | null)[]>;
      try {
        readers = this.#submit(job, pipelines, held);
      } finally {
        faults = Promise.all([this.#device.popErrorScope(), this.#device.popErrorScope()]);
      }
      const fault = (await faults).find((one) => one !== null);
      if (fault) throw new Error(`WebGPU, ${job.shader}: ${fault.message}`);
      return await Promise.all(readers.map(readBack));
    } finally {
      for (const buffer of held) buffer.destroy();
    }
  }

  /** Uploads, dispatches and copies the results to buffers that can be read. Every buffer made is put in `held`. */
  #submit(job: GpuJob, pipelines: ReadonlyMap<string, GPUComputePipeline>, held: GPUBuffer[]): Reader[] {
    const make = (binding: Binding): GPUBuffer => {
      const buffer = this.#bufferOf(binding);
      held.push(buffer);
      return buffer;
    };
    const buffers = new Map<number, GPUBuffer>();
    for (const [number, binding] of Object.entries(job.bindings)) buffers.set(Number(number), make(binding));
    for (let from = 0; from < job.passes.length; from += PASSES_PER_SUBMISSION) {
      const encoder = this.#device.createCommandEncoder();
      const compute = encoder.beginComputePass();
      for (const pass of job.passes.slice(from, from + PASSES_PER_SUBMISSION)) {
        const pipeline = pipelines.get(pass.entry);
        if (pipeline === undefined) continue;
        this.#dispatch(compute, pipeline, pass, buffers, make(pass.params));
      }
      compute.end();
      this.#device.queue.submit([encoder.finish()]);
    }
    return this.#copyResults(job, buffers, held);
  }

  #dispatch(
    compute: GPUComputePassEncoder,
    pipeline: GPUComputePipeline,
    { uses, workgroups }: GpuPass,
    buffers: ReadonlyMap<number, GPUBuffer>,
    params: GPUBuffer,
  ): void {
    const entries: GPUBindGroupEntry[] = [{ binding: PARAMS, resource: { buffer: params } }];
    for (const binding of uses) {
      const buffer = buffers.get(binding);
      if (buffer !== undefined) entries.push({ binding, resource: { buffer } });
    }
    compute.setPipeline(pipeline);
    compute.setBindGroup(
      0,
      this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
    );
    compute.dispatchWorkgroups(Math.min(workgroups, GROUPS_PER_ROW), Math.ceil(workgroups / GROUPS_PER_ROW));
  }

  #copyResults({ bindings }: GpuJob, buffers: ReadonlyMap<number, GPUBuffer>, held: GPUBuffer[]): Reader[] {
    const encoder = this.#device.createCommandEncoder();
    const readers: Reader[] = [];
    for (const [number, binding] of Object.entries(bindings)) {
      const source = buffers.get(Number(number));
      const bytes = resultBytesOf(binding);
      if (source === undefined || bytes === undefined) continue;
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const copy = this.#device.createBuffer({ size: source.size, usage });
      held.push(copy);
      encoder.copyBufferToBuffer(source, 0, copy, 0, source.size);
      readers.push({ buffer: copy, bytes });
    }
    this.#device.queue.submit([encoder.finish()]);
    return readers;
  }

  #pipeline({
    shader,
    entry,
    source,
  }: Pick<Dispatch, 'shader' | 'entry' | 'source'>): Promise<GPUComputePipeline> {
    const key = `${shader}.${entry}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      const module = this.#device.createShaderModule({ code: source, label: key });
      pipeline = this.#device
        .createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: entry } })
        .catch((error: unknown) => explain(module, key, error));
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  #bufferOf(binding: Binding): GPUBuffer {
    if ('resultBytes' in binding || 'scratchBytes' in binding) {
      const bytes = 'resultBytes' in binding ? binding.resultBytes : binding.scratchBytes;
      return this.#device.createBuffer({
        size: paddedBytes(bytes),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
      });
    }
    const data = 'inOut' in binding ? binding.inOut : binding;
    const size = paddedBytes(data.byteLength);
    const buffer = this.#mapped(size, 'inOut' in binding ? GPUBufferUsage.COPY_SRC : 0);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  /** WebGPU reports no memory here as a RangeError, which the dispatcher would take for the caller's fault. */
  #mapped(size: number, more: GPUBufferUsageFlags): GPUBuffer {
    try {
      const usage = GPUBufferUsage.STORAGE | more;
      return this.#device.createBuffer({ size, usage, mappedAtCreation: true });
    } catch (cause) {
      throw new Error(`WebGPU has no memory for ${size} bytes`, { cause });
    }
  }
}

/** The pipeline's error only says that the shader is wrong; the compiler says where. */
async function explain(module: GPUShaderModule, key: string, cause: unknown): Promise<never> {
  const { messages } = await module.getCompilationInfo();
  const lines = messages.map((one) => `${one.lineNum}:${one.linePos} ${one.message}`);
  throw new Error(`WebGPU, ${key}: the shader does not compile: ${lines.join('; ')}`, { cause });
}

/** A result on its way back: `bytes` of the buffer count. */
interface Reader {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

async function readBack({ buffer, bytes }: Reader): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ);
  return buffer.getMappedRange().slice(0, bytes);
}

/** A runner, or why there is none. `chunkElements`: elements of one upload, a multiple of 4096. */
export async function openGpu(
  chunkElements = CHUNK_ELEMENTS,
): Promise<GpuRunner | { readonly missing: string }> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) return { missing: 'this engine has no WebGPU' };
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return { missing: 'WebGPU has no adapter here' };
    return new GpuRunner(await adapter.requestDevice(), chunkElements);
  } catch (error) {
    return { missing: `WebGPU gave no device (${error instanceof Error ? error.message : String(error)})` };
  }
}
