/**
 * Events of several profiled runs become times by node and by layer: medians over the faster half of the runs, a node's
 * own time without that of the graphs inside it. It must not know how events were caught or printed.
 */
import { findLayers } from './layer-finder.ts';
import type { LayerNodes } from './layer-finder.ts';
import type { NodeTime, ProfileEvent, ProfileResult } from './types.ts';

export interface ProfileFacts extends Pick<ProfileResult, 'provider' | 'threads' | 'dimensions'> {
  readonly layerNodes: LayerNodes;
  /** Runs at the start that do not count. */
  readonly discard: number;
}

/** The event that spans a run from outside. */
const RUN = 'model_run';

const NO_GPU_CLOCK =
  "The GPU's own clock could not be read (timestamp-query is missing): times say how long the work took to hand over.";

/** @returns undefined when no run is left to count. */
export function summarizeProfile(
  events: readonly ProfileEvent[],
  facts: ProfileFacts,
): ProfileResult | undefined {
  const runs = quietHalf(splitRuns(events).slice(facts.discard));
  if (runs.length === 0) return undefined;
  const nodes = nodeTimes(runs, facts.layerNodes);
  const layers: Record<string, number> = {};
  for (const { layerId, micros } of nodes) layers[layerId ?? ''] = (layers[layerId ?? ''] ?? 0) + micros;
  const runMicros = median(runs.map(({ span }) => span.duration));
  return {
    source: 'measured',
    provider: facts.provider,
    threads: facts.threads,
    runs: runs.length,
    runMicros,
    nodesMicros: median(runs.map(({ own }) => own.reduce((sum, { micros }) => sum + micros, 0))),
    nodes,
    layers,
    events: timelineOf(runs, runMicros),
    dimensions: facts.dimensions,
    ...(facts.provider === 'webgpu' && !events.some(({ category }) => category === 'gpu')
      ? { note: NO_GPU_CLOCK }
      : {}),
  };
}

interface OwnTime {
  readonly event: ProfileEvent;
  readonly micros: number;
}

interface ProfiledRun {
  readonly span: ProfileEvent;
  /** All that happened inside, by start. */
  readonly events: readonly ProfileEvent[];
  readonly own: readonly OwnTime[];
}

/** Fewer runs than this are all kept. */
const FEW_RUNS = 4;

/** The faster half: on a busy machine the others were interrupted, mostly between two nodes, where no row shows it. */
function quietHalf(runs: readonly ProfiledRun[]): readonly ProfiledRun[] {
  if (runs.length < FEW_RUNS) return runs;
  return runs.toSorted((a, b) => a.span.duration - b.span.duration).slice(0, Math.ceil(runs.length / 2));
}

/** Runs in order of time. What lies outside of every run (loading) is left out. */
function splitRuns(events: readonly ProfileEvent[]): ProfiledRun[] {
  const byStart = events.toSorted((a, b) => a.start - b.start || b.duration - a.duration);
  const spans = byStart.filter((event) => event.category === 'session' && event.name === RUN);
  const gpu = sharedOut(
    byStart.filter(({ category }) => category === 'gpu'),
    spans,
  );
  const host = byStart.filter(({ category }) => category !== 'gpu');
  const gpuSeen = gpu.some((kernels) => kernels.length > 0);
  let next = 0;
  return spans.map((span, run) => {
    while (next < host.length && host[next].start < span.start) next++;
    const first = next;
    while (next < host.length && host[next].start <= span.start + span.duration) next++;
    const inside = host.slice(first, next).filter((event) => event.name !== RUN);
    const own = ownTimes(inside);
    return {
      span,
      events: [...inside, ...gpu[run]],
      own: gpuSeen ? gpuTimes(own, gpu[run]) : own,
    };
  });
}

/** GPU programs by run. The GPU has a clock of its own, so where each run has as many, their order decides. */
function sharedOut(kernels: readonly ProfileEvent[], spans: readonly ProfileEvent[]): ProfileEvent[][] {
  const each = kernels.length / Math.max(1, spans.length);
  if (Number.isInteger(each)) return spans.map((_, run) => kernels.slice(run * each, (run + 1) * each));
  return spans.map(({ start, duration }) =>
    kernels.filter((kernel) => kernel.start >= start && kernel.start <= start + duration),
  );
}

const GPU_PROVIDER = 'WebGpuExecutionProvider';

/** For a node on the GPU the host only sees how long handing it over took: the GPU's own times stand for it. */
function gpuTimes(own: readonly OwnTime[], kernels: readonly ProfileEvent[]): OwnTime[] {
  const onHost = own.filter(({ event }) => event.provider !== GPU_PROVIDER);
  const onGpu = kernels.map((event) => ({
    event: { ...event, provider: GPU_PROVIDER },
    micros: event.duration,
  }));
  return [...onHost, ...onGpu];
}

/** Times of nodes without the nodes inside them (the body of an If or a Loop), so that their sum is the run's. */
function ownTimes(byStart: readonly ProfileEvent[]): OwnTime[] {
  const found: { event: ProfileEvent; micros: number }[] = [];
  const open: { event: ProfileEvent; micros: number }[] = [];
  for (const event of byStart) {
    if (event.category !== 'node') continue;
    while (open.length > 0 && !contains(open[open.length - 1].event, event)) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined) parent.micros = Math.max(0, parent.micros - event.duration);
    const own = { event, micros: event.duration };
    found.push(own);
    open.push(own);
  }
  return found;
}

function contains(outer: ProfileEvent, inner: ProfileEvent): boolean {
  // A node of no measurable length next to another is beside it, not inside.
  return (
    inner.start + inner.duration <= outer.start + outer.duration && inner.start < outer.start + outer.duration
  );
}

/** Nodes of one name and operator are one row: names repeat in real files. */
function nodeTimes(runs: readonly ProfiledRun[], layerNodes: LayerNodes): NodeTime[] {
  const rows = new Map<string, { name: string; op: string; provider: string; perRun: number[] }>();
  runs.forEach(({ own }, run) => {
    for (const { event, micros } of own) {
      const { name, op = '', provider = '' } = event;
      const key = `${op}\n${name}`;
      let row = rows.get(key);
      if (row === undefined) {
        row = { name, op, provider, perRun: new Array<number>(runs.length).fill(0) };
        rows.set(key, row);
      }
      row.perRun[run] += micros;
    }
  });
  const times = [...rows.values()].map((row) => ({ row, micros: median(row.perRun) }));
  const total = times.reduce((sum, { micros }) => sum + micros, 0);
  const layers = findLayers([...rows.values()], layerNodes);
  return times.map(({ row, micros }) => ({
    node: row.name,
    op: row.op,
    provider: row.provider,
    micros,
    share: total > 0 ? micros / total : 0,
    layerId: layers.get(row) ?? null,
  }));
}

/** Of at least one value. Metrics have one too, but they stand above profiles. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  return sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1] + upper) / 2;
}

/** The run whose length is nearest to the median, from its own zero. */
function timelineOf(runs: readonly ProfiledRun[], runMicros: number): ProfileEvent[] {
  const distance = (run: ProfiledRun): number => Math.abs(run.span.duration - runMicros);
  const typical = runs.reduce((best, run) => (distance(run) < distance(best) ? run : best));
  const zero = typical.span.start;
  return [typical.span, ...typical.events].map((event) => ({ ...event, start: event.start - zero }));
}
