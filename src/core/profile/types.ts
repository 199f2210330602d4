/** Where the time and the memory of a model go, node by node. Plain data; it must not know how it was captured. */

/** One line of the runtime's own profile. */
export interface ProfileEvent {
  readonly name: string;
  readonly category: 'session' | 'node' | 'gpu';
  /** Microseconds since the profile began. */
  readonly start: number;
  readonly duration: number;
  readonly op?: string;
  readonly provider?: string;
  readonly thread?: number;
}

export interface NodeTime {
  /** The runtime's name of the node, after its own fusions. */
  readonly node: string;
  readonly op: string;
  readonly provider: string;
  /** Median over the profiled runs, microseconds. */
  readonly micros: number;
  /** Of the sum over all nodes. */
  readonly share: number;
  /** The weight layer it belongs to, or null. */
  readonly layerId: string | null;
}

/**
 * Profiled runs are 2–3 times slower than timed ones: shares count, not sums. Never shown as a latency.
 * On the GPU a node's time is that of its programs by the GPU's own clock; nodes that ran on the CPU keep the CPU's.
 */
export interface ProfileResult {
  readonly source: 'measured';
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  readonly runs: number;
  /** Median of the whole profiled run, and of the sum of its nodes, microseconds. */
  readonly runMicros: number;
  readonly nodesMicros: number;
  readonly nodes: readonly NodeTime[];
  /** Time by layer, microseconds; nodes that belong to no layer under ''. */
  readonly layers: Readonly<Record<string, number>>;
  /** Of one profiled run near the median, for the timeline and the export. */
  readonly events: readonly ProfileEvent[];
  readonly dimensions: Readonly<Record<string, number>>;
  /** A sentence where the times are not what they should be. */
  readonly note?: string;
}

export interface LayerCost {
  readonly layerId: string;
  readonly macs: number;
  readonly parameters: number;
  /** Bytes that its node writes. */
  readonly activationBytes: number;
}

/** Counted from the graph and its inferred shapes. */
export interface CostSummary {
  readonly source: 'counted';
  readonly macs: number;
  readonly parameters: number;
  readonly weightBytes: number;
  /** Sum of all that nodes write. */
  readonly activationBytes: number;
  /** Largest sum of values alive at once, in the graph's order (liveness). */
  readonly peakActivationBytes: number;
  readonly layers: readonly LayerCost[];
  /** Nodes whose shapes or operations are not known, by op. */
  readonly uncounted: Readonly<Record<string, number>>;
  readonly dimensions: Readonly<Record<string, number>>;
  /** Sentences on how branches and loops were counted. */
  readonly notes?: readonly string[];
}
