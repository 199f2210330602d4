/**
 * What a measurement feeds both models: the user's own samples where there are some that fit, else made-up inputs of
 * sizes that the model accepts. It must not know what is measured with them.
 */
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { AGREEMENT_DATA_SAMPLES } from './compare.ts';
import type { MeasureRequest } from './contract.ts';
import { makeFeeds } from './feeds.ts';
import type { ValueRange } from './feeds.ts';
import { findSizes } from './find-sizes.ts';
import { dimensionKey, readInputs } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import type { Clock } from './latency.ts';
import type { Session } from './session.ts';
import { pickRange } from './value-range.ts';

type Feeds = ReadonlyMap<string, HostTensor>;

/**
 * Up to `count` of the user's own samples as inputs, one sample each, the same ones in the same order each time.
 * @throws PareError in words when none can be read.
 */
export type SampleSource = (count: number) => Promise<readonly Feeds[]>;

export type FoundFeeds =
  | {
      readonly ok: true;
      /** Of free dimensions. */
      readonly sizes: DimensionSizes;
      /** What is timed where there are no samples, and run to see whether models run at all. */
      readonly timed: Feeds;
      readonly synthetic: { readonly inputs: readonly ModelInput[]; readonly range: ValueRange };
      /** The user's own; absent = inputs are made up. */
      readonly samples?: readonly Feeds[];
      /** Why the user's samples could not be used although there are some. */
      readonly unusable?: string;
    }
  | { readonly ok: false; readonly reason: string };

/** All samples together: pictures of a detector are 5 MB each. */
const MAX_SAMPLE_BYTES = 128 * 2 ** 20;

/**
 * @param breathe between tries; throws PareError `cancelled`.
 * @throws PareError `runtime-crashed`, `out-of-memory`.
 */
export async function findFeeds(
  host: { readonly clock: Clock; readonly samples?: SampleSource },
  request: Pick<MeasureRequest, 'dimensions' | 'seed'>,
  original: Session,
  breathe: () => Promise<void>,
): Promise<FoundFeeds> {
  const inputs = readInputs(original.ort);
  if (!inputs.ok) return inputs;
  const own = host.samples === undefined ? undefined : await ownSamples(host.samples, original);
  if (own?.ok === true) {
    const [timed] = own.samples;
    return {
      ok: true,
      sizes: sizesOf(inputs.inputs, timed),
      timed,
      synthetic: { inputs: inputs.inputs, range: 'signed-unit' },
      samples: own.samples,
    };
  }
  const { clock } = host;
  const found = await findSizes(original, inputs.inputs, request.dimensions, request.seed, {
    clock,
    breathe,
  });
  if (!found.ok) return found;
  const range = await pickRange(original, inputs.inputs, found.sizes, request.seed, breathe);
  return {
    ok: true,
    sizes: found.sizes,
    timed: makeFeeds(inputs.inputs, found.sizes, request.seed, 0, range),
    synthetic: { inputs: inputs.inputs, range },
    ...(own === undefined ? {} : { unusable: own.reason }),
  };
}

type OwnSamples =
  | { readonly ok: true; readonly samples: readonly [Feeds, ...Feeds[]] }
  | { readonly ok: false; readonly reason: string };

async function ownSamples(read: SampleSource, original: Session): Promise<OwnSamples> {
  try {
    const [first] = await read(1);
    if (first === undefined) return { ok: false, reason: 'The data hold no sample that can be read.' };
    await original.run(original.feeds(first));
    const bytes = [...first.values()].reduce((sum, tensor) => sum + tensor.bytes.byteLength, 0);
    const count = Math.floor(MAX_SAMPLE_BYTES / Math.max(1, bytes));
    const wanted = Math.max(1, Math.min(AGREEMENT_DATA_SAMPLES, count));
    const [head = first, ...rest] = await read(wanted);
    return { ok: true, samples: [head, ...rest] };
  } catch (error) {
    if (!(error instanceof PareError) || !BEARABLE.has(error.code)) throw error;
    return { ok: false, reason: `The original does not run on your samples. ${error.message}` };
  }
}

/** What is wrong with samples; everything else ends the measurement. */
const BEARABLE: ReadonlySet<string> = new Set(['runtime-refused', 'data-invalid', 'unsupported']);

function sizesOf(inputs: readonly ModelInput[], feeds: Feeds): DimensionSizes {
  const sizes: Record<string, number> = {};
  for (const input of inputs) {
    for (const [axis, d] of input.shape.entries()) {
      const size = feeds.get(input.name)?.dims[axis];
      if (typeof d !== 'number' && size !== undefined) sizes[dimensionKey(input, axis)] = size;
    }
  }
  return sizes;
}
