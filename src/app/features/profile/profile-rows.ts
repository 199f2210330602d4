/**
 * Rows of the profile table: two profiles and the counted costs joined by layer, by operation or by node. Pure; it must
 * not know how a profile was captured.
 */
import type { CostSummary, NodeTime, ProfileResult } from '../../../core/profile/types.ts';
import type { LayerSummary } from '../../../worker/api.ts';

export type Grouping = 'layer' | 'op' | 'node';

export interface ProfileRow {
  readonly key: string;
  readonly name: string;
  readonly op: string;
  readonly provider: string;
  readonly layer: string;
  /** Microseconds in a profiled run; null = it does not run there. */
  readonly before: number | null;
  readonly after: number | null;
  /** Of all nodes of the model on screen (the variant where there is one), 0..1. */
  readonly share: number;
  readonly nodes: number;
  readonly macs: number | null;
  readonly parameters: number | null;
  readonly activationBytes: number | null;
}

export interface ProfileInput {
  readonly before: ProfileResult | null;
  readonly after: ProfileResult | null;
  readonly layers: readonly LayerSummary[];
  readonly costs: CostSummary | null;
}

/** Nodes of no weight layer: activations, shape arithmetic, what the runtime added. */
export const BETWEEN = 'between the layers';

export function profileRows(grouping: Grouping, input: ProfileInput): readonly ProfileRow[] {
  const { before, after } = input;
  const shown = after ?? before;
  const total = shown === null ? 0 : shown.nodes.reduce((sum, { micros }) => sum + micros, 0);
  const groups = new Map<string, Group>();
  collect(groups, grouping, before?.nodes ?? [], 'before');
  collect(groups, grouping, after?.nodes ?? [], 'after');
  const labels = new Map(input.layers.map(({ id, label }) => [id, label]));
  const ops = new Map(input.layers.map(({ id, op }) => [id, op]));
  const costs = new Map(input.costs?.layers.map((cost) => [cost.layerId, cost]));
  return [...groups].map(([key, group]) => {
    const cost = grouping === 'op' || group.layerId === null ? undefined : costs.get(group.layerId);
    const layer = group.layerId === null ? BETWEEN : (labels.get(group.layerId) ?? group.layerId);
    const micros = (after === null ? group.before : group.after) ?? 0;
    return {
      key,
      name: grouping === 'layer' ? layer : grouping === 'op' ? group.op : group.node,
      op: grouping === 'layer' && group.layerId !== null ? (ops.get(group.layerId) ?? group.op) : group.op,
      provider: group.provider,
      layer: grouping === 'op' ? '' : layer,
      before: group.before,
      after: group.after,
      share: total === 0 ? 0 : micros / total,
      nodes: after === null ? group.nodesBefore : group.nodesAfter,
      macs: cost?.macs ?? null,
      parameters: cost?.parameters ?? null,
      activationBytes: cost?.activationBytes ?? null,
    };
  });
}

interface Group {
  op: string;
  provider: string;
  layerId: string | null;
  node: string;
  before: number | null;
  after: number | null;
  nodesBefore: number;
  nodesAfter: number;
}

function collect(
  groups: Map<string, Group>,
  grouping: Grouping,
  nodes: readonly NodeTime[],
  side: 'before' | 'after',
): void {
  for (const { node, op, provider, micros, layerId } of nodes) {
    const key = grouping === 'layer' ? (layerId ?? '') : grouping === 'op' ? op : node;
    const group: Group = groups.get(key) ?? {
      op,
      provider,
      layerId,
      node,
      before: null,
      after: null,
      nodesBefore: 0,
      nodesAfter: 0,
    };
    groups.set(key, group);
    group[side] = (group[side] ?? 0) + micros;
    group[side === 'before' ? 'nodesBefore' : 'nodesAfter'] += 1;
    if (group.op !== op) group.op = 'several';
    if (group.provider !== provider) group.provider = 'several';
  }
}

export type ProfileColumn =
  | 'name'
  | 'op'
  | 'provider'
  | 'layer'
  | 'before'
  | 'after'
  | 'change'
  | 'share'
  | 'nodes'
  | 'macs'
  | 'parameters'
  | 'activationBytes';

export interface ProfileOrder {
  readonly column: ProfileColumn;
  readonly descending: boolean;
}

const byName = new Intl.Collator(undefined, { numeric: true });

/** Rows without a value in that column come last, in both directions. */
export function sortProfile(rows: readonly ProfileRow[], order: ProfileOrder): readonly ProfileRow[] {
  const sign = order.descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [valueIn(a, order.column), valueIn(b, order.column)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === 'string' || typeof right === 'string') {
      return sign * byName.compare(String(left), String(right));
    }
    return sign * (left - right);
  });
}

function valueIn(row: ProfileRow, column: ProfileColumn): number | string | null {
  return column === 'change' ? changeOf(row) : row[column];
}

/** after − before in microseconds; null where one side has none. */
export function changeOf({ before, after }: ProfileRow): number | null {
  return before === null || after === null ? null : after - before;
}

/** '340 µs', '1.25 ms': what a single operation takes. */
export function formatMicros(micros: number): string {
  if (!Number.isFinite(micros)) return '–';
  if (Math.abs(micros) >= 10_000) return `${(micros / 1000).toFixed(1)} ms`;
  if (Math.abs(micros) >= 1000) return `${(micros / 1000).toFixed(2)} ms`;
  return `${micros >= 100 ? micros.toFixed(0) : micros.toFixed(1)} µs`;
}
