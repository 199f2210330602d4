/** Several requests as one, so that one sweep serves all. It must not know who asks. */
import type { StatisticsRequest } from './types.ts';

/** Requests about floats; each value once. */
export function mergeRequests(requests: readonly StatisticsRequest[]): StatisticsRequest {
  const channels = new Map(
    requests.flatMap((request) => (request.channels ?? []).map((c) => [`${c.value}#${c.axis}`, c] as const)),
  );
  return {
    of: 'floats',
    ranges: [...new Set(requests.flatMap(({ ranges }) => ranges ?? []))],
    histograms: [...new Set(requests.flatMap(({ histograms }) => histograms ?? []))],
    channels: [...channels.values()],
  };
}
