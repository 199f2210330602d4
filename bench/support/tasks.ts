/**
 * Tasks of the page's main thread out of a Chromium trace, with their CPU time: on a busy machine a task's wall time
 * says how long the thread waited for a core, its CPU time what the page made it do. It must not know the page.
 */
import type { Browser, Page } from 'playwright';

export interface Task {
  readonly wallMillis: number;
  readonly cpuMillis: number;
  /** What took longest inside: 'FunctionCall chart-x.js', 'Layout' … */
  readonly mostly: string;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: {
    readonly name?: string;
    readonly data?: { readonly url?: string; readonly functionName?: string; readonly type?: string };
  };
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', 'blink.user_timing'];

/** Runs `work` and gives the main thread's tasks meanwhile, those of the page's renderer only. */
export async function traceTasks(
  browser: Browser,
  page: Page,
  work: () => Promise<unknown>,
): Promise<readonly Task[]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await work();
  const buffer = await browser.stopTracing();
  const { traceEvents } = JSON.parse(buffer.toString('utf8')) as { traceEvents: TraceEvent[] };
  const renderers = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const events = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && renderers.has(`${pid}/${tid}`));
  return events.filter(({ name }) => name === 'RunTask').map((task) => describe(task, events));
}

function describe(task: TraceEvent, events: readonly TraceEvent[]): Task {
  const { dur = 0, tdur = 0 } = task;
  const task50 = dur >= 50_000;
  const inside = task50
    ? events.filter(
        (e) =>
          e !== task && e.pid === task.pid && e.tid === task.tid && e.ts >= task.ts && e.ts <= task.ts + dur,
      )
    : [];
  const parts = inside
    .toSorted((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .slice(0, 3)
    .map(({ name, tdur: cpu = 0, args }) => {
      const url = args?.data?.url?.split('/').at(-1) ?? '';
      return `${[name, args?.data?.type, args?.data?.functionName, url].filter(Boolean).join(' ')} ${(cpu / 1000).toFixed(0)} ms`;
    });
  return { wallMillis: dur / 1000, cpuMillis: tdur / 1000, mostly: parts.join(' > ') };
}
