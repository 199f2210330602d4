/** Hazards of a model for a target, found before it is downloaded. It must not know pages or runtimes. */
import type { TargetId } from '../targets/types.ts';

export type HazardId =
  | 'saturation'
  | 'fp16-overflow'
  | 'fp16-flush'
  | 'no-integer-kernel'
  | 'per-channel-opset'
  | 'tied-weights'
  | 'dynamic-shape'
  | 'operator-refused'
  | 'opset-refused'
  /** The written file breaks a rule of its target's dialect. */
  | 'rule-broken'
  | 'stayed-float'
  | 'parity'
  /** The original that was given is another model. */
  | 'not-a-pair'
  | 'made-up-inputs';

export interface Finding {
  readonly hazard: HazardId;
  readonly severity: 'error' | 'warning' | 'note';
  /** What: one sentence with the numbers. */
  readonly what: string;
  /** Where: layer ids or node names; at most a few, `more` counts the rest. */
  readonly where: readonly string[];
  readonly more: number;
  /** Why it matters, for somebody who has never heard of it. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
  /** How it is known. */
  readonly source: 'measured' | 'counted' | 'estimated';
}

export interface DoctorReport {
  readonly target: TargetId;
  readonly findings: readonly Finding[];
  /** What was looked at, and what could not be: nothing is silently left out. */
  readonly checked: readonly string[];
  readonly notChecked: readonly { readonly what: string; readonly reason: string }[];
}

/** The same samples through several runtimes. */
export interface ParityRow {
  readonly who: 'variant on WASM' | 'variant on WebGPU' | 'original on WASM' | 'original on WebGPU';
  readonly against: ParityRow['who'];
  /** Of all outputs together; null where they hold no number that can be compared. */
  readonly sqnrDb: number | null;
  readonly maxError: number;
  /** Values that are NaN or infinite on one side only. */
  readonly notFinite: number;
  /** Samples that were compared. */
  readonly samples: number;
  /** It does not run there: the runtime's words. The figures are then null and 0. */
  readonly failed?: string;
  /** Where the difference is more than rounding. */
  readonly finding?: Finding;
}
