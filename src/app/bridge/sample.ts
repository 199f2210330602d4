/** The bundled digits model and its held-out images, from the page's own origin. It must not know workers. */
import { PareError } from '../../core/errors.ts';
import type { MeasureRequest, OpenFile } from '../../worker/api.ts';
import { fetchOnce } from './worker-script.ts';

const FOLDER = '/samples/digits/';

/** digits.json, as far as it is needed here; docs/sample.md describes it. */
interface SampleDescription {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly count: number;
  readonly dims: readonly number[];
  readonly input: string;
  readonly scale: number;
}

export interface Sample {
  readonly files: readonly OpenFile[];
  readonly dataset: NonNullable<MeasureRequest['dataset']>;
}

/** @throws PareError `internal` when the files do not fit together */
export async function loadSample(): Promise<Sample> {
  const description = await (await fetchOnce(`${FOLDER}digits.json`)).text();
  const { name, model, data, count, dims, input, scale } = JSON.parse(description) as SampleDescription;
  const [file, images] = await Promise.all([fetchOnce(FOLDER + model), fetchOnce(FOLDER + data)]);
  const bytes = new Uint8Array(await images.arrayBuffer());
  const pixels = count * dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length !== pixels + count) {
    throw new PareError(
      'internal',
      `The sample's images are ${bytes.length} bytes; ${pixels + count} were expected.`,
      {
        hint: 'Reload the page.',
      },
    );
  }
  const values = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) values[i] = bytes[i] * scale;
  return {
    files: [{ path: model, file }],
    dataset: { name, input, dims: [count, ...dims], values, labels: bytes.slice(pixels) },
  };
}
