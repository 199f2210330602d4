/** What the user wants of the smaller model, as plain JSON. It must not know how anything is measured. */

export type Objective = 'smallest' | 'fastest' | 'least-energy' | 'most-accurate';

/** Absent = no constraint. Losses and floors are in the unit of the task's metric (0.005 = half a point). */
export interface Goal {
  readonly objective: Objective;
  readonly maxBytes?: number;
  readonly maxMillis?: number;
  readonly maxMemoryBytes?: number;
  readonly minAccuracy?: number;
  readonly maxLoss?: number;
  /** original / variant, at least. */
  readonly minSpeedup?: number;
  readonly neverSlower: boolean;
}

export type GoalState = 'met' | 'missed' | 'undecided';

export interface GoalCheck {
  readonly constraint:
    'maxBytes' | 'maxMillis' | 'maxMemoryBytes' | 'minAccuracy' | 'maxLoss' | 'minSpeedup' | 'neverSlower';
  /** The figure it belongs to. */
  readonly figure: 'size' | 'latency' | 'memory' | 'accuracy';
  readonly state: GoalState;
  /** One short sentence with the numbers. */
  readonly sentence: string;
}

/** What is known of a variant; null = not measured (yet). */
export interface GoalFacts {
  readonly bytes: number;
  readonly millis: { readonly value: number; readonly low: number; readonly high: number } | null;
  readonly speedup: { readonly value: number; readonly low: number; readonly high: number } | null;
  /** Why neither will be measured here, as the end of a sentence; absent = they may be still to come. */
  readonly speedUnknown?: string;
  readonly memoryBytes: number | null;
  /** Absent = the memory is exact; else differences below this mean nothing. */
  readonly memoryResolutionBytes?: number;
  /** Main metric with the interval of its paired difference to the original. */
  readonly accuracy: {
    readonly value: number;
    readonly difference: number;
    readonly low: number;
    readonly high: number;
    readonly higherIsBetter: boolean;
    /** 95 % interval of the value itself, for a floor; absent = the original's value plus the paired interval. */
    readonly own?: { readonly low: number; readonly high: number };
    /** `plain`: in the unit of the labels (mean absolute error). Absent = `fraction`, said in percent and points. */
    readonly unit?: 'fraction' | 'plain';
  } | null;
}
