import { describe, expect, it } from 'vitest';
import { executedLayers, stayedFloat } from './executed.ts';

const at = (layerId: string | null, op: string, micros = 1) => ({ layerId, op, micros });

describe('executedLayers', () => {
  it('says which kernel a layer got, and passes over what belongs to none', () => {
    const found = executedLayers([
      at('a', 'QLinearConv'),
      at(null, 'Conv'),
      at('b', 'FusedConv'),
      at('b', 'Clip'),
    ]);
    expect([...found]).toEqual([
      ['a', { kernel: 'QLinearConv', integer: true }],
      ['b', { kernel: 'FusedConv', integer: false }],
    ]);
  });

  it('one operator in floats makes a shared weight a float layer', () => {
    for (const nodes of [
      [at('a', 'QLinearConv', 9), at('a', 'Conv', 1)],
      [at('a', 'Conv', 1), at('a', 'QLinearConv', 9)],
    ]) {
      expect(executedLayers(nodes).get('a')).toEqual({ kernel: 'Conv', integer: false });
    }
  });
});

describe('stayedFloat', () => {
  it('names the layers that were asked for and stayed, with what is known', () => {
    const executed = executedLayers([at('a', 'QLinearConv'), at('b', 'Gemm'), at('c', 'Conv')]);
    const stayed = stayedFloat(['a', 'b', 'c', 'd'], executed);
    expect(stayed.map(({ layer, kernel }) => [layer, kernel])).toEqual([
      ['b', 'Gemm'],
      ['c', 'Conv'],
      ['d', undefined],
    ]);
    expect(stayed[0].why).toContain('Gemm');
    expect(stayed[2].why).toContain('no operator by its name');
  });
});
