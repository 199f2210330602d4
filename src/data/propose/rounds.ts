/**
 * Which attempts are run on how many samples: all on a few, the promising on more, the last few on many. It must not
 * know pictures or tasks.
 */
import { chooseCustomary, contenders, meanScore, pairedChance, type SampleScore } from './choose.ts';

/** One way to feed and one way to read. */
export interface Attempted {
  readonly values: number;
  readonly size: number;
  readonly reading: number;
  readonly scores: readonly SampleScore[];
}

export interface RoundHost {
  /** For each way to make values: does it differ from the first in the order of the channels? */
  readonly values: readonly { readonly reordered: boolean }[];
  readonly sizes: number;
  readonly readings: number;
  /** Labelled samples that there are. */
  readonly available: number;
  /** Scores of the first `count` samples, one list a reading. */
  run(values: number, size: number, count: number): Promise<readonly (readonly SampleScore[])[]>;
  /** How many samples may be run now, so that the whole stays within its time. */
  affordable(share: number): number;
}

export interface RoundsResult {
  /** The proposed one first, then by score. */
  readonly attempts: readonly Attempted[];
  /** Chance that the proposed one is no better than the best one with other values; 1 when that one is ahead. */
  readonly chance: number;
}

/** Samples of the rounds, when time allows. */
const FIRST = 40;
const SECOND = 120;
const LAST = 500;
/** Fewer tell nothing. */
const LEAST = 8;
/**
 * How likely a difference may be by chance alone for the customary way to be left. Scales are all about as common, so
 * that the better one is taken on a hint; one order of channels is far more common; of several crops the best looks
 * better than it is, so that the bar is divided by their number (Bonferroni).
 */
const SCALE_ALPHA = 0.5;
const ORDER_ALPHA = 0.1;
const SIZE_ALPHA = 0.05;

export async function runRounds(host: RoundHost): Promise<RoundsResult> {
  const table = new Table(host);
  const values = await settleValues(host, table);
  const sized = grid(1, host.sizes, 1).map(({ size }) => ({ ...values, size }));
  await table.extend(sized, table.within(SECOND, host.sizes, 0.2));
  const finalists = unique([values, ...table.contenders(sized, 2)]);
  await table.extend(finalists, table.within(LAST, finalists.length, 0.2));
  const alpha = SIZE_ALPHA / Math.max(1, host.sizes - 1);
  return table.result(table.choose(customary(finalists), alpha));
}

/** All values and readings at the customary size, fewer on more samples. */
async function settleValues(host: RoundHost, table: Table): Promise<Way> {
  let remaining = customary(grid(host.values.length, 1, host.readings));
  const rounds = [
    { samples: FIRST, share: 0.25, keep: 4 },
    { samples: SECOND, share: 0.15, keep: 4 },
    { samples: LAST, share: 0.25, keep: 1 },
  ];
  for (const { samples, share, keep } of rounds) {
    await table.extend(remaining, table.within(samples, ways(remaining), share));
    // The customary way stays in until the end: what comes first needs to be beaten, not only passed.
    const leader = table.chooseValues(remaining);
    if (keep === 1) return leader;
    remaining = customary(unique([leader, ...table.contenders(remaining, keep)]));
  }
  return remaining[0];
}

interface Way {
  readonly values: number;
  readonly size: number;
  readonly reading: number;
}

function grid(values: number, sizes: number, readings: number): Way[] {
  const ways: Way[] = [];
  for (let v = 0; v < values; v++) {
    for (let size = 0; size < sizes; size++) {
      for (let reading = 0; reading < readings; reading++) ways.push({ values: v, size, reading });
    }
  }
  return ways;
}

const nameOf = ({ values, size, reading }: Way): string => `${values} ${size} ${reading}`;

function unique(all: readonly Way[]): Way[] {
  return [...new Map(all.map((way) => [nameOf(way), way])).values()];
}

/** Ways of feeding among these: each costs runs, reading it costs none. */
function ways(all: readonly Way[]): number {
  return new Set(all.map(({ values, size }) => `${values} ${size}`)).size;
}

function customary(all: readonly Way[]): Way[] {
  return all.toSorted((a, b) => a.reading - b.reading || a.values - b.values || a.size - b.size);
}

class Table {
  readonly #host: RoundHost;
  readonly #scores = new Map<string, readonly SampleScore[]>();

  constructor(host: RoundHost) {
    this.#host = host;
  }

  /** Samples for each of `count` ways. */
  within(most: number, count: number, share: number): number {
    const affordable = Math.floor(this.#host.affordable(share) / Math.max(1, count));
    return Math.min(this.#host.available, most, Math.max(LEAST, affordable));
  }

  async extend(all: readonly Way[], count: number): Promise<void> {
    for (const { values, size } of new Map(all.map((way) => [`${way.values} ${way.size}`, way])).values()) {
      const known = this.#scores.get(nameOf({ values, size, reading: 0 }))?.length ?? 0;
      if (known >= count) continue;
      const found = await this.#host.run(values, size, count);
      for (const [reading, scores] of found.entries())
        this.#scores.set(nameOf({ values, size, reading }), scores);
    }
  }

  /** Scores of these on the samples that all of them have. */
  #common(all: readonly Way[]): (readonly SampleScore[])[] {
    const lists = all.map((way) => this.#scores.get(nameOf(way)) ?? []);
    const count = Math.min(...lists.map(({ length }) => length));
    return lists.map((list) => list.slice(0, count));
  }

  choose(all: readonly Way[], alpha: number): Way {
    return all[chooseCustomary(this.#common(all), alpha)];
  }

  /** @param all in customary order. */
  chooseValues(all: readonly Way[]): Way {
    const reordered = (way: Way): boolean => this.#host.values[way.values].reordered;
    const [usual, turned] = [all.filter((way) => !reordered(way)), all.filter(reordered)];
    const bests = [usual, turned].flatMap((ways) =>
      ways.length === 0 ? [] : [this.choose(ways, SCALE_ALPHA)],
    );
    return this.choose(bests, ORDER_ALPHA);
  }

  contenders(all: readonly Way[], most: number): Way[] {
    return contenders(this.#common(all), most).map((i) => all[i]);
  }

  result(winner: Way): RoundsResult {
    const attempts = [...this.#scores].map(([name, scores]): Attempted => {
      const [values, size, reading] = name.split(' ').map(Number);
      return { values, size, reading, scores };
    });
    const isWinner = (each: Attempted): boolean => nameOf(each) === nameOf(winner);
    const first = attempts.filter(isWinner);
    const rest = attempts.filter((each) => !isWinner(each));
    rest.sort((a, b) => meanScore(b.scores) - meanScore(a.scores));
    const others = rest.filter(({ values, size }) => values !== winner.values && size === winner.size);
    const rivals = others.length > 0 ? others : rest.filter(({ values }) => values !== winner.values);
    return { attempts: [...first, ...rest], chance: this.#chance(winner, rivals) };
  }

  /** The largest chance over all rivals with other values that the winner is not ahead of them. */
  #chance(winner: Way, rivals: readonly Way[]): number {
    let most = 0;
    for (const rival of rivals) {
      const [own, other] = this.#common([winner, rival]);
      const ahead = meanScore(own) > meanScore(other);
      most = Math.max(most, ahead ? pairedChance(own, other) : 1);
    }
    return most;
  }
}
