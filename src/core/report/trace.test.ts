/** The trace against the rules of the Trace Event Format (JSON object format), and what it shows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from '../profile/parse.ts';
import { summarizeProfile } from '../profile/summarize.ts';
import type { ProfileEvent, ProfileResult } from '../profile/types.ts';
import { chromeTrace } from './trace.ts';

interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: Readonly<Record<string, unknown>>;
}
interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: string;
  readonly otherData: Readonly<Record<string, unknown>>;
}

const recorded = (name: string, provider: 'wasm' | 'webgpu'): ProfileResult =>
  summarizeProfile(
    parseProfile(readFileSync(new URL(`../profile/testing/${name}.txt`, import.meta.url), 'utf8')),
    { provider, threads: 2, dimensions: {}, layerNodes: { 'conv1.w': ['p2o.Conv.0'] }, discard: 0 },
  )!;
const parsed = (profile: ProfileResult): Trace =>
  JSON.parse(chromeTrace(profile, { title: 'a "model".onnx', machine: 'a machine' })) as Trace;

/** What viewers demand: required keys by phase, numbers that are numbers, slices of a thread nested or apart. */
function faultsOf({ traceEvents, displayTimeUnit }: Trace): string[] {
  const faults: string[] = [];
  if (!['ms', 'ns'].includes(displayTimeUnit)) faults.push(`displayTimeUnit ${displayTimeUnit}`);
  const ends = new Map<number, number[]>();
  let last = -Infinity;
  for (const [i, event] of traceEvents.entries()) {
    const at = `event ${i} '${event.name}'`;
    if (typeof event.name !== 'string' || event.name === '') faults.push(`${at}: no name`);
    if (!Number.isInteger(event.pid) || !Number.isInteger(event.tid)) faults.push(`${at}: no pid or tid`);
    if (!Number.isFinite(event.ts) || event.ts < 0) faults.push(`${at}: ts ${event.ts}`);
    if (event.ph === 'M') {
      if (!['process_name', 'thread_name'].includes(event.name)) faults.push(`${at}: unknown metadata`);
      if (typeof event.args?.['name'] !== 'string') faults.push(`${at}: metadata without args.name`);
      continue;
    }
    if (event.ph !== 'X') faults.push(`${at}: phase ${event.ph}`);
    if (typeof event.cat !== 'string') faults.push(`${at}: no cat`);
    if (!Number.isFinite(event.dur) || event.dur! < 0) faults.push(`${at}: dur ${event.dur}`);
    if (event.ts < last) faults.push(`${at}: out of order`);
    last = event.ts;
    const open = ends.get(event.tid) ?? [];
    ends.set(event.tid, open);
    while (open.length > 0 && open.at(-1)! <= event.ts) open.pop();
    if (open.length > 0 && event.ts + event.dur! > open.at(-1)!)
      faults.push(`${at}: neither inside nor apart`);
    if (event.dur! > 0) open.push(event.ts + event.dur!);
  }
  return faults;
}

describe('chrome trace', () => {
  it('follows the format, on recorded profiles of CPU and GPU', () => {
    for (const profile of [recorded('wasm-two-threads', 'wasm'), recorded('webgpu', 'webgpu')]) {
      expect(faultsOf(parsed(profile))).toEqual([]);
    }
  });

  it('holds every event of the run, with operator, provider and layer', () => {
    const profile = recorded('wasm-two-threads', 'wasm');
    const trace = parsed(profile);
    const slices = trace.traceEvents.filter(({ ph }) => ph === 'X');
    expect(slices).toHaveLength(profile.events.length);
    expect(slices.find(({ name }) => name === 'p2o.Conv.0')?.args).toEqual({
      op: 'Conv',
      provider: 'CPUExecutionProvider',
      layer: 'conv1.w',
    });
    expect(slices.find(({ name }) => name === 'p2o.Mul.0')?.args).not.toHaveProperty('layer');
    expect(trace.otherData).toMatchObject({ title: 'a "model".onnx', machine: 'a machine', threads: 2 });
  });

  it('names process and threads, and gives the GPU a track of its own', () => {
    const names = (profile: ProfileResult) =>
      parsed(profile)
        .traceEvents.filter(({ ph }) => ph === 'M')
        .map(({ name, args }) => `${name} ${String(args?.['name'])}`);
    expect(names(recorded('wasm-two-threads', 'wasm'))).toEqual([
      'process_name a "model".onnx',
      'thread_name wasm thread 1',
    ]);
    expect(names(recorded('webgpu', 'webgpu'))).toContain('thread_name GPU');
  });

  it('cuts what rounding lets stick out of its run', () => {
    const event = (name: string, start: number, duration: number): ProfileEvent => ({
      name,
      category: 'node',
      start,
      duration,
      thread: 1,
    });
    const profile = {
      ...recorded('wasm-two-threads', 'wasm'),
      events: [event('run', 0, 10), event('a', 4, 7), event('', 4, 3)],
    };
    const trace = parsed(profile);
    expect(faultsOf(trace)).toEqual([]);
    expect(trace.traceEvents.find(({ name }) => name === 'a')?.dur).toBe(6);
    expect(faultsOf({ ...trace, traceEvents: trace.traceEvents.map((e) => ({ ...e, dur: 8 })) })).not.toEqual(
      [],
    );
  });
});
