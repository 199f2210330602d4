/** Energy of one inference as a range, from operations and bytes. Always an estimate; it must not know clocks. */

export interface EnergyTarget {
  readonly id: string;
  readonly label: string;
  /** Picojoules per multiply-accumulate in float32, and per byte moved from memory: low and high. */
  readonly picojoulesPerMac: readonly [number, number];
  readonly picojoulesPerByte: readonly [number, number];
  /** Where the constants come from: author, title, year, table. */
  readonly source: string;
}

export interface EnergySettings {
  readonly targetId: string;
  /** Overrides of the target's constants. */
  readonly picojoulesPerMac?: readonly [number, number];
  readonly picojoulesPerByte?: readonly [number, number];
  /** Grams of CO₂ equivalent per kWh. */
  readonly gridGramsPerKwh: number;
  readonly inferencesPerDay: number;
}

export interface EnergyEstimate {
  readonly source: 'estimated';
  readonly millijoules: readonly [number, number];
  readonly kwhPerYear: readonly [number, number];
  readonly gramsPerYear: readonly [number, number];
  readonly macs: number;
  readonly bytesMoved: number;
  /** Sentences that say what was assumed. */
  readonly assumptions: readonly string[];
}
