/**
 * Which points of a trade-off nothing else beats. Pure geometry over numbers: it must not know models, units or charts.
 */

/** One candidate: `cost` is better when lower (bytes, milliseconds), `gain` better when higher (accuracy, agreement). */
export interface TradeoffPoint {
  readonly id: string;
  readonly cost: number;
  readonly gain: number;
}

/** True when `a` is at least as good as `b` in both directions and better in one. Equal points do not dominate. */
export function dominates(a: TradeoffPoint, b: TradeoffPoint): boolean {
  return a.cost <= b.cost && a.gain >= b.gain && (a.cost < b.cost || a.gain > b.gain);
}

/**
 * The points that no other point dominates, by rising cost. Points with the same cost and gain all stay, in the order
 * given. Points with a NaN in either number were not measured and take no part. O(n log n).
 *
 * Source: the usual definition of a Pareto optimum; the sweep is the two-dimensional maxima algorithm
 * (Kung, Luccio, Preparata 1975).
 */
export function paretoFront<P extends TradeoffPoint>(points: readonly P[]): P[] {
  const sorted = points
    .filter((point) => !Number.isNaN(point.cost) && !Number.isNaN(point.gain))
    .sort((a, b) => a.cost - b.cost || b.gain - a.gain);
  const front: P[] = [];
  let last: P | undefined;
  for (const point of sorted) {
    const better = last === undefined || point.gain > last.gain;
    const equal = last !== undefined && point.gain === last.gain && point.cost === last.cost;
    if (!better && !equal) continue;
    front.push(point);
    last = point;
  }
  return front;
}

/**
 * Height of a point that was not measured, read off between its measured neighbours on the cost axis: linear between
 * two, the nearest one's outside them. Undefined where nothing was measured. An estimate and nothing more: a caller
 * has to show it as one.
 */
export function interpolateGain(points: readonly TradeoffPoint[], cost: number): number | undefined {
  let below: TradeoffPoint | undefined;
  let above: TradeoffPoint | undefined;
  for (const point of points) {
    if (Number.isNaN(point.cost) || Number.isNaN(point.gain)) continue;
    if (point.cost <= cost && (below === undefined || point.cost > below.cost)) below = point;
    if (point.cost >= cost && (above === undefined || point.cost < above.cost)) above = point;
  }
  if (below === undefined) return above?.gain;
  if (above === undefined || above.cost === below.cost) return below.gain;
  const share = (cost - below.cost) / (above.cost - below.cost);
  return below.gain + share * (above.gain - below.gain);
}
