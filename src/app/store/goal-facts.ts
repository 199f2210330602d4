/** What a study entry tells about a goal. Pure: only what was measured becomes a fact. */
import type { GoalFacts } from '../../core/goal/types.ts';
import type { ComparedPart, HalfName, MetricId, PartComparison } from '../../core/metrics/tasks/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import { ORIGINAL, isSettled } from './state.ts';
import type { StudyEntry } from './state.ts';
import { metricWords } from './metric-text.ts';

/** Before the variant is made only its size can be known. */
export function factsOfBytes(bytes: number): GoalFacts {
  return { bytes, millis: null, speedup: null, memoryBytes: null, accuracy: null };
}

/** @param half counts the accuracy on that half of the samples alone, where there are halves */
export function factsOf(entry: StudyEntry, options: MeasureOptions, half?: HalfName): GoalFacts {
  const measurement = isSettled(entry, options) ? entry.measurement : null;
  const { latency = null, memory = null } = measurement ?? {};
  const original = entry.id === ORIGINAL;
  const resolution = memory?.resolutionBytes;
  return {
    bytes: entry.bytes,
    millis:
      latency === null
        ? null
        : original
          ? { value: latency.originalMillis, ...latency.originalInterval }
          : { value: latency.variantMillis, ...latency.variantInterval },
    // Against itself a model is as fast as itself; what was measured of that is noise.
    speedup: original
      ? { value: 1, low: 1, high: 1 }
      : latency === null
        ? null
        : { value: latency.speedup, ...latency.speedupInterval },
    ...speedUnknownOf(entry, measurement),
    memoryBytes: memory === null ? null : original ? memory.originalBytes : memory.variantBytes,
    ...(resolution === undefined ? {} : { memoryResolutionBytes: resolution }),
    accuracy: accuracyOf(entry, half),
  };
}

/** Said only where waiting will not help. */
function speedUnknownOf(
  { id, recipe }: StudyEntry,
  measurement: StudyEntry['measurement'],
): Pick<GoalFacts, 'speedUnknown'> {
  const { label, measurable } = targetOf(recipe.target);
  if (id !== ORIGINAL && !measurable) return { speedUnknown: `this page cannot run ${label}` };
  const reason = measurement?.notMeasured.find(({ what }) => what === 'latency')?.reason;
  return reason === undefined ? {} : { speedUnknown: reason.replace(/\.$/, '') };
}

function accuracyOf({ evaluation }: StudyEntry, half?: HalfName): GoalFacts['accuracy'] {
  if (evaluation === null) return null;
  const { summary, comparison } = evaluation;
  const part = half === undefined ? undefined : comparison?.halves?.[half];
  return part === undefined
    ? accuracyFacts(summary.main, { ...summary, own: summary.interval }, comparison)
    : accuracyOfPart(part);
}

/** Of some of the samples, or of others than the entry was evaluated on. */
export function accuracyOfPart(part: ComparedPart): GoalFacts['accuracy'] {
  return accuracyFacts(part.metric, part, part);
}

function accuracyFacts(
  metric: MetricId,
  { value, n, own, higherIsBetter }: Pick<ComparedPart, 'value' | 'n' | 'own' | 'higherIsBetter'>,
  comparison: PartComparison | null,
): GoalFacts['accuracy'] {
  const unanswered = comparison?.unanswered ?? 0;
  const boundless = unanswered > 0 && !higherIsBetter;
  return {
    value,
    difference: comparison?.difference ?? 0,
    low: comparison?.interval.low ?? 0,
    high: boundless ? Number.POSITIVE_INFINITY : (comparison?.interval.high ?? 0),
    higherIsBetter,
    // Samples without an answer may be as bad as can be: a share of 0, an error without bound.
    own: {
      low: higherIsBetter && unanswered > 0 ? (own.low * n) / (n + unanswered) : own.low,
      high: boundless ? Number.POSITIVE_INFINITY : own.high,
    },
    unit: metricWords(metric).fraction ? 'fraction' : 'plain',
  };
}
