/** What must hold for every target, whatever it says. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TARGETS, isTargetId, targetOf } from './registry.ts';
import { TARGET_IDS } from './types.ts';
import type { TargetId } from './types.ts';

describe.each(TARGETS.map((target) => [target.id, target] as const))('%s', (id, target) => {
  it('is found under its own name', () => {
    expect(targetOf(id)).toBe(target);
    expect(isTargetId(id)).toBe(true);
  });

  it('has a source and a whole sentence for every statement', () => {
    const statements = [...target.rules, ...Object.values(target.refusals)];
    expect(statements.length).toBeGreaterThan(0);
    for (const { text, source } of statements) {
      expect(text).toMatch(/^(fp16|[A-Z0-9]).*\.$/);
      expect(source).toMatch(/^(https:\/\/|measured: )/);
    }
    expect(new Set(statements.map((statement) => statement.id)).size).toBe(statements.length);
  });

  it('what was measured names a bench of this project', () => {
    const sources = [...target.rules, ...Object.values(target.refusals)].map(({ source }) => source);
    const benches = sources.flatMap((source) => /^measured: (\S+)/.exec(source)?.[1] ?? []);
    for (const bench of benches) {
      expect(bench).toMatch(/^bench\//);
      expect(existsSync(new URL(`../../../${bench}`, import.meta.url)), bench).toBe(true);
    }
  });

  it('gives a reason where it refuses what another takes', () => {
    if (target.activations === null) {
      expect(target.refusals['int8-activations']).toBeDefined();
      expect(target.integerOps.size).toBe(0);
    }
    for (const bits of [4, 3, 2]) {
      if (!target.weights.bits.includes(bits)) expect(target.refusals[`int${bits}`]).toBeDefined();
    }
    if (!target.weights.asymmetric) expect(target.refusals['zero-points']).toBeDefined();
    if (!target.weights.blocks) expect(target.refusals['blocks']).toBeDefined();
    if (target.fp16 !== 'computes') expect(target.refusals['fp16-compute']).toBeDefined();
  });

  it('is consistent in itself', () => {
    expect(target.opset.min).toBeLessThanOrEqual(target.opset.max);
    // Scales per channel came with operator set 13, 4-bit types and blocks with 21.
    if (target.weights.perChannel) expect(target.opset.max).toBeGreaterThanOrEqual(13);
    if (target.weights.blocks) expect(target.opset.max).toBeGreaterThanOrEqual(21);
    if (target.weightForm === 'matmul-nbits') expect(target.contribOps).toBe(true);
    expect(target.weights.bits).toContain(8);
  });
});

it('knows every id, and no other', () => {
  expect(TARGETS.map(({ id }) => id)).toEqual([...TARGET_IDS]);
  const unknown = 'ncnn' as TargetId;
  expect(() => targetOf(unknown)).toThrow(/There is no target "ncnn"/);
});
