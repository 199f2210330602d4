/**
 * The same inputs through original and variant, on the CPU and (where it is) on the GPU: what one runtime gives, the
 * others must give as well. One session at a time, so that memory holds one model; outputs of a few samples are kept. It
 * must not know workers or pages.
 */
import { MemorySource } from '../core/bytes/spans.ts';
import { computesInHalf } from '../core/doctor/half.ts';
import { addPair, NO_PAIRS, sqnrDbOf } from '../core/metrics/agreement.ts';
import { withFinding } from '../core/doctor/parity.ts';
import type { ParityRow } from '../core/doctor/types.ts';
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { readModel } from '../core/onnx/read.ts';
import { numbersOf } from './compare.ts';
import type { MeasureRequest } from './contract.ts';
import { makeFeeds } from './feeds.ts';
import { findFeeds } from './find-feeds.ts';
import type { FoundFeeds } from './find-feeds.ts';
import { isState } from './inputs.ts';
import type { MeasureHost } from './measure.ts';
import { readModelBytes } from './model-bytes.ts';
import { openSession, startRuntime } from './session.ts';
import type { ModelBytes, Provider, Session } from './session.ts';

type Who = ParityRow['who'];
type Feeds = ReadonlyMap<string, HostTensor>;

/** Every difference between runtimes that matters shows on a few; outputs of a segmenter are 4 MB each. */
const SAMPLES = 4;

export interface ParityHost extends Pick<MeasureHost, 'ort' | 'providers' | 'clock' | 'samples'> {
  checkpoint(fraction: number, doing: string): Promise<void>;
}

/** Outputs by name, one map a sample; strings, integers and sequences are left out. */
type Outputs = readonly ReadonlyMap<string, Float64Array>[];

interface Side {
  readonly who: Who;
  readonly bytes: ModelBytes;
  readonly provider: Provider;
}

/**
 * Rows in a fixed order; those of the GPU are missing where there is none. A session that is refused is a row with
 * `failed`, not an error; only an original that does not run on the CPU is one.
 * @throws PareError `not-measurable`, `runtime-crashed`, `out-of-memory`, `cancelled`
 */
export async function measureParity(
  host: ParityHost,
  request: Pick<MeasureRequest, 'original' | 'variant' | 'dimensions' | 'seed'>,
): Promise<readonly ParityRow[]> {
  const gpu = host.providers.webgpu === true;
  const original = await readModelBytes(request.original);
  const variant = await readModelBytes(request.variant);
  const half = computesInHalf(readModel(new MemorySource(variant.model), { missingExternal: 'allow' }));
  await host.checkpoint(0, 'Starting the runtime');
  await startRuntime(host.ort, gpu ? 'webgpu' : 'wasm');
  const first: Side = { who: 'original on WASM', bytes: original, provider: 'wasm' };
  const { feeds, outputs } = await referenceOutputs(host, first, request);
  const known = new Map<Who, Outputs | string>([[first.who, outputs]]);
  const others: readonly Side[] = [
    { who: 'variant on WASM', bytes: variant, provider: 'wasm' },
    ...(gpu
      ? [
          { who: 'original on WebGPU', bytes: original, provider: 'webgpu' } as const,
          { who: 'variant on WebGPU', bytes: variant, provider: 'webgpu' } as const,
        ]
      : []),
  ];
  for (const [i, side] of others.entries()) {
    const fraction = (i + 1) / (others.length + 1);
    const breathe = (): Promise<void> => host.checkpoint(fraction, `Running the ${side.who}`);
    known.set(side.who, await outputsOrReason(host, side, feeds, breathe));
  }
  const pairs: readonly (readonly [Who, Who])[] = [
    ['variant on WASM', 'original on WASM'],
    ['original on WebGPU', 'original on WASM'],
    ['variant on WebGPU', 'variant on WASM'],
    ['variant on WebGPU', 'original on WASM'],
  ];
  return pairs.flatMap(([who, against]) => {
    const a = known.get(who);
    const b = known.get(against);
    return a === undefined || b === undefined ? [] : [withFinding(rowOf(who, against, a, b), half)];
  });
}

