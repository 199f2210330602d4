/**
 * Which option each layer gets: an exact multiple-choice knapsack over the options' damages and costs, in which integer
 * layers pay for the borders to floats, then coordinate moves on the true cost. It must not know models or recipes.
 *
 * States are the choices for the first layers that no other beats in cost and damage, kept apart by whether the last layer
 * computes in integers: with borders only between neighbours of a chain this is exact. Where values branch, borders are
 * counted at their dearest, so that what is found is never worse than promised; the moves then win back what they can.
 * Source: H. Kellerer, U. Pferschy, D. Pisinger, Knapsack Problems, 2004, chapter 11 (dynamic programming by lists).
 */

/** What one option of a layer does. */
export interface Choice {
  readonly bytes: number;
  readonly nanos: number;
  readonly damage: number;
  /** Computes in integers: meets floats at borders. */
  readonly integer: boolean;
}

export interface AllocationLayer {
  readonly choices: readonly Choice[];
  /** Nanoseconds of the border in front of it and behind it, when it computes in integers and the other side does not. */
  readonly enterNanos: number;
  readonly leaveNanos: number;
  /** Nanoseconds of sums in front of it when everything that feeds it computes in integers too; absent = 0. */
  readonly joinNanos?: number;
  /** Indices of layers whose values it reads; −1 = floats that no layer made. */
  readonly feeds: readonly number[];
}

export interface Totals {
  readonly bytes: number;
  readonly nanos: number;
  readonly damage: number;
}
export type Measure = keyof Totals;

/** What is wanted: the least of one measure with the others within limits. */
export interface Aim {
  readonly minimize: Measure;
  readonly limits: Readonly<Partial<Record<Measure, number>>>;
}

export interface Allocation {
  /** Index of the choice of each layer. */
  readonly picks: readonly number[];
  readonly totals: Totals;
}

/** Beyond so many states in all, the best of each interval of cost stands for its neighbours. */
const MAX_STATES = 400_000;
const MAX_STATES_A_LAYER = 20_000;
/** Mixtures of bytes and time that are tried where both are limited or wanted. */
const MIXTURES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1] as const;
const MAX_ROUNDS = 20;

type Pause = () => Promise<void>;

/**
 * @param pause called for every layer; may throw.
 * @returns undefined where no choice keeps the limits.
 */
export async function allocate(
  layers: readonly AllocationLayer[],
  aim: Aim,
  pause: Pause = () => Promise.resolve(),
): Promise<Allocation | undefined> {
  if (layers.length === 0) return undefined;
  let best: Allocation | undefined;
  for (const weights of mixturesFor(layers, aim)) {
    const states = await listStates(layers, weights, pause);
    const start = states.reduce((a, b) => (isBetter(b, a, aim) ? b : a));
    const improved = await improve(layers, picksOf(start, layers.length), aim, pause);
    if (best === undefined || isBetter(improved.totals, best.totals, aim)) best = improved;
  }
  return best !== undefined && excess(best.totals, aim) <= 0 ? best : undefined;
}

/** Bytes, time with all borders, and damage of a choice. */
export function totalsOf(layers: readonly AllocationLayer[], picks: readonly number[]): Totals {
  let bytes = 0;
  let nanos = 0;
  let damage = 0;
  const leaves = leavingLayers(layers, picks);
  layers.forEach(({ choices, feeds, enterNanos, leaveNanos, joinNanos }, i) => {
    const choice = choices[picks[i]];
    bytes += choice.bytes;
    nanos += choice.nanos;
    damage += choice.damage;
    if (!choice.integer) return;
    if (feeds.length === 0 || feeds.some((from) => from < 0 || !isInteger(layers, picks, from)))
      nanos += enterNanos;
    else nanos += joinNanos ?? 0;
    if (leaves[i]) nanos += leaveNanos;
  });
  return { bytes, nanos, damage };
}

function isInteger(layers: readonly AllocationLayer[], picks: readonly number[], i: number): boolean {
  return layers[i].choices[picks[i]].integer;
}

function readersOf(layers: readonly AllocationLayer[]): number[][] {
  const readers: number[][] = layers.map(() => []);
  layers.forEach(({ feeds }, to) => {
    for (const from of feeds) if (from >= 0) readers[from].push(to);
  });
  return readers;
}

function leavingLayers(layers: readonly AllocationLayer[], picks: readonly number[]): boolean[] {
  return readersOf(layers).map((to) => to.length === 0 || to.some((i) => !isInteger(layers, picks, i)));
}

/** How far beyond the limits, as a share of them; 0 = within. */
function excess(totals: Totals, { limits }: Aim): number {
  let sum = 0;
  for (const [name, limit] of Object.entries(limits) as [Measure, number][]) {
    if (totals[name] > limit) sum += (totals[name] - limit) / Math.max(Math.abs(limit), Number.MIN_VALUE);
  }
  return sum;
}

function isBetter(a: Totals, b: Totals, aim: Aim): boolean {
  const over = excess(a, aim) - excess(b, aim);
  if (over !== 0) return over < 0;
  if (a[aim.minimize] !== b[aim.minimize]) return a[aim.minimize] < b[aim.minimize];
  return a.damage !== b.damage ? a.damage < b.damage : a.bytes < b.bytes;
}

