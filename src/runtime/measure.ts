/**
 * A MeasureRequest becomes a MeasureResult: the one measurement that page and command line share. What cannot be
 * measured lands in `notMeasured` with a sentence. It must not know threads, workers or which bundle it is given.
 */
import { PareError } from '../core/errors.ts';
import type { MeasureRequest, MeasureResult } from './contract.ts';
import { AGREEMENT_SAMPLES, compareOnData, compareOnSynthetic } from './compare.ts';
import type { AgreementFound } from './compare.ts';
import { findFeeds } from './find-feeds.ts';
import type { FoundFeeds, SampleSource } from './find-feeds.ts';
import { timePair } from './latency.ts';
import type { Clock } from './latency.ts';
import { memoryPerSession } from './memory.ts';
import type { MemoryProbe } from './memory.ts';
import type { Ort } from './ort.ts';
import { readModelBytes } from './model-bytes.ts';
import { openSession, startRuntime } from './session.ts';
import type { ModelBytes, Session } from './session.ts';

type What = MeasureResult['notMeasured'][number]['what'];

/** What the host (a worker, the command line) brings along. */
export interface MeasureHost {
  readonly ort: Ort;
  /** Providers of the bundle that `ort` is; the reason stands where one is missing. */
  readonly providers: Readonly<Record<MeasureRequest['provider'], true | string>>;
  /** Set before the runtime started. */
  readonly memory: MemoryProbe;
  readonly clock: Clock;
  readonly machine: MeasureResult['machine'];
  /** Threads that the runtime really has. */
  readonly threads: number;
  /** The user's own data; absent = inputs are made up. */
  readonly samples?: SampleSource;
  /** Lets the host breathe, shows progress, and throws PareError `cancelled`. */
  checkpoint(fraction: number, doing: string): Promise<void>;
}

/** Where each part of the work begins on the progress bar. */
const AT = { load: 0, sizes: 0.1, agreement: 0.15, latency: 0.4, memory: 0.9 } as const;

const ALL = ['latency', 'agreement', 'memory'] as const satisfies readonly What[];

class Findings {
  readonly host: MeasureHost;
  latency: MeasureResult['latency'] = null;
  agreement: MeasureResult['agreement'] = null;
  memory: MeasureResult['memory'] = null;
  readonly #notMeasured: { what: What; reason: string }[] = [];

  constructor(host: MeasureHost) {
    this.host = host;
  }

  miss(what: What, reason: string): void {
    this.#notMeasured.push({ what, reason });
  }

  /** Everything that has neither a number nor a reason yet gets this reason. */
  missRest(reason: string): void {
    for (const what of ALL) {
      if (this[what] === null && !this.#notMeasured.some((miss) => miss.what === what))
        this.miss(what, reason);
    }
  }

  result(): MeasureResult {
    const { latency, agreement, memory } = this;
    return {
      latency,
      agreement,
      memory,
      notMeasured: this.#notMeasured,
      machine: this.host.machine,
    };
  }
}

/**
 * Never throws for what a model or the runtime does.
 * @throws PareError `cancelled`, from the checkpoint.
 */
export async function measure(host: MeasureHost, request: MeasureRequest): Promise<MeasureResult> {
  const findings = new Findings(host);
  const available = host.providers[request.provider];
  if (available !== true) {
    findings.missRest(available);
    return findings.result();
  }
  const open: Session[] = [];
  try {
    await measureAll(findings, request, open);
  } catch (error) {
    if (!(error instanceof PareError) || error.code === 'cancelled') throw error;
    findings.missRest(sentence(error));
  } finally {
    await releaseAll(open);
  }
  return findings.result();
}

function sentence(error: PareError): string {
  return error.message.endsWith('.') ? error.message : `${error.message}.`;
}

/** A runtime that broke down cannot let go of anything either: that must not hide what broke it. */
async function releaseAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) {
    try {
      await session.release();
    } catch {
      return;
    }
  }
}

async function measureAll(findings: Findings, request: MeasureRequest, open: Session[]): Promise<void> {
  const { host } = findings;
  const { ort, clock } = host;
  const now = (): number => clock.now();
  await host.checkpoint(AT.load, 'Starting the runtime');
  const originalBytes = await readModelBytes(request.original);
  const variantBytes = await readModelBytes(request.variant);
  await startRuntime(ort, request.provider);
  await host.checkpoint(AT.load, 'Loading both models');
  const original = await openSession(ort, originalBytes, request.provider, 'the original', now);
  open.push(original);
  const variant = await openSession(ort, variantBytes, request.provider, 'the variant', now);
  open.push(variant);

  const pair: Pair = { original, variant, originalBytes, variantBytes };
  const feeds = await findFeeds(host, request, original, () =>
    host.checkpoint(AT.sizes, 'Finding inputs that the model accepts'),
  );
  if (feeds.ok) {
    await agreementPart(findings, request, pair, feeds);
    await latencyPart(findings, request, pair, feeds);
  } else for (const what of ['agreement', 'latency'] as const) findings.miss(what, feeds.reason);
  await memoryPart(findings, request, pair, open);
}

