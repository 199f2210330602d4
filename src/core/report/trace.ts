/**
 * A profile as Chrome trace JSON, which Perfetto, chrome://tracing and TensorBoard's trace viewer open. It must not
 * know runtimes. Source: "Trace Event Format", the JSON object format with complete (`X`) and metadata (`M`) events.
 */
import type { ProfileEvent, ProfileResult } from '../profile/types.ts';

export interface TraceFacts {
  /** Names the process in the viewer: the model's file name. */
  readonly title: string;
  /** One line about where it was measured. */
  readonly machine?: string;
}

const PROCESS = 1;
const GPU_TRACK = 1000;

/** Times stay in microseconds, as the format has them. */
export function chromeTrace(profile: ProfileResult, { title, machine }: TraceFacts): string {
  const tracks = new Map<string, number>();
  const trackOf = (event: ProfileEvent): number => {
    const key = event.category === 'gpu' ? 'gpu' : String(event.thread ?? 0);
    let track = tracks.get(key);
    if (track === undefined) tracks.set(key, (track = key === 'gpu' ? GPU_TRACK : tracks.size + 1));
    return track;
  };
  const layers = new Map(profile.nodes.map(({ node, layerId }) => [node, layerId ?? undefined]));
  // What is undefined is left out of the JSON.
  const slices = profile.events.map((event) => ({ event, track: trackOf(event) }));
  const events = nested(slices).map(({ event, track, duration }) => ({
    name: event.name === '' ? (event.op ?? 'node') : event.name,
    cat: event.category,
    ph: 'X',
    ts: event.start,
    dur: duration,
    pid: PROCESS,
    tid: track,
    args: {
      op: event.op,
      provider: event.provider,
      layer: layers.get(event.name),
    },
  }));
  const named = (name: string, tid: number, args: object): object => ({
    name,
    ph: 'M',
    ts: 0,
    pid: PROCESS,
    tid,
    args,
  });
  const metadata = [
    named('process_name', 0, { name: title }),
    ...[...tracks].map(([key, tid]) =>
      named('thread_name', tid, { name: key === 'gpu' ? 'GPU' : `${profile.provider} thread ${tid}` }),
    ),
  ];
  return JSON.stringify({
    displayTimeUnit: 'ms',
    otherData: {
      title,
      machine,
      provider: profile.provider,
      threads: profile.threads,
      runs: profile.runs,
      note: 'One profiled run near the median. Profiling makes runs slower: compare shares, not times.',
    },
    traceEvents: [...metadata, ...events],
  });
}

interface Slice {
  readonly event: ProfileEvent;
  readonly track: number;
}

/**
 * Slices of one track must lie inside one another or apart. Both ends of an event are rounded down to microseconds, so
 * an inner one may seem to end after the outer one: it is cut there.
 */
function nested(slices: readonly Slice[]): (Slice & { readonly duration: number })[] {
  const open = new Map<number, number[]>();
  return slices
    .toSorted((a, b) => a.event.start - b.event.start || b.event.duration - a.event.duration)
    .map((slice) => {
      const { start, duration } = slice.event;
      const ends = open.get(slice.track) ?? [];
      open.set(slice.track, ends);
      while (ends.length > 0 && (ends.at(-1) ?? 0) <= start) ends.pop();
      const end = Math.min(start + duration, ends.at(-1) ?? Infinity);
      if (end > start) ends.push(end);
      return { ...slice, duration: end - start };
    });
}