/** Costs as one number: the best within the limits is looked for along each mixture. */
function mixturesFor(layers: readonly AllocationLayer[], aim: Aim): Weights[] {
  const scale = scalesOf(layers);
  const timed = aim.minimize === 'nanos' || aim.limits.nanos !== undefined;
  const sized = aim.minimize === 'bytes' || aim.limits.bytes !== undefined;
  const mixtures = timed && sized ? MIXTURES : [timed ? 1 : 0];
  return mixtures.map((share) => ({ bytes: (1 - share) / scale.bytes, nanos: share / scale.nanos }));
}

function scalesOf(layers: readonly AllocationLayer[]): { bytes: number; nanos: number } {
  const most = (measure: 'bytes' | 'nanos'): number =>
    layers.reduce(
      (sum, { choices }) => sum + Math.max(...choices.map((choice) => finite(choice[measure]))),
      0,
    );
  return { bytes: Math.max(most('bytes'), 1), nanos: Math.max(most('nanos'), 1) };
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

interface State extends Totals {
  readonly cost: number;
  readonly integer: boolean;
  readonly pick: number;
  readonly before: State | undefined;
}

type Weights = Readonly<Record<'bytes' | 'nanos', number>>;

/** All states behind the last layer, borders at its end paid. */
async function listStates(
  layers: readonly AllocationLayer[],
  weights: Weights,
  pause: Pause,
): Promise<State[]> {
  const readers = readersOf(layers);
  const most = Math.max(64, Math.min(MAX_STATES_A_LAYER, Math.floor(MAX_STATES / layers.length)));
  let states: State[] = [
    { bytes: 0, nanos: 0, damage: 0, cost: 0, integer: false, pick: -1, before: undefined },
  ];
  for (const [i, layer] of layers.entries()) {
    await pause();
    const next: State[] = [];
    const chained = i > 0 && layer.feeds.length === 1 && layer.feeds[0] === i - 1;
    const onlyReader = i > 0 && readers[i - 1].length === 1 && readers[i - 1][0] === i;
    for (const before of states) {
      layer.choices.forEach((choice, pick) => {
        if (!Number.isFinite(choice.nanos) || !Number.isFinite(choice.damage)) return;
        const enters = choice.integer && !(chained && before.integer);
        const left = before.integer && !(onlyReader && choice.integer);
        const joins = choice.integer && !enters ? (layer.joinNanos ?? 0) : 0;
        const border =
          (enters ? Math.max(layer.enterNanos, layer.joinNanos ?? 0) : joins) +
          (left ? layers[i - 1].leaveNanos : 0);
        next.push(extend(before, choice, pick, border, weights));
      });
    }
    states = thin(next, most);
  }
  const end = layers[layers.length - 1].leaveNanos;
  return states.map((state) => (state.integer ? { ...state, nanos: state.nanos + end } : state));
}

function extend(before: State, choice: Choice, pick: number, border: number, weights: Weights): State {
  const nanos = choice.nanos + border;
  return {
    bytes: before.bytes + choice.bytes,
    nanos: before.nanos + nanos,
    damage: before.damage + choice.damage,
    cost: before.cost + weights.bytes * choice.bytes + weights.nanos * nanos,
    integer: choice.integer,
    pick,
    before,
  };
}

/** Of either kind those that none beats in cost and damage; of too many, the least damage in each interval of cost. */
function thin(states: readonly State[], most: number): State[] {
  return [false, true].flatMap((integer) => {
    const sorted = states
      .filter((state) => state.integer === integer)
      .sort((a, b) => a.cost - b.cost || a.damage - b.damage);
    const front: State[] = [];
    for (const state of sorted) {
      if (front.length === 0 || state.damage < front[front.length - 1].damage) front.push(state);
    }
    if (front.length <= most / 2) return front;
    const low = front[0].cost;
    const width = (front[front.length - 1].cost - low) / (most / 2);
    const kept = new Map<number, State>();
    // Damage falls with cost: the last of an interval has the least.
    for (const state of front) kept.set(Math.floor((state.cost - low) / width), state);
    return [front[0], ...kept.values()];
  });
}

function picksOf(state: State, count: number): number[] {
  const picks = new Array<number>(count);
  let at: State | undefined = state;
  for (let i = count - 1; i >= 0 && at !== undefined; i--) {
    picks[i] = at.pick;
    at = at.before;
  }
  return picks;
}

/** Coordinate moves: one layer, or a layer with one that it feeds, until none helps. */
async function improve(
  layers: readonly AllocationLayer[],
  start: readonly number[],
  aim: Aim,
  pause: Pause,
): Promise<Allocation> {
  let picks = [...start];
  let totals = totalsOf(layers, picks);
  const pairs = layers.flatMap(({ feeds }, to) =>
    feeds.filter((from) => from >= 0).map((from) => [from, to]),
  );
  const groups: number[][] = [...layers.map((_, i) => [i]), ...(layers.length <= 200 ? pairs : [])];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let moved = false;
    for (const group of groups) {
      await pause();
      for (const move of movesOf(layers, group)) {
        if (group.every((layer, j) => picks[layer] === move[j])) continue;
        const tried = [...picks];
        group.forEach((layer, j) => (tried[layer] = move[j]));
        const found = totalsOf(layers, tried);
        if (!isBetter(found, totals, aim)) continue;
        picks = tried;
        totals = found;
        moved = true;
      }
    }
    if (!moved) break;
  }
  return { picks, totals };
}

function movesOf(layers: readonly AllocationLayer[], group: readonly number[]): number[][] {
  return group.reduce<number[][]>(
    (moves, layer) => moves.flatMap((move) => layers[layer].choices.map((_, pick) => [...move, pick])),
    [[]],
  );
}
