/**
 * Costs from times: non-negative least squares on relative errors, so that short probes count as much as long ones.
 * Pure numbers; it must not know what was timed.
 */
import type { ProbeWork, WorkName } from './speed-probes.ts';

export interface TimedWork {
  readonly work: ProbeWork;
  readonly nanos: number;
}

export interface FittedCosts {
  /** Nanoseconds for one of each. */
  readonly costs: Readonly<Partial<Record<WorkName, number>>>;
  /** Nanoseconds that any run takes. */
  readonly runNanos: number;
  /** Largest |fitted − timed| / timed. */
  readonly error: number;
}

/** Coordinate descent converges geometrically, slowly where two amounts go together; this takes some 20 ms. */
const ROUNDS = 30_000;

/**
 * Minimizes Σ ((A c − t) / t)² over c ≥ 0 by cyclic coordinate descent; convex, so that the order does not matter.
 * Source: C. Lawson, R. Hanson, Solving Least Squares Problems, 1974 (the problem); the descent is exact in each step.
 */
export function fitCosts(timed: readonly TimedWork[]): FittedCosts {
  const names = [...new Set(timed.flatMap(({ work }) => Object.keys(work)))] as WorkName[];
  const rows = timed.map(({ work, nanos }) => [...names.map((name) => (work[name] ?? 0) / nanos), 1 / nanos]);
  const costs = new Float64Array(names.length + 1);
  const norms = costs.map((_, j) => rows.reduce((sum, row) => sum + row[j] * row[j], 0));
  const residuals = rows.map(() => -1);
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j < costs.length; j++) {
      if (norms[j] === 0) continue;
      const gradient = rows.reduce((sum, row, i) => sum + row[j] * residuals[i], 0);
      const next = Math.max(0, costs[j] - gradient / norms[j]);
      const step = next - costs[j];
      if (step === 0) continue;
      costs[j] = next;
      rows.forEach((row, i) => (residuals[i] += step * row[j]));
    }
  }
  return {
    costs: Object.fromEntries(names.map((name, j) => [name, costs[j]])),
    runNanos: costs[names.length],
    error: Math.max(0, ...residuals.map(Math.abs)),
  };
}
