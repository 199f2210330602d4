/** What a pass reports, in words: 'nodes before' and 'nodes after' become 'nodes 48 → 33'. Text only. */
import { formatBytes, groupThousands } from '../ui/format.ts';

export type Facts = Readonly<Record<string, number | string>>;

const BEFORE = ' before';
const AFTER = ' after';

function valueText(name: string, value: number | string): string {
  if (typeof value === 'string') return value;
  if (/\bbytes\b/.test(name)) return formatBytes(value);
  return Number.isInteger(value) ? groupThousands(value) : value.toPrecision(4);
}

export function factLines(facts: Facts): readonly string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(facts)) {
    if (name.endsWith(AFTER) && name.replace(AFTER, BEFORE) in facts) continue;
    const subject = name.endsWith(BEFORE) ? name.slice(0, -BEFORE.length) : name;
    const after = facts[subject + AFTER];
    if (subject === name || after === undefined) lines.push(`${name}: ${valueText(name, value)}`);
    else lines.push(`${subject}: ${valueText(name, value)} → ${valueText(name, after)}`);
  }
  return lines;
}

/** The first thing worth knowing, for a half line. Undefined where nothing was done. */
export function headline(facts: Facts): string | undefined {
  const before = facts['nodes before'];
  const after = facts['nodes after'];
  if (typeof before === 'number' && typeof after === 'number') {
    return before === after
      ? 'nothing left to simplify'
      : `${groupThousands(before)} → ${groupThousands(after)} nodes`;
  }
  const first = Object.entries(facts).find(([, value]) => typeof value === 'number' && value > 0);
  return first === undefined ? undefined : `${valueText(first[0], first[1])} ${first[0]}`;
}
