/**
 * Samples that are in a set more than once: the same bytes, or pictures that were stored again, resized, cut or marked.
 * It must not know how samples are stored, and it removes nothing: it says what could be left out.
 */
import { sha256Hex } from '../../core/bytes/hash.ts';
import type { DuplicateGroup, DuplicateReport } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import type { Checkpoint, Dataset, Label, Picture } from '../types.ts';
import { findNearPairs, PictureHashes, type NearPair } from './near-pairs.ts';
import { hashPicture } from './picture-hash.ts';

/** More cannot be looked at one by one. */
const MOST_GROUPS = 1000;
/** Shares of the progress bar: reading for exact copies, decoding pictures, comparing them. */
const AT = { exact: 0.3, decode: 0.9 } as const;
/** The source that holds a mask of labels, not a picture of its own. */
const MASK_SOURCE = 'mask';

/**
 * Exact copies by the SHA-256 of the stored bytes; near copies of pictures by perceptual hash, confirmed on what is
 * left of them at 32 × 32 cells. A group is one kept sample and those that are copies of it, never of each other by way
 * of a third. The kept one is labelled if any is, then the largest, then the first.
 *
 * Flipped and turned pictures are not copies here: they are what augmentation makes on purpose. Samples of several
 * pictures are only compared by their bytes. What cannot be read is not checked.
 * @throws PareError `cancelled`, from the checkpoint.
 */
export async function findDuplicates(dataset: Dataset, checkpoint: Checkpoint): Promise<DuplicateReport> {
  const unread = new Unread(dataset);
  const exact = await exactCopies(dataset, unread, (fraction, doing) =>
    checkpoint(AT.exact * fraction, doing),
  );
  const near = await nearCopies(dataset, exact.first, unread, (fraction, doing) =>
    checkpoint(AT.exact + (1 - AT.exact) * fraction, doing),
  );
  const unreadable = unread.report(exact.first);
  return { ...report(dataset, exact, near), ...(unreadable === undefined ? {} : { unreadable }) };
}

const MOST_EXAMPLES = 5;

