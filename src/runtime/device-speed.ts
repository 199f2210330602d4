/**
 * How fast this device is at what layers are made of: a benchmark of about three seconds, tiny models in turn. It must
 * not know what the figures are used for; it never runs while anything else is timed.
 */
import { seededRandom } from '../core/random.ts';
import { speedFrom, speedProbes } from '../core/search/speed-probes.ts';
import type { SpeedProbe } from '../core/search/speed-probes.ts';
import type { DeviceSpeed } from '../core/search/types.ts';
import type { Clock } from './latency.ts';
import type { Ort } from './ort.ts';
import { joinParts } from './parts.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

export interface SpeedHost {
  readonly ort: Ort;
  readonly clock: Clock;
  /** Threads that the runtime really has. */
  readonly threads: number;
  checkpoint(fraction: number, doing: string): Promise<void>;
}

/** Loading and warm-up included. */
const BUDGET_MILLIS = 3000;
/** The first runs are 5–30 times slow: the engine still compiles. */
const WARM_UP_ROUNDS = 12;
/** Even where the budget is used up. */
const LEAST_ROUNDS = 8;
const MOST_ROUNDS = 80;
/** Interruptions only ever add time. */
const QUANTILE = 0.25;

interface OpenProbe {
  readonly probe: SpeedProbe;
  readonly session: Session;
  readonly feeds: ReturnType<Session['feeds']>;
  readonly millis: number[];
}

/** @throws PareError `runtime-refused`, `cancelled`. */
export async function measureDeviceSpeed(host: SpeedHost): Promise<DeviceSpeed> {
  const { clock } = host;
  const started = clock.now();
  const probes = speedProbes();
  const open: OpenProbe[] = [];
  try {
    for (const [i, probe] of probes.entries()) {
      await host.checkpoint((0.3 * i) / probes.length, 'loading small models');
      open.push(await openProbe(probe, host));
    }
    await timeRounds(open, host, started);
  } finally {
    for (const { session } of open) await session.release();
  }
  const nanos = open.map(({ millis }) => 1e6 * lowerQuartile(millis));
  return {
    provider: 'wasm',
    threads: host.threads,
    ...speedFrom(probes, nanos),
    millis: clock.now() - started,
    source: 'measured',
  };
}

async function openProbe(probe: SpeedProbe, { ort, clock }: SpeedHost): Promise<OpenProbe> {
  const model = joinParts(probe.parts);
  const session = await openSession(ort, { model, external: [] }, 'wasm', 'a small model', () => clock.now());
  const { name, dims } = probe.input;
  // As behind a Relu, and in no order: a filter's results then lean to one side of zero, each filter's to its own, and the
  // branch on their sign is predicted about as often as on real values. Values around zero were twice as dear, repeated
  // ones next to nothing.
  const random = seededRandom(1);
  const count = dims.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: count }, () => random.next());
  const bytes = new Uint8Array(values.buffer);
  const feeds = session.feeds(new Map([[name, { dataType: 'float32', dims, bytes }]]));
  return { probe, session, feeds, millis: [] };
}

/** All in turn, so that a slower minute of the machine hits them alike. */
async function timeRounds(open: readonly OpenProbe[], host: SpeedHost, started: number): Promise<void> {
  const { clock } = host;
  for (let round = 0; round < WARM_UP_ROUNDS + MOST_ROUNDS; round++) {
    const spent = clock.now() - started;
    if (round >= WARM_UP_ROUNDS + LEAST_ROUNDS && spent > BUDGET_MILLIS) break;
    await host.checkpoint(Math.min(1, 0.3 + (0.7 * spent) / BUDGET_MILLIS), 'timing small models');
    for (const { probe, session, feeds, millis } of open) {
      const before = clock.now();
      await session.run(feeds, [probe.output]);
      if (round >= WARM_UP_ROUNDS) millis.push(clock.now() - before);
    }
  }
}

function lowerQuartile(millis: readonly number[]): number {
  const sorted = millis.toSorted((a, b) => a - b);
  return sorted[Math.floor(QUANTILE * (sorted.length - 1))];
}