async function referenceOutputs(
  host: ParityHost,
  side: Side,
  request: Pick<MeasureRequest, 'dimensions' | 'seed'>,
): Promise<{ feeds: readonly Feeds[]; outputs: Outputs }> {
  const session = await open(host, side);
  try {
    const found = await findFeeds(host, request, session, () =>
      host.checkpoint(0, 'Finding inputs that the model accepts'),
    );
    if (!found.ok) throw new PareError('not-measurable', found.reason);
    const feeds = feedsOf(found, request.seed);
    const breathe = (): Promise<void> => host.checkpoint(0, `Running the ${side.who}`);
    return { feeds, outputs: await run(session, feeds, breathe) };
  } finally {
    await letGo(session);
  }
}

/** A runtime that broke down cannot let go of anything either: that must not hide what broke it. */
async function letGo(session: Session | undefined): Promise<void> {
  try {
    await session?.release();
  } catch {
    // What failed before is what is told.
  }
}

function feedsOf({ samples, synthetic, sizes }: FoundFeeds & { readonly ok: true }, seed: number): Feeds[] {
  if (samples !== undefined) return samples.slice(0, SAMPLES);
  return Array.from({ length: SAMPLES }, (_, i) =>
    makeFeeds(synthetic.inputs, sizes, seed, i, synthetic.range),
  );
}

/** What a model or a runtime cannot do is an answer; what breaks the runtime itself is not. */
const ANSWERS: ReadonlySet<string> = new Set(['runtime-refused', 'unsupported', 'not-measurable']);

async function outputsOrReason(
  host: ParityHost,
  side: Side,
  feeds: readonly Feeds[],
  breathe: () => Promise<void>,
): Promise<Outputs | string> {
  let session: Session | undefined;
  try {
    session = await open(host, side);
    return await run(session, feeds, breathe);
  } catch (error) {
    if (!(error instanceof PareError) || !ANSWERS.has(error.code)) throw error;
    return error.message;
  } finally {
    await letGo(session);
  }
}

function open(host: ParityHost, { who, bytes, provider }: Side): Promise<Session> {
  return openSession(host.ort, bytes, provider, `the ${who}`, () => host.clock.now());
}

async function run(
  session: Session,
  feeds: readonly Feeds[],
  breathe: () => Promise<void>,
): Promise<Outputs> {
  const outputs: ReadonlyMap<string, Float64Array>[] = [];
  for (const tensors of feeds) {
    await breathe();
    const values = await session.run(session.feeds(tensors));
    const kept = new Map<string, Float64Array>();
    for (const [name, value] of Object.entries(values)) {
      const numbers = value === undefined ? undefined : numbersOf(value);
      if (numbers !== undefined) kept.set(name, Float64Array.from(numbers));
    }
    outputs.push(kept);
  }
  return outputs;
}

function rowOf(who: Who, against: Who, a: Outputs | string, b: Outputs | string): ParityRow {
  const failed = typeof a === 'string' ? a : typeof b === 'string' ? b : undefined;
  if (failed !== undefined || typeof a === 'string' || typeof b === 'string') {
    return { who, against, sqnrDb: null, maxError: 0, notFinite: 0, samples: 0, failed: failed ?? '' };
  }
  let sums = NO_PAIRS;
  let maxError = 0;
  let notFinite = 0;
  for (const [i, outputs] of b.entries()) {
    for (const [name, wanted] of outputs) {
      const got = a.at(i)?.get(name);
      // States go round; what they make of small differences is not this run's.
      if (got?.length !== wanted.length || (isState({ name }) && outputs.size > 1)) continue;
      sums = addPair(sums, wanted, got);
      const difference = differenceOf(wanted, got);
      maxError = Math.max(maxError, difference.maxError);
      notFinite += difference.notFinite;
    }
  }
  const sqnrDb = sums.elements === 0 ? null : sqnrDbOf(sums);
  return { who, against, sqnrDb, maxError, notFinite, samples: b.length };
}

function differenceOf(a: Float64Array, b: Float64Array): { maxError: number; notFinite: number } {
  let maxError = 0;
  let notFinite = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    if (Number.isFinite(x) !== Number.isFinite(y)) notFinite++;
    else if (Number.isFinite(x)) maxError = Math.max(maxError, Math.abs(x - y));
  }
  return { maxError, notFinite };
}
