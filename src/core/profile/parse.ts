/**
 * Reads what onnxruntime prints when profiling ends: a JSON array, one event a line. The text holds node names of
 * somebody's file, which the runtime does not escape, so a line that is no JSON is read field by field. It must not
 * know how the text was caught.
 */
import type { ProfileEvent } from './types.ts';

/** More events than this are not read: a loop of a million turns would make a table that nobody reads. */
const MAX_EVENTS = 400_000;
/** Longest name that is kept. */
const MAX_NAME = 400;
/** Every event begins so; a node name with a line break in it cannot be told from the end of a line in any other way. */
const EVENT_START = '{"cat" : "';
/** What the runtime hangs on a node's name. */
const KERNEL_TIME = '_kernel_time';

/** Events in the order in which they were printed; lines that are no events are passed over. */
export function parseProfile(text: string): readonly ProfileEvent[] {
  const events: ProfileEvent[] = [];
  let from = text.indexOf(EVENT_START);
  while (from >= 0 && events.length < MAX_EVENTS) {
    const next = text.indexOf(`\n${EVENT_START}`, from);
    const event = readEvent(text.slice(from, next < 0 ? undefined : next));
    if (event !== undefined) events.push(event);
    from = next < 0 ? -1 : next + 1;
  }
  return events;
}

/** A GPU program is called `node&operator&program`; the node's own name may have that sign in it too. */
function readKernel({ name, start, duration }: RawEvent): ProfileEvent {
  const parts = name.split('&');
  const op = parts.length > 2 ? parts.at(-2) : undefined;
  return {
    name: (op === undefined ? name : parts.slice(0, -2).join('&')).slice(0, MAX_NAME),
    category: 'gpu',
    start,
    duration,
    ...(op === undefined ? {} : { op: op.slice(0, MAX_NAME) }),
  };
}

interface RawEvent {
  readonly category: string;
  readonly thread: number;
  readonly duration: number;
  readonly start: number;
  readonly name: string;
  readonly op: string | undefined;
  readonly provider: string | undefined;
}

function readEvent(printed: string): ProfileEvent | undefined {
  const raw = readJson(printed) ?? readFields(printed);
  if (raw === undefined) return undefined;
  const { start, duration, thread, op, provider } = raw;
  if (![start, duration].every((n) => Number.isFinite(n) && n >= 0)) return undefined;
  const category = CATEGORIES[raw.category];
  if (category === undefined) return undefined;
  if (category === 'gpu') return readKernel(raw);
  const isKernel = raw.name.endsWith(KERNEL_TIME);
  // Older marks around a node (…_fence_before) are no work of its own.
  if (category === 'node' && !isKernel) return undefined;
  const name = isKernel ? raw.name.slice(0, -KERNEL_TIME.length) : raw.name;
  return {
    name: name.slice(0, MAX_NAME),
    category,
    start,
    duration,
    ...(op === undefined ? {} : { op: op.slice(0, MAX_NAME) }),
    ...(provider === undefined ? {} : { provider }),
    ...(Number.isSafeInteger(thread) ? { thread } : {}),
  };
}

/** `Api` are the times of the GPU's own clock. */
const CATEGORIES: Readonly<Partial<Record<string, ProfileEvent['category']>>> = {
  Session: 'session',
  Node: 'node',
  Api: 'gpu',
  Kernel: 'gpu',
};

function readJson(printed: string): RawEvent | undefined {
  // The last event of the array is followed by the bracket that closes it.
  const end = printed.lastIndexOf('}');
  let value: unknown;
  try {
    value = JSON.parse(printed.slice(0, end + 1));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const args = isRecord(value['args']) ? value['args'] : {};
  return {
    category: textOf(value['cat']) ?? '',
    thread: Number(value['tid']),
    duration: Number(value['dur']),
    start: Number(value['ts']),
    name: textOf(value['name']) ?? '',
    op: textOf(args['op_name']),
    provider: textOf(args['provider']),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const HEAD = /^\{"cat" : "(\w+)","pid" :-?\d+,"tid" :(\d+),"dur" :(\d+),"ts" :(\d+),"ph" : "X","name" :"/;
const ARGS = '","args" : {';

/** A name with quotes, backslashes or control characters in it: all that stands between its neighbours. */
function readFields(printed: string): RawEvent | undefined {
  const head = HEAD.exec(printed);
  if (head === null) return undefined;
  const [all, category = '', thread, duration, start] = head;
  const end = printed.lastIndexOf(ARGS);
  if (end < all.length) return undefined;
  const args = printed.slice(end + ARGS.length);
  return {
    category,
    thread: Number(thread),
    duration: Number(duration),
    start: Number(start),
    name: printed.slice(all.length, end),
    op: /"op_name" : "([^"]{0,400})"/.exec(args)?.[1],
    provider: /"provider" : "(\w{1,80})"/.exec(args)?.[1],
  };
}
