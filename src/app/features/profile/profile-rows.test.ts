/** Joining and sorting profiles, with numbers that can be added by hand. */
import { describe, expect, it } from 'vitest';
import type { CostSummary, NodeTime, ProfileResult } from '../../../core/profile/types.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { BETWEEN, changeOf, formatMicros, profileRows, sortProfile } from './profile-rows.ts';
import type { ProfileInput, ProfileRow } from './profile-rows.ts';

const node = (name: string, op: string, micros: number, layerId: string | null): NodeTime => ({
  node: name,
  op,
  provider: 'CPU',
  micros,
  share: 0,
  layerId,
});
const profile = (...nodes: NodeTime[]): ProfileResult => ({ nodes }) as unknown as ProfileResult;
const layers = [
  { id: 'a', label: 'stem/conv', op: 'Conv 3×3' },
  { id: 'b', label: 'head', op: 'Gemm' },
] as unknown as LayerSummary[];
const costs = {
  layers: [{ layerId: 'a', macs: 1000, parameters: 9, activationBytes: 64 }],
} as unknown as CostSummary;
const input: ProfileInput = {
  before: profile(node('c1', 'Conv', 60, 'a'), node('r1', 'Relu', 20, null), node('g', 'Gemm', 20, 'b')),
  after: profile(node('c1', 'FusedConv', 30, 'a'), node('g', 'Gemm', 10, 'b')),
  layers,
  costs,
};
const find = (rows: readonly ProfileRow[], name: string): ProfileRow =>
  rows.find((row) => row.name === name)!;

describe('profileRows', () => {
  it('joins by layer, with what was counted of it', () => {
    const rows = profileRows('layer', input);
    expect(rows).toHaveLength(3);
    expect(find(rows, 'stem/conv')).toMatchObject({
      op: 'Conv 3×3',
      before: 60,
      after: 30,
      share: 0.75,
      macs: 1000,
      parameters: 9,
      activationBytes: 64,
    });
    expect(find(rows, BETWEEN)).toMatchObject({ before: 20, after: null, share: 0, macs: null });
  });

  it('adds up the nodes of an operation', () => {
    const twice = profile(node('x', 'Conv', 5, 'a'), node('y', 'Conv', 7, 'b'));
    const rows = profileRows('op', { ...input, before: twice, after: null });
    expect(rows).toEqual([
      expect.objectContaining({ name: 'Conv', before: 12, after: null, share: 1, nodes: 2 }),
    ]);
  });

  it('keeps nodes apart, and both sides of the ones with the same name', () => {
    const rows = profileRows('node', input);
    expect(find(rows, 'g')).toMatchObject({ before: 20, after: 10, layer: 'head' });
    expect(find(rows, 'c1').op).toBe('several');
  });

  it('is empty without profiles', () => {
    expect(profileRows('layer', { before: null, after: null, layers, costs: null })).toEqual([]);
  });
});

describe('sortProfile', () => {
  const rows = profileRows('layer', input);
  const names = (sorted: readonly ProfileRow[]): string[] => sorted.map(({ name }) => name);

  it('sorts by numbers and names, both ways, with gaps last', () => {
    expect(names(sortProfile(rows, { column: 'after', descending: true }))).toEqual([
      'stem/conv',
      'head',
      BETWEEN,
    ]);
    expect(names(sortProfile(rows, { column: 'after', descending: false }))).toEqual([
      'head',
      'stem/conv',
      BETWEEN,
    ]);
    expect(names(sortProfile(rows, { column: 'name', descending: false }))).toEqual([
      BETWEEN,
      'head',
      'stem/conv',
    ]);
    expect(names(sortProfile(rows, { column: 'change', descending: false }))).toEqual([
      'stem/conv',
      'head',
      BETWEEN,
    ]);
  });

  it('has no change where one side is missing', () => {
    expect(changeOf(find(rows, 'head'))).toBe(-10);
    expect(changeOf(find(rows, BETWEEN))).toBeNull();
  });
});

describe('formatMicros', () => {
  it('reads as people say it', () => {
    expect(formatMicros(3.14159)).toBe('3.1 µs');
    expect(formatMicros(340.2)).toBe('340 µs');
    expect(formatMicros(1254)).toBe('1.25 ms');
    expect(formatMicros(25_400)).toBe('25.4 ms');
    expect(formatMicros(Number.NaN)).toBe('–');
  });
});
