/**
 * The bundled digits model and its held-out images, from the page's own origin, as files like any user's. It must not
 * know workers.
 */
import type { DataConfig } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import type { OpenFile } from '../../worker/api.ts';
import { fetchOnce } from './worker-script.ts';

const FOLDER = '/samples/digits/';

/** digits.json, as far as it is needed here; docs/sample.md describes it. */
interface SampleDescription {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly count: number;
  readonly dims: readonly number[];
  readonly classes: number;
  readonly input: string;
  readonly output: string;
  readonly scale: number;
}

export async function loadSampleModel(): Promise<readonly OpenFile[]> {
  const { model } = await describeSample();
  return [{ path: model, file: await fetchOnce(FOLDER + model) }];
}

export interface SampleData {
  readonly files: readonly OpenFile[];
  readonly config: DataConfig;
}

/**
 * The images as x.npy, uint8 [count, ...dims], and the labels as y.npy, uint8 [count].
 * @throws PareError `internal` when the files do not fit together
 */
export async function loadSampleData(): Promise<SampleData> {
  const sample = await describeSample();
  const { name, data, count, dims } = sample;
  const images = await fetchOnce(FOLDER + data);
  const pixels = count * dims.reduce((product, dim) => product * dim, 1);
  if (images.size !== pixels + count) {
    throw new PareError(
      'internal',
      `The sample's images are ${images.size} bytes; ${pixels + count} were expected.`,
      { hint: 'Reload the page.' },
    );
  }
  return {
    files: [
      { path: `${name}/x.npy`, file: new Blob([npyHeader([count, ...dims]), images.slice(0, pixels)]) },
      { path: `${name}/y.npy`, file: new Blob([npyHeader([count]), images.slice(pixels)]) },
    ],
    config: configOf(sample),
  };
}

async function describeSample(): Promise<SampleDescription> {
  const description = await (await fetchOnce(`${FOLDER}digits.json`)).text();
  return JSON.parse(description) as SampleDescription;
}

function configOf({ name, input, output, dims, classes, scale }: SampleDescription): DataConfig {
  return {
    format: 'pare-data',
    version: 1,
    name,
    inputs: { [input]: { kind: 'array', source: 'x', dims, scale, mean: 0, std: 1 } },
    task: { kind: 'classification', output, values: 'logits', classOffset: 0 },
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    split: { seed: 1, calibration: 0, holdBack: 0 },
    exclude: [],
  };
}

/** Version 1.0 of the NPY format for uint8 in C order: magic, header length, a Python dict padded to 64 bytes. */
function npyHeader(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const start = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
  const dict = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const lengthBytes = 2;
  const unpadded = start.length + lengthBytes + dict.length + 1;
  const padded = Math.ceil(unpadded / 64) * 64;
  const text = dict + ' '.repeat(padded - unpadded) + '\n';
  return new Uint8Array([...start, text.length & 0xff, text.length >> 8, ...new TextEncoder().encode(text)]);
}
