import { describe, expect, it } from 'vitest';
import type { CostSummary } from '../../../core/profile/types.ts';
import { measureResult } from '../../store/testing/fake-studio.ts';
import { baselineFacts } from './baseline-facts.ts';

const costs: CostSummary = {
  source: 'counted',
  macs: 300_774_272,
  parameters: 3_504_872,
  weightBytes: 14e6,
  activationBytes: 26e6,
  peakActivationBytes: 4_816_896,
  layers: [],
  uncounted: {},
  dimensions: {},
};
const nothing = {
  bytes: 13_964_571,
  measurement: null,
  evaluation: null,
  costs: null,
  energy: null,
  unit: ['image', 'images'],
} as const;
const named = (facts: ReturnType<typeof baselineFacts>) =>
  Object.fromEntries(
    facts.map(({ name, value, note, source }) => [
      name,
      [value, note, source].filter((part) => part !== '').join(' '),
    ]),
  );

describe('baselineFacts', () => {
  it('says nothing that is not known', () => {
    expect(named(baselineFacts(nothing))).toEqual({ Size: '14.0 MB measured' });
  });

  it('shows what was measured, counted and estimated, each as what it is', () => {
    const facts = baselineFacts({
      ...nothing,
      measurement: measureResult(),
      costs,
      energy: '7–67 mJ',
      evaluation: {
        main: 'top1',
        value: 0.717,
        interval: { low: 0.689, high: 0.744 },
        higherIsBetter: true,
        n: 1000,
        metrics: {},
        perClass: [],
        confusion: [],
        failed: [],
      },
    });
    expect(named(facts)).toMatchObject({
      'Latency p50 / p90 / p99': '10.0 ms / 10.5 ms / 11.0 ms quiet measured',
      'Load / first run': '5.00 ms / 40.0 ms measured',
      'Top-1': '71.7 % [68.9 %, 74.4 %], n 1,000 measured',
      Memory: '5.00 kB heap measured',
      MACs: '301 M counted',
      'Peak activations': '4.82 MB counted',
      Energy: '7–67 mJ estimated',
    });
    for (const { title } of facts) expect(title).not.toBe('');
  });

  it('says that a count is a lower bound where operations are unknown', () => {
    const partial = { ...costs, uncounted: { Custom: 2 } };
    expect(named(baselineFacts({ ...nothing, costs: partial }))['MACs']).toBe('301 M at least counted');
  });
});
