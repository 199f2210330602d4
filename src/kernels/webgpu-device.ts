/**
 * The thin layer over WebGPU: get a device, run one compute shader over some buffers, read the results, free everything. It
 * must not know what the kernels compute.
 */

/** Threads of a workgroup in every shader. */
export const THREADS = 64;
/** Elements of one upload: 4 MB of float32, far below every limit of WebGPU. */
const CHUNK_ELEMENTS = 1 << 20;

/** A typed array to upload, or the byte length of a buffer that starts as zeros and is read back. */
export type Binding = ArrayBufferView | { readonly resultBytes: number };

export interface Dispatch {
  /** Key of the compiled pipeline; one for each pair of shader and entry point. */
  readonly shader: string;
  readonly entry: string;
  readonly source: string;
  /** By binding number in group 0. */
  readonly bindings: Readonly<Record<number, Binding>>;
  readonly workgroups: number;
}

/** Limit of workgroups in one dimension that every device has is 65535; a power of two below it. */
const GROUPS_PER_ROW = 32768;

/** Storage buffers have a multiple of four bytes, and at least some. */
function paddedBytes(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 4) * 4);
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

  /** Results of the `resultBytes` bindings, in the order of their numbers. @throws Error with the text of WebGPU. */
  async run(dispatch: Dispatch): Promise<ArrayBuffer[]> {
    const pipeline = await this.#pipeline(dispatch);
    const held: GPUBuffer[] = [];
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
    try {
      let readers: Reader[] = [];
      let faults: Promise<(GPUError | null)[]>;
      try {
        readers = this.#submit(dispatch, pipeline, held);
      } finally {
        faults = Promise.all([this.#device.popErrorScope(), this.#device.popErrorScope()]);
      }
      const fault = (await faults).find((one) => one !== null);
      if (fault) throw new Error(`WebGPU, ${dispatch.shader}.${dispatch.entry}: ${fault.message}`);
      return await Promise.all(readers.map(readBack));
    } finally {
      for (const buffer of held) buffer.destroy();
    }
  }

  /** Uploads, dispatches and copies the results to buffers that can be read. Every buffer made is put in `held`. */
  #submit(dispatch: Dispatch, pipeline: GPUComputePipeline, held: GPUBuffer[]): Reader[] {
    const encoder = this.#device.createCommandEncoder();
    const readers: { reader: Reader; source: GPUBuffer }[] = [];
    const entries: GPUBindGroupEntry[] = [];
    for (const [number, binding] of Object.entries(dispatch.bindings)) {
      const buffer = this.#bufferOf(binding);
      held.push(buffer);
      entries.push({ binding: Number(number), resource: { buffer } });
      if (!('resultBytes' in binding)) continue;
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const copy = this.#device.createBuffer({ size: buffer.size, usage });
      held.push(copy);
      readers.push({ reader: { buffer: copy, bytes: binding.resultBytes }, source: buffer });
    }
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    const { workgroups } = dispatch;
    pass.dispatchWorkgroups(Math.min(workgroups, GROUPS_PER_ROW), Math.ceil(workgroups / GROUPS_PER_ROW));
    pass.end();
    for (const { reader, source } of readers) {
      encoder.copyBufferToBuffer(source, 0, reader.buffer, 0, source.size);
    }
    this.#device.queue.submit([encoder.finish()]);
    return readers.map(({ reader }) => reader);
  }

  #pipeline({ shader, entry, source }: Dispatch): Promise<GPUComputePipeline> {
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
    if ('resultBytes' in binding) {
      return this.#device.createBuffer({
        size: paddedBytes(binding.resultBytes),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
      });
    }
    const size = paddedBytes(binding.byteLength);
    const buffer = this.#mapped(size);
    const bytes = new Uint8Array(binding.buffer, binding.byteOffset, binding.byteLength);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  /** WebGPU reports no memory here as a RangeError, which the dispatcher would take for the caller's fault. */
  #mapped(size: number): GPUBuffer {
    try {
      return this.#device.createBuffer({ size, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true });
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
