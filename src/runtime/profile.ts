/**
 * A ProfileRequest becomes times by node, from the runtime's own profiler. A job of its own: profiling makes runs two
 * to three times slower, so nothing is timed meanwhile. It must not know threads, workers or which bundle it is given.
 */
import { PareError } from '../core/errors.ts';
import { parseProfile } from '../core/profile/parse.ts';
import { summarizeProfile } from '../core/profile/summarize.ts';
import type { ProfileRequest, ProfileResult } from './contract.ts';
import { makeFeeds } from './feeds.ts';
import { findSizes } from './find-sizes.ts';
import { readInputs } from './inputs.ts';
import type { Clock } from './latency.ts';
import type { MeasureHost } from './measure.ts';
import { readModelBytes } from './model-bytes.ts';
import type { OrtTensor } from './ort.ts';
import type { PrintTap } from './print-tap.ts';
import { openSession, startRuntime } from './session.ts';
import type { ModelBytes, Session } from './session.ts';
import { pickRange } from './value-range.ts';

/** What the host (a worker, the command line) brings along. */
export interface ProfileHost extends Pick<
  MeasureHost,
  'ort' | 'providers' | 'clock' | 'threads' | 'checkpoint'
> {
  /** Set before the runtime made its first session. */
  readonly prints: PrintTap;
}

/** Runs without the profiler until the engine has compiled the kernels. */
const WARM_UP_RUNS = 10;
const WARM_UP_SHARE = 0.3;
/** Of the profiled session: its own buffers are touched for the first time. */
const DISCARDED = 3;
const MIN_RUNS = 3;
/** The faster half of them is looked at; a median over more is no better than the machine is steady. */
const MAX_RUNS = 100;
/** How much slower a run is while it is profiled. */
const PROFILED_SLOWDOWN = 2.5;

/**
 * @throws PareError `runtime-refused`, `runtime-crashed`, `out-of-memory` in the runtime's words; `runtime-refused`
 * also where the model cannot be fed, the provider is missing or no profile came; `cancelled` from the checkpoint.
 */
export async function profileModel(host: ProfileHost, request: ProfileRequest): Promise<ProfileResult> {
  const available = host.providers[request.provider];
  if (available !== true) throw new PareError('runtime-refused', available);
  await host.checkpoint(0, 'Starting the runtime');
  const bytes = await readModelBytes(request.model);
  await startRuntime(host.ort, request.provider);
  const { feeds, sizes, millis } = await warmUp(host, request, bytes);
  const text = await profileRuns(host, request, bytes, feeds, runsWithin(request.budgetMillis, millis));
  const result = summarizeProfile(parseProfile(text), {
    provider: request.provider,
    threads: host.threads,
    dimensions: sizes,
    layerNodes: request.layerNodes,
    discard: DISCARDED,
  });
  if (result === undefined) {
    throw new PareError(
      'runtime-refused',
      text === ''
        ? 'The runtime printed no profile.'
        : 'The profile is too long to be read: the model runs too many nodes.',
      { hint: 'Try smaller sizes for the free dimensions.' },
    );
  }
  return result;
}

function runsWithin(budgetMillis: number, runMillis: number): number {
  const affordable = (budgetMillis * (1 - WARM_UP_SHARE)) / Math.max(runMillis * PROFILED_SLOWDOWN, 1e-3);
  return Math.max(MIN_RUNS, Math.min(MAX_RUNS, Math.floor(affordable) - DISCARDED));
}

interface WarmModel {
  readonly feeds: Record<string, OrtTensor>;
  readonly sizes: Readonly<Record<string, number>>;
  /** Of the fastest run. */
  readonly millis: number;
}

/** In a session of its own, let go of before the profiled one is made, so that memory holds one at a time. */
async function warmUp(host: ProfileHost, request: ProfileRequest, bytes: ModelBytes): Promise<WarmModel> {
  const { ort, clock } = host;
  const session = await openSession(ort, bytes, request.provider, 'the model', () => clock.now());
  try {
    const inputs = readInputs(session.ort);
    if (!inputs.ok) throw new PareError('runtime-refused', inputs.reason);
    const breathe = (): Promise<void> => host.checkpoint(0.1, 'Finding inputs that the model accepts');
    const found = await findSizes(session, inputs.inputs, request.dimensions, request.seed, {
      clock,
      breathe,
    });
    if (!found.ok) throw new PareError('runtime-refused', found.reason);
    const range = await pickRange(session, inputs.inputs, found.sizes, request.seed, breathe);
    const feeds = session.feeds(makeFeeds(inputs.inputs, found.sizes, request.seed, 0, range));
    const millis = await runWarm(host, session, feeds, clock, request.budgetMillis * WARM_UP_SHARE);
    return { feeds, sizes: found.sizes, millis };
  } finally {
    await session.release();
  }
}

async function runWarm(
  host: ProfileHost,
  session: Session,
  feeds: Record<string, OrtTensor>,
  clock: Clock,
  budgetMillis: number,
): Promise<number> {
  const start = clock.now();
  let fastest = Infinity;
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    const before = clock.now();
    await session.run(feeds);
    fastest = Math.min(fastest, clock.now() - before);
    await host.checkpoint(0.1 + (0.2 * run) / WARM_UP_RUNS, 'Warming up');
    if (clock.now() - start > budgetMillis) break;
  }
  return fastest;
}

/** @returns what the runtime printed. */
async function profileRuns(
  host: ProfileHost,
  request: ProfileRequest,
  bytes: ModelBytes,
  feeds: Record<string, OrtTensor>,
  runs: number,
): Promise<string> {
  const { ort, clock } = host;
  const session = await openSession(ort, bytes, request.provider, 'the model', () => clock.now(), {
    enableProfiling: true,
  });
  const end = (): string => host.prints.collect(() => session.ort.endProfiling());
  const start = clock.now();
  try {
    for (let run = 0; run < DISCARDED + runs; run++) {
      await session.run(feeds);
      await host.checkpoint(0.3 + (0.7 * run) / (DISCARDED + runs), 'Profiling');
      // The estimate may be wrong on a busy machine.
      if (run >= DISCARDED + MIN_RUNS && clock.now() - start > request.budgetMillis) break;
    }
    return end();
  } finally {
    // A session that was not asked for its profile prints it when it is let go of.
    host.prints.collect(() => void session.release().catch(() => undefined));
  }
}
