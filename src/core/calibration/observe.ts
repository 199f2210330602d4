/** Tells whether a calibration was asked anything, so that a report says what figures rest on. It must not know passes. */
import type { Calibration, StatisticsRequest } from './types.ts';

export interface Observed {
  readonly calibration: Calibration;
  /** Whether something was asked since the last call. */
  used(): boolean;
}

export function observe(calibration: Calibration): Observed {
  let asked = false;
  return {
    calibration: {
      samples: calibration.samples,
      statistics(model, request, checkpoint) {
        asked ||= asksAnything(request);
        return calibration.statistics(model, request, checkpoint);
      },
      grams(model, layers, of, checkpoint, visit) {
        asked ||= layers.length > 0;
        return calibration.grams(model, layers, of, checkpoint, visit);
      },
    },
    used() {
      const was = asked;
      asked = false;
      return was;
    },
  };
}

function asksAnything({ ranges, histograms, channels }: StatisticsRequest): boolean {
  return [ranges, histograms, channels].some((values) => values !== undefined && values.length > 0);
}

/** For the facts of a step. */
export function samplesFact({ samples }: Calibration): string {
  return samples.origin === 'samples'
    ? samples.description
    : `${samples.description}, because there was no data: accuracy may suffer`;
}