interface Pair {
  readonly original: Session;
  readonly variant: Session;
  readonly originalBytes: ModelBytes;
  readonly variantBytes: ModelBytes;
}

/** Times the latency budget that the agreement may take before it makes do with fewer samples: rarely, for then the figure depends on the machine. */
const AGREEMENT_SHARE = 4;

async function agreementPart(
  findings: Findings,
  request: MeasureRequest,
  { original, variant }: Pair,
  feeds: FoundFeeds & { readonly ok: true },
): Promise<void> {
  const { host } = findings;
  if (feeds.unusable !== undefined) {
    findings.miss('agreement', feeds.unusable);
    return;
  }
  const { samples, synthetic, sizes } = feeds;
  const start = host.clock.now();
  const span = AT.latency - AT.agreement;
  const goOn = async (done: number): Promise<boolean> => {
    const wanted = samples?.length ?? AGREEMENT_SAMPLES;
    await host.checkpoint(AT.agreement + (span * done) / wanted, 'Comparing outputs');
    return host.clock.now() - start < AGREEMENT_SHARE * request.budgetMillis;
  };
  const found: AgreementFound =
    samples === undefined
      ? await compareOnSynthetic(original, variant, {
          ...synthetic,
          sizes,
          goOn,
          seed: request.seed,
          samples: AGREEMENT_SAMPLES,
        })
      : await compareOnData(original, variant, samples, { sizes, goOn });
  if (found.ok) findings.agreement = found.agreement;
  else findings.miss('agreement', found.reason);
}

/** The user's samples that are timed, in turn: what one of them costs need not be what others do. */
const TIMED_SAMPLES = 8;

async function latencyPart(
  findings: Findings,
  request: MeasureRequest,
  { original, variant }: Pair,
  { timed, samples }: FoundFeeds & { readonly ok: true },
): Promise<void> {
  const { host } = findings;
  const inputs = samples === undefined ? [timed] : samples.slice(0, TIMED_SAMPLES);
  const originalFeeds = inputs.map((tensors) => original.feeds(tensors));
  const variantFeeds = inputs.map((tensors) => variant.feeds(tensors));
  const span = AT.memory - AT.latency;
  const found = await timePair(
    (turn) => original.run(originalFeeds[turn % inputs.length]),
    (turn) => variant.run(variantFeeds[turn % inputs.length]),
    {
      clock: host.clock,
      budgetMillis: request.budgetMillis,
      breathe: (fraction) => host.checkpoint(AT.latency + span * fraction, 'Timing both models in turn'),
    },
  );
  if (!found.ok) {
    findings.miss('latency', found.reason);
    return;
  }
  findings.latency = {
    source: 'measured',
    provider: request.provider,
    threads: host.threads,
    inputs: samples === undefined ? 'synthetic' : 'data',
    ...found.latency,
    createMillis: { original: original.createMillis, variant: variant.createMillis },
    // Both have run by now.
    firstRunMillis: { original: original.firstRunMillis() ?? 0, variant: variant.firstRunMillis() ?? 0 },
  };
}

/** Share of the latency budget that each model's memory may take. */
const MEMORY_SHARE = 0.4;

async function memoryPart(
  findings: Findings,
  request: MeasureRequest,
  { originalBytes, variantBytes }: Pair,
  open: Session[],
): Promise<void> {
  const { host } = findings;
  const usedBytes = (): number | undefined => host.memory.usedBytes();
  if (request.provider === 'webgpu') {
    findings.miss('memory', 'The weights are in the memory of the GPU, which a page cannot read.');
    return;
  }
  if (usedBytes() === undefined) {
    findings.miss('memory', "The runtime's heap cannot be seen here.");
    return;
  }
  // Sessions of the original stay alive while the variant's are added: what they would free had to be filled again first.
  const perSession = (
    bytes: ModelBytes,
    who: string,
    fraction: number,
  ): ReturnType<typeof memoryPerSession> =>
    memoryPerSession(
      async () =>
        open.push(await openSession(host.ort, bytes, request.provider, who, () => host.clock.now())),
      {
        clock: host.clock,
        usedBytes: () => usedBytes() ?? 0,
        budgetMillis: request.budgetMillis * MEMORY_SHARE,
        breathe: () => host.checkpoint(fraction, 'Measuring the memory of a session'),
      },
    );
  const original = await perSession(originalBytes, 'the original', AT.memory);
  const variant = await perSession(variantBytes, 'the variant', (1 + AT.memory) / 2);
  if (original === undefined || variant === undefined) {
    findings.miss(
      'memory',
      'The sessions fitted into memory that the runtime had already taken, so what they need could not be seen.',
    );
    return;
  }
  findings.memory = {
    source: 'measured',
    originalBytes: original.bytes,
    variantBytes: variant.bytes,
    resolutionBytes: original.resolutionBytes + variant.resolutionBytes,
  };
}
