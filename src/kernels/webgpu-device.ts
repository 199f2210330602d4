/**
 * The thin layer over WebGPU: get a device, run one compute shader over some buffers, read the results, free everything. It
 * must not know what the kernels compute.
 */

/** Threads of a workgroup in every shader. */
export const THREADS = 64;
/** Elements of one upload: 4 MB of float32, far below every limit of WebGPU. */
export const GPU_CHUNK = 1 << 20;

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

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  dispose(): void {
    this.#device.destroy();
  }

  /** Results of the `resultBytes` bindings, in the order of their numbers. @throws Error with the text of WebGPU. */
  async run(dispatch: Dispatch): Promise<ArrayBuffer[]> {
    const device = this.#device;
    if (dispatch.workgroups === 0) return emptyResults(dispatch);
    const pipeline = await this.#pipeline(dispatch);
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const buffers = Object.entries(dispatch.bindings).map(([number, binding]) => ({
      number: Number(number),
      binding,
      buffer: this.#bufferOf(binding),
    }));
    const results = buffers.filter(({ binding }) => 'resultBytes' in binding);
    const readers = results.map(({ buffer }) => this.#encode(buffer));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = buffers.map(({ number, buffer }) => ({ binding: number, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    const { workgroups } = dispatch;
    pass.dispatchWorkgroups(Math.min(workgroups, GROUPS_PER_ROW), Math.ceil(workgroups / GROUPS_PER_ROW));
    pass.end();
    results.forEach(({ buffer }, i) => encoder.copyBufferToBuffer(buffer, 0, readers[i], 0, buffer.size));
    device.queue.submit([encoder.finish()]);
    const faults = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    try {
      const fault = faults.find((one) => one !== null);
      if (fault) throw new Error(`WebGPU, ${dispatch.shader}.${dispatch.entry}: ${fault.message}`);
      return await Promise.all(readers.map((reader, i) => readBack(reader, results[i].binding)));
    } finally {
      for (const { buffer } of buffers) buffer.destroy();
      for (const reader of readers) reader.destroy();
    }
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
    const buffer = this.#device.createBuffer({
      size: paddedBytes(binding.byteLength),
      usage: GPUBufferUsage.STORAGE,
      mappedAtCreation: true,
    });
    const bytes = new Uint8Array(binding.buffer, binding.byteOffset, binding.byteLength);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  #encode(source: GPUBuffer): GPUBuffer {
    return this.#device.createBuffer({
      size: source.size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
  }
}

/** The pipeline's error only says that the shader is wrong; the compiler says where. */
async function explain(module: GPUShaderModule, key: string, cause: unknown): Promise<never> {
  const { messages } = await module.getCompilationInfo();
  const lines = messages.map((one) => `${one.lineNum}:${one.linePos} ${one.message}`);
  throw new Error(`WebGPU, ${key}: the shader does not compile: ${lines.join('; ')}`, { cause });
}

function emptyResults({ bindings }: Dispatch): ArrayBuffer[] {
  return Object.values(bindings).flatMap((binding) =>
    'resultBytes' in binding ? [new ArrayBuffer(binding.resultBytes)] : [],
  );
}

async function readBack(reader: GPUBuffer, binding: Binding): Promise<ArrayBuffer> {
  const bytes = 'resultBytes' in binding ? binding.resultBytes : 0;
  await reader.mapAsync(GPUMapMode.READ);
  return reader.getMappedRange().slice(0, bytes);
}

/** A runner, or why there is none. */
export async function openGpu(): Promise<GpuRunner | { readonly missing: string }> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) return { missing: 'this engine has no WebGPU' };
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return { missing: 'WebGPU has no adapter here' };
    return new GpuRunner(await adapter.requestDevice());
  } catch (error) {
    return { missing: `WebGPU gave no device (${error instanceof Error ? error.message : String(error)})` };
  }
}
