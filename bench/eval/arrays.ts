/** Files of numbers: npy inside npz, and the idx format of MNIST. It must not know models. */
import { gunzipSync, unzipSync } from 'fflate';

export interface NumberArray {
  readonly dims: readonly number[];
  readonly values: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;
}

const NPY_TYPES = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '|u1': Uint8Array,
} as const;

function isNpyType(text: string): text is keyof typeof NPY_TYPES {
  return text in NPY_TYPES;
}

/** Source: numpy.lib.format, version 1 and 2; C order only. */
export function readNpy(bytes: Uint8Array): NumberArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  const headerAt = version === 1 ? 10 : 12;
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = new TextDecoder('latin1').decode(bytes.subarray(headerAt, headerAt + headerLength));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? '';
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '';
  if (!isNpyType(type) || /'fortran_order':\s*True/.test(header)) {
    throw new Error(`This array is not read here: ${header.trim()}`);
  }
  const dims = shape
    .split(',')
    .map((d) => d.trim())
    .filter((d) => d !== '')
    .map(Number);
  const body = bytes.slice(headerAt + headerLength);
  return { dims, values: new NPY_TYPES[type](body.buffer) };
}

export function readNpz(bytes: Uint8Array): Readonly<Record<string, NumberArray>> {
  const files = unzipSync(bytes);
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name.replace(/\.npy$/, ''), readNpy(file)]),
  );
}

/** Unsigned bytes only. Source: http://yann.lecun.com/exdb/mnist/ (file formats). */
export function readIdxGzip(bytes: Uint8Array): NumberArray {
  const data = gunzipSync(bytes);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data[2] !== 0x08) throw new Error(`Type ${data[2]} of an idx file is not read here.`);
  const rank = data[3];
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { dims, values: data.subarray(4 + 4 * rank) };
}
