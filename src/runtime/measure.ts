/**
 * A MeasureRequest becomes a MeasureResult: the one measurement that page and command line share. What cannot be
 * measured lands in `notMeasured` with a sentence. It must not know threads, workers or which bundle it is given.
 */
import { PareError } from '../core/errors.ts';
import type { MeasureRequest, MeasureResult } from './contract.ts';
import { measureAccuracy } from './accuracy.ts';
import { AGREEMENT_SAMPLES, compareOnSynthetic } from './compare.ts';
import { makeFeeds } from './feeds.ts';
import type { ValueRange } from './feeds.ts';
import { findSizes } from './find-sizes.ts';
import { readInputs } from './inputs.ts';
import type { DimensionSizes, ModelInput } from './inputs.ts';
import { timePair } from './latency.ts';
import type { Clock } from './latency.ts';
import { memoryPerSession } from './memory.ts';
import type { MemoryProbe } from './memory.ts';
import type { Ort } from './ort.ts';
import { readModelBytes } from './model-bytes.ts';
import { openSession, startRuntime } from './session.ts';
import type { ModelBytes, Session } from './session.ts';
import { pickRange } from './value-range.ts';

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
  /** Lets the host breathe, shows progress, and throws PareError `cancelled`. */
  checkpoint(fraction: number, doing: string): Promise<void>;
}

/** Where each part of the work begins on the progress bar. */
const AT = { load: 0, sizes: 0.1, agreement: 0.15, accuracy: 0.3, latency: 0.45, memory: 0.9 } as const;

const ALL: readonly What[] = ['latency', 'agreement', 'accuracy', 'memory'];

class Findings {
  readonly host: MeasureHost;
  latency: MeasureResult['latency'] = null;
  agreement: MeasureResult['agreement'] = null;
  accuracy: MeasureResult['accuracy'] = null;
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
    const { latency, agreement, accuracy, memory } = this;
    return {
      latency,
      agreement,
      accuracy,
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
  const inputs = readInputs(original.ort);
  const sizes = inputs.ok ? await sizesFor(findings, request, pair, inputs.inputs) : inputs;
  const synthetic =
    sizes.ok && inputs.ok
      ? await syntheticInputs(findings, request, pair, inputs.inputs, sizes.sizes)
      : undefined;
  if (synthetic !== undefined) await agreementPart(findings, request, pair, synthetic);
  await accuracyPart(findings, request, pair);
  if (synthetic !== undefined) await latencyPart(findings, request, pair, synthetic);
  else if (!sizes.ok) for (const what of ['agreement', 'latency'] as const) findings.miss(what, sizes.reason);
  await memoryPart(findings, request, pair, open);
}

interface Pair {
  readonly original: Session;
  readonly variant: Session;
  readonly originalBytes: ModelBytes;
  readonly variantBytes: ModelBytes;
}

async function sizesFor(
  { host }: Findings,
  request: MeasureRequest,
  { original }: Pair,
  inputs: readonly ModelInput[],
): ReturnType<typeof findSizes> {
  return findSizes(original, inputs, request.dimensions, request.seed, {
    clock: host.clock,
    breathe: () => host.checkpoint(AT.sizes, 'Finding sizes that the model accepts'),
  });
}

/** All that is needed to make inputs up. */
interface Synthetic {
  readonly inputs: readonly ModelInput[];
  readonly sizes: DimensionSizes;
  readonly range: ValueRange;
}

async function syntheticInputs(
  { host }: Findings,
  request: MeasureRequest,
  { original }: Pair,
  inputs: readonly ModelInput[],
  sizes: DimensionSizes,
): Promise<Synthetic> {
  const range = await pickRange(original, inputs, sizes, request.seed, () =>
    host.checkpoint(AT.sizes, 'Finding inputs that the model reacts to'),
  );
  return { inputs, sizes, range };
}

/** Times the latency budget that the agreement may take before it makes do with fewer samples: rarely, for then the figure depends on the machine. */
const AGREEMENT_SHARE = 4;

async function agreementPart(
  findings: Findings,
  request: MeasureRequest,
  { original, variant }: Pair,
  synthetic: Synthetic,
): Promise<void> {
  const { host } = findings;
  const start = host.clock.now();
  const span = AT.accuracy - AT.agreement;
  const found = await compareOnSynthetic(original, variant, {
    ...synthetic,
    seed: request.seed,
    samples: AGREEMENT_SAMPLES,
    goOn: async (done) => {
      await host.checkpoint(AT.agreement + (span * done) / AGREEMENT_SAMPLES, 'Comparing outputs');
      return host.clock.now() - start < AGREEMENT_SHARE * request.budgetMillis;
    },
  });
  if (found.ok) findings.agreement = found.agreement;
  else findings.miss('agreement', found.reason);
}

async function accuracyPart(
  findings: Findings,
  request: MeasureRequest,
  { original, variant }: Pair,
): Promise<void> {
  const { host } = findings;
  const { dataset } = request;
  if (dataset === undefined) {
    findings.miss('accuracy', 'There is no labelled data for this model.');
    return;
  }
  const span = AT.latency - AT.accuracy;
  const found = await measureAccuracy(original, variant, dataset, (fraction) =>
    host.checkpoint(AT.accuracy + span * fraction, `Classifying ${dataset.name}`),
  );
  if (found.ok) findings.accuracy = found.accuracy;
  else findings.miss('accuracy', found.reason);
}

async function latencyPart(
  findings: Findings,
  request: MeasureRequest,
  { original, variant }: Pair,
  { inputs, sizes, range }: Synthetic,
): Promise<void> {
  const { host } = findings;
  const tensors = makeFeeds(inputs, sizes, request.seed, 0, range);
  const originalFeeds = original.feeds(tensors);
  const variantFeeds = variant.feeds(tensors);
  const span = AT.memory - AT.latency;
  const found = await timePair(
    () => original.run(originalFeeds),
    () => variant.run(variantFeeds),
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
    ...found.latency,
    createMillis: { original: original.createMillis, variant: variant.createMillis },
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
