/** .npy, .npz, IDX and .wav files for tests, of values that the test gives. Tests only. */
import { Writer, buildZip, bytesOf } from './build-zip.ts';

interface NpyOptions {
  readonly fortran?: boolean;
  readonly version?: 1 | 2 | 3;
  /** The dictionary itself, to write a wrong one. */
  readonly header?: string;
}

/** @param descr numpy's name of the type: '<f4'; @param data the elements as they shall stand in the file */
export function buildNpy(
  descr: string,
  shape: readonly number[],
  data: ArrayBufferView,
  { fortran = false, version = 1, header }: NpyOptions = {},
): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary =
    header ?? `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const prefix = version === 1 ? 10 : 12;
  const text = bytesOf(
    `${dictionary.padEnd(Math.ceil((prefix + dictionary.length + 1) / 64) * 64 - prefix - 1)}\n`,
  );
  const writer = new Writer().bytes(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0));
  if (version === 1) writer.u16(text.length);
  else writer.u32(text.length);
  return writer
    .bytes(text)
    .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .finish();
}

export function buildNpz(arrays: Readonly<Record<string, Uint8Array>>, deflate: boolean): Uint8Array {
  return buildZip(Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data, deflate })));
}

/** Type 0x08: unsigned bytes. */
export function buildIdx(dims: readonly number[], data: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  header.setUint32(0, 0x0800 + dims.length);
  for (const [axis, d] of dims.entries()) header.setUint32(4 + 4 * axis, d);
  return new Writer().bytes(new Uint8Array(header.buffer)).bytes(data).finish();
}

interface WavOptions {
  readonly code?: number;
  readonly bits?: number;
  readonly channels?: number;
  readonly sampleRate?: number;
  /** Written as WAVEFORMATEXTENSIBLE with the code in its sub-format. */
  readonly extensible?: boolean;
  /** What the data chunk says about its length, if not the truth. */
  readonly claim?: number;
}

export function buildWav(data: Uint8Array, options: WavOptions = {}): Uint8Array {
  const { code = 1, bits = 16, channels = 1, sampleRate = 16_000, extensible = false, claim } = options;
  const format = new Writer()
    .u16(extensible ? 0xfffe : code)
    .u16(channels)
    .u32(sampleRate);
  format
    .u32((sampleRate * channels * bits) / 8)
    .u16((channels * bits) / 8)
    .u16(bits);
  if (extensible) format.u16(22).u16(bits).u32(0).u16(code).bytes(new Uint8Array(14));
  const writer = new Writer().bytes(bytesOf('RIFF')).u32(0).bytes(bytesOf('WAVE'));
  writer.bytes(bytesOf('fmt ')).u32(format.length).bytes(format.finish());
  return writer
    .bytes(bytesOf('data'))
    .u32(claim ?? data.length)
    .bytes(data)
    .finish();
}
