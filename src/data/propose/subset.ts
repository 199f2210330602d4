/** A seeded order of labelled samples in which every beginning holds the classes evenly. It must not know models. */
import { seededRandom } from '../../core/passes/random.ts';
import type { Dataset } from '../types.ts';

/** Samples that are looked at; of larger sets an even choice. */
const MOST_SEEN = 20_000;

/**
 * @param most at most this many indices.
 * @param labelled leave out what has no label.
 */
export function trialOrder(dataset: Dataset, seed: number, most: number, labelled: boolean): number[] {
  const random = seededRandom(seed);
  const step = Math.max(1, dataset.length / MOST_SEEN);
  const groups = new Map<string, number[]>();
  for (let at = 0; at < dataset.length; at += step) {
    const index = Math.floor(at);
    const { label } = dataset.info(index);
    if (label === null && labelled) continue;
    const name = label?.kind === 'class' ? label.name : '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [index]);
    else group.push(index);
  }
  const shuffled = [...groups.values()].map((group) => shuffle(group, random));
  shuffle(shuffled, random);
  const order: number[] = [];
  const largest = Math.max(0, ...shuffled.map(({ length }) => length));
  // Round by round one of each class, so that a beginning of any length is stratified.
  for (let round = 0; round < largest && order.length < most; round++) {
    for (const group of shuffled) if (round < group.length && order.length < most) order.push(group[round]);
  }
  return order;
}

/** Fisher and Yates, in place. */
function shuffle<T>(items: T[], random: { next(): number }): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const k = Math.floor(random.next() * (i + 1));
    const item = items[i];
    items[i] = items[k];
    items[k] = item;
  }
  return items;
}