/** What cannot be read, found on the way. Copies of what cannot be decoded cannot be decoded either. */
class Unread {
  readonly #dataset: Dataset;
  readonly #indices = new Set<number>();
  #reason = '';

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  add(index: number, reason: string): void {
    if (this.#indices.size === 0) this.#reason = reason;
    this.#indices.add(index);
  }

  report(first: Int32Array): DuplicateReport['unreadable'] {
    if (this.#indices.size === 0) return undefined;
    const examples: string[] = [];
    let count = 0;
    for (const [i, leader] of first.entries()) {
      if (!this.#indices.has(i) && !this.#indices.has(leader)) continue;
      if (count++ < MOST_EXAMPLES) examples.push(this.#dataset.info(i).key);
    }
    return { count, examples, reason: this.#reason };
  }
}

interface ExactCopies {
  /** For each sample the first one with the same bytes (itself, if there is none); −1 = unreadable. */
  readonly first: Int32Array;
  readonly checked: number;
}

async function exactCopies(dataset: Dataset, unread: Unread, checkpoint: Checkpoint): Promise<ExactCopies> {
  const { length } = dataset;
  const first = Int32Array.from({ length }, (_, i) => i);
  const chains = new MarkChains(length);
  let checked = 0;
  for (let i = 0; i < length; i++) {
    await checkpoint((0.9 * i) / length, 'reading for copies');
    const bytes = await readable(
      () => dataset.readBytes(i),
      (reason) => unread.add(i, reason),
    );
    if (bytes === null) {
      first[i] = -1;
      continue;
    }
    checked++;
    chains.add(i, quickMark(bytes));
  }
  const suspects = chains.suspects();
  let done = 0;
  for (const start of suspects) {
    done++;
    const bucket = chains.from(start);
    const byHash = new Map<string, number>();
    for (const i of bucket) {
      await checkpoint(0.9 + (0.1 * done) / suspects.length, 'comparing bytes');
      const bytes = await readable(() => dataset.readBytes(i));
      if (bytes === null) continue;
      const hash = sha256Hex(bytes);
      first[i] = byHash.get(hash) ?? i;
      if (first[i] === i) byHash.set(hash, i);
    }
  }
  return { first, checked };
}

/** Bytes that the mark looks at: enough to tell files apart, few enough to cost nothing. */
const MARKED_BYTES = 256;

/** Size and a sum over evenly spread bytes: equal for equal bytes, so that only few need the real hash. */
function quickMark(bytes: Uint8Array): number {
  const stride = Math.max(1, Math.floor(bytes.length / MARKED_BYTES));
  let low = bytes.length | 0;
  let high = 0x9e3779b9 | 0;
  for (let at = 0; at < bytes.length; at += stride) {
    low = Math.imul(low ^ bytes[at], 0x01000193);
    high = Math.imul(high ^ bytes[bytes.length - 1 - at], 0x85ebca6b);
    high ^= high >>> 15;
  }
  // 21 bits of one sum beside 32 of the other: as many as a number holds.
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

/** Samples with equal marks, in flat arrays: objects for millions of table rows would take gigabytes. */
class MarkChains {
  readonly #slots: Int32Array;
  readonly #marks: Float64Array;
  readonly #next: Int32Array;
  /** Of each first sample, the last one of its chain. */
  readonly #last: Int32Array;
  readonly #starts: number[] = [];

  constructor(samples: number) {
    let slots = 16;
    while (slots < 2 * samples) slots *= 2;
    this.#slots = new Int32Array(slots).fill(-1);
    this.#marks = new Float64Array(samples);
    this.#next = new Int32Array(samples).fill(-1);
    this.#last = new Int32Array(samples);
  }

  add(index: number, mark: number): void {
    this.#marks[index] = mark;
    this.#last[index] = index;
    const wrap = this.#slots.length - 1;
    let slot = (mark % 0x1_0000_0000) & wrap;
    for (; this.#slots[slot] !== -1; slot = (slot + 1) & wrap) {
      const start = this.#slots[slot];
      if (this.#marks[start] !== mark) continue;
      if (this.#last[start] === start) this.#starts.push(start);
      this.#next[this.#last[start]] = index;
      this.#last[start] = index;
      return;
    }
    this.#slots[slot] = index;
  }

  /** First samples of the chains of two and more. */
  suspects(): readonly number[] {
    return this.#starts;
  }

  from(start: number): number[] {
    const chain: number[] = [];
    for (let i = start; i !== -1; i = this.#next[i]) chain.push(i);
    return chain;
  }
}

interface NearCopies {
  /** Samples that were compared, the ones to keep first. */
  readonly order: readonly number[];
  /** `a` comes before `b` in `order`. */
  readonly pairs: readonly NearPair[];
  readonly lookAlikes: boolean;
}

async function nearCopies(
  dataset: Dataset,
  first: Int32Array,
  unread: Unread,
  checkpoint: Checkpoint,
): Promise<NearCopies> {
  const pictures = dataset.sources.filter(({ kind, name }) => kind === 'image' && name !== MASK_SOURCE);
  if (pictures.length !== 1) {
    await readAll(dataset, first, unread, checkpoint);
    return { order: [], pairs: [], lookAlikes: false };
  }
  const source = pictures[0].name;
  const { length } = dataset;
  const hashes = new PictureHashes(length);
  const pixels = new Float64Array(length);
  const order: number[] = [];
  for (let i = 0; i < length; i++) {
    await checkpoint((AT.decode * i) / length, 'looking at the pictures');
    if (first[i] !== i) continue;
    const picture = await readPicture(dataset, i, source, unread);
    if (picture === null || picture.width === 0 || picture.height === 0) continue;
    hashes.set(i, hashPicture(picture));
    pixels[i] = picture.width * picture.height;
    order.push(i);
  }
  const labelled = (i: number): number => (dataset.info(i).label === null ? 0 : 1);
  order.sort((a, b) => labelled(b) - labelled(a) || pixels[b] - pixels[a] || a - b);
  const near = await findNearPairs(hashes, order, (fraction, doing) =>
    checkpoint(AT.decode + (1 - AT.decode) * fraction, doing),
  );
  return { order, ...near };
}

/** Rows of tables and lines of texts were read when the set was opened. */
async function readAll(
  dataset: Dataset,
  first: Int32Array,
  unread: Unread,
  checkpoint: Checkpoint,
): Promise<void> {
  if (dataset.kind === 'table' || dataset.kind === 'text') return;
  for (let i = 0; i < dataset.length; i++) {
    await checkpoint(i / dataset.length, 'reading the samples');
    if (first[i] !== i) continue;
    await readable(
      () => dataset.read(i),
      (reason) => unread.add(i, reason),
    );
  }
}

async function readPicture(
  dataset: Dataset,
  index: number,
  source: string,
  unread: Unread,
): Promise<Picture | null> {
  const values = await readable(
    () => dataset.read(index),
    (reason) => unread.add(index, reason),
  );
  const value = values?.get(source);
  return value?.kind === 'image' ? value.picture : null;
}

/** Null for a sample that cannot be read: it is listed, and no copy of anything. */
async function readable<T>(
  read: () => Promise<T>,
  failed: (reason: string) => void = () => undefined,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PareError) || error.code === 'cancelled' || error.code === 'internal') throw error;
    failed(error.message);
    return null;
  }
}

interface Group {
  kind: DuplicateGroup['kind'];
  readonly members: number[];
  distance: number;
}

function report(dataset: Dataset, { first, checked }: ExactCopies, near: NearCopies): DuplicateReport {
  const groups = groupsOf(dataset, first, near);
  const named = groups.map(({ kind, members, distance }): DuplicateGroup => {
    const labels = new Set(members.map((i) => labelText(dataset.info(i).label)));
    labels.delete(null);
    return { kind, keys: members.map((i) => dataset.info(i).key), labelsDiffer: labels.size > 1, distance };
  });
  return {
    checked,
    // What needs a decision first: one picture with two labels.
    groups: [...named].sort((a, b) => Number(b.labelsDiffer) - Number(a.labelsDiffer)),
    total: named.length,
    removable: named.flatMap(({ keys }) => keys.slice(1)),
    ...(near.lookAlikes ? { lookAlikes: true } : {}),
  };
}

/** As it is shown: what is checked against a division must have all groups, a page or a file the first thousand. */
export function shownDuplicates(report: DuplicateReport): DuplicateReport {
  return { ...report, groups: report.groups.slice(0, MOST_GROUPS) };
}

/** Near copies of a kept one join its group together with their own exact copies. */
function groupsOf(dataset: Dataset, first: Int32Array, near: NearCopies): Group[] {
  const leaders = nearLeaders(near);
  // Only samples with copies: a list for each of millions of samples would take gigabytes.
  const exact = new Map<number, number[]>();
  for (const { leader } of leaders.values()) exact.set(leader, [leader]);
  for (const [i, leader] of first.entries()) {
    if (leader < 0 || leader === i) continue;
    const members = exact.get(leader);
    if (members === undefined) exact.set(leader, [leader, i]);
    else members.push(i);
  }
  const groups = new Map<number, Group>();
  for (const [i, members] of [...exact].sort(([a], [b]) => a - b)) {
    if (leaders.has(i)) continue;
    groups.set(i, { kind: 'exact', members: labelledFirst(dataset, members), distance: 0 });
  }
  for (const [i, { leader, distance }] of leaders) {
    const group = groups.get(leader);
    if (group === undefined) continue;
    group.kind = 'near';
    group.members.push(...(exact.get(i) ?? [i]));
    group.distance = Math.max(group.distance, distance);
  }
  return [...groups.values()].filter(({ members }) => members.length > 1);
}

/** Each near copy with the one that is kept for it: a sample is kept unless a kept one before it is near. */
function nearLeaders({ order, pairs }: NearCopies): Map<number, { leader: number; distance: number }> {
  const before = new Map<number, NearPair[]>();
  for (const pair of pairs) {
    const known = before.get(pair.b);
    if (known === undefined) before.set(pair.b, [pair]);
    else known.push(pair);
  }
  const leaders = new Map<number, { leader: number; distance: number }>();
  for (const i of order) {
    const kept = (before.get(i) ?? []).filter(({ a }) => !leaders.has(a));
    if (kept.length === 0) continue;
    const nearest = kept.reduce((best, pair) => (pair.distance < best.distance ? pair : best));
    leaders.set(i, { leader: nearest.a, distance: nearest.distance });
  }
  return leaders;
}

function labelledFirst(dataset: Dataset, members: readonly number[]): number[] {
  const labelled = (i: number): number => (dataset.info(i).label === null ? 1 : 0);
  return [...members].sort((a, b) => labelled(a) - labelled(b) || a - b);
}

function labelText(label: Label | null): string | null {
  return label === null || label.kind === 'mask' ? null : JSON.stringify(label);
}
