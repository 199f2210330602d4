/** Differences of classes and groups: correction for many of them, order, names. It must not know how one is computed. */
import type { Random } from '../../passes/types.ts';
import { holm } from '../tests.ts';
import type { GroupDelta, TaskComparison } from './types.ts';

export interface DeltaSource {
  readonly random: Random;
  readonly className: (classIndex: number) => string;
  readonly groupsOf: (index: number) => Readonly<Record<string, string>>;
}

/** What a metric gives to a comparison. */
export interface MainDifference {
  readonly metric: TaskComparison['metric'];
  readonly higherIsBetter: boolean;
  readonly baseline: number;
  readonly value: number;
  readonly difference: number;
  readonly interval: TaskComparison['interval'];
  readonly n: number;
  readonly unpaired: number;
  readonly unanswered: number;
  readonly pValue: number | null;
  /** Share of pairs that disagree, where a pair can only agree or disagree. */
  readonly discordance?: number;
  readonly perClass: () => readonly GroupDelta[];
  readonly perGroup: () => readonly GroupDelta[];
  readonly changes: () => Pick<TaskComparison, 'lost' | 'gained' | 'other' | 'changed' | 'confusionChange'>;
}

export type UncorrectedDelta = Omit<GroupDelta, 'significant'>;

/** Holm over each column, worst first: the largest loss, then the larger group. */
export function correctedDeltas(deltas: readonly UncorrectedDelta[], higherIsBetter: boolean): GroupDelta[] {
  const corrected: GroupDelta[] = [];
  for (const column of new Set(deltas.map((delta) => delta.column))) {
    const list = deltas.filter((delta) => delta.column === column);
    const significant = holm(list.map(({ pValue }) => pValue));
    list.forEach((delta, i) => corrected.push({ ...delta, significant: significant[i] }));
  }
  const gain = higherIsBetter ? 1 : -1;
  return corrected.sort((a, b) => gain * (a.difference - b.difference) || b.n - a.n);
}

/** Columns with more values than this name samples, not groups. */
const MOST_GROUPS = 20_000;

/** Positions of the pairs by column and value. */
export function groupPairs<P>(
  pairs: readonly P[],
  groupsOf: (pair: P) => Readonly<Record<string, string>>,
): { readonly column: string; readonly name: string; readonly members: readonly P[] }[] {
  const columns = new Map<string, Map<string, P[]>>();
  for (const pair of pairs) {
    for (const [column, name] of Object.entries(groupsOf(pair))) {
      let values = columns.get(column);
      if (values === undefined) columns.set(column, (values = new Map<string, P[]>()));
      const members = values.get(name);
      if (members !== undefined) members.push(pair);
      else if (values.size < MOST_GROUPS) values.set(name, [pair]);
    }
  }
  return [...columns].flatMap(([column, values]) =>
    [...values].map(([name, members]) => ({ column, name, members })),
  );
}
