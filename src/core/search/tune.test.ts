import { describe, expect, it } from 'vitest';
import { applyRecipe } from '../passes/manager.ts';
import { sizeOf } from '../onnx/write.ts';
import type { Goal } from '../goal/types.ts';
import type { Model } from '../onnx/ir.ts';
import { measureSensitivity } from './sensitivity.ts';
import { tune } from './tune.ts';
import { plantedModel, searchContext } from './testing/planted.ts';
import type { DeviceSpeed, TuneRequest } from './types.ts';

const speed: DeviceSpeed = {
  provider: 'wasm',
  threads: 1,
  floatMacs: 2e10,
  integerMacs: 5e10,
  requantizeNanos: 1,
  depthwiseFloatNanos: 2,
  depthwiseIntegerNanos: 7,
  quantizeNanos: 0.3,
  dequantizeNanos: 0.15,
  transposeNanos: 0.2,
  fitError: 0.1,
  millis: 3000,
  source: 'measured',
};
const request: TuneRequest = {
  goal: { objective: 'smallest', maxLoss: 0.005, neverSlower: true },
  target: 'ort-wasm',
  options: ['fp32', 'int8', 'int4'],
  speed,
  samples: 24,
  candidates: 4,
};

/** A loss that a third of what int4 everywhere does would be: too little for that, enough for something. */
async function tightGoal(model: Model): Promise<Goal> {
  const sensitivity = { options: ['int4'], samples: 24, metric: 'kl', target: 'ort-wasm' } as const;
  const { report } = await measureSensitivity(model, sensitivity, searchContext());
  const all = report.layers.reduce((sum, { damages }) => sum + damages[0].damage, 0);
  // Without samples that change their class, half a point stands for 0.01 nats.
  return { objective: 'smallest', maxLoss: (0.005 * all) / 3 / 0.01, neverSlower: true };
}

describe('tune', () => {
  it(
    'proposes recipes that can be made, with bytes as predicted, never predicted slower',
    { timeout: 60_000 },
    async () => {
      const context = searchContext();
      const original = plantedModel(1);
      const goal = await tightGoal(original);
      const { candidates, sensitivity } = await tune(original, { ...request, goal }, context);
      expect(sensitivity.layers.length).toBe(4);
      expect(candidates.length).toBeGreaterThan(1);
      expect(new Set(candidates.map(({ recipe }) => JSON.stringify(recipe.steps))).size).toBe(
        candidates.length,
      );
      for (const { recipe, predicted, choice } of candidates) {
        expect(Object.keys(choice)).toEqual(['c1', 'c2', 'c3', 'fc']);
        expect(predicted.speedup).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(recipe.steps[0]).toEqual({ pass: 'simplify' });
        const made = await applyRecipe(original, recipe, {
          ...context,
          now: () => 0,
          checkpoint: () => Promise.resolve(),
        });
        // A bias that correcting adds is not predicted: a vector of 16 floats with its name for each layer.
        expect(Math.abs(sizeOf(made.model) - predicted.bytes)).toBeLessThan(4 * 120);
      }
    },
  );

  it('keeps the bits of the layer that needs them, and says why', { timeout: 60_000 }, async () => {
    const { candidates, sensitivity } = await tune(
      plantedModel(300),
      { ...request, goal: await tightGoal(plantedModel(300)), options: ['fp32', 'fp16', 'int4'] },
      searchContext(),
    );
    const [first] = candidates;
    const worst = sensitivity.layers.reduce((a, b) =>
      b.damages.at(-1)!.damage > a.damages.at(-1)!.damage ? b : a,
    );
    const kept = first.kept.find(({ layer }) => layer === worst.layer);
    expect(['fp32', 'fp16']).toContain(first.choice[worst.layer]);
    expect(kept?.reason).toMatch(/damage that is allowed/);
  });

  it('computes in integers only where this device is faster with them', { timeout: 60_000 }, async () => {
    const options = ['int8', 'int8-activations'] as const;
    const goal = { objective: 'fastest', maxLoss: 0.2, neverSlower: true } as const;
    const quick = await tune(plantedModel(1), { ...request, goal, options }, searchContext());
    expect(Object.values(quick.candidates[0].choice)).toContain('int8-activations');
    expect(quick.candidates[0].predicted.speedup).toBeGreaterThan(1);
    // What is predicted is predicted of what is proposed.
    for (const { choice, predicted } of quick.candidates) {
      const sum = quick.sensitivity.layers.reduce(
        (total, { layer, damages }) =>
          total + (damages.find(({ option }) => option === choice[layer])?.damage ?? 0),
        0,
      );
      expect(predicted.damage).toBeCloseTo(sum, 12);
    }
    const slow = { ...speed, requantizeNanos: 100 };
    const none = await tune(plantedModel(1), { ...request, goal, options, speed: slow }, searchContext());
    for (const { choice, kept, predicted } of none.candidates) {
      expect(Object.values(choice)).not.toContain('int8-activations');
      expect(predicted.speedup).toBeCloseTo(1, 9);
      expect(kept.find(({ layer }) => layer === 'c2')?.reason).toMatch(/below the break-even/);
    }
  });

  it('finds floats no slower than floats, however their times round', { timeout: 120_000 }, async () => {
    const goal = { objective: 'smallest', maxLoss: 0.2, neverSlower: true } as const;
    // Device 46 is one whose sums differ in the last bit.
    for (let i = 44; i <= 48; i++) {
      const odd = { ...speed, requantizeNanos: 100, floatMacs: speed.floatMacs / (1 + i / 37) };
      const asked = { ...request, goal, options: ['int8'] as const, speed: odd };
      const { candidates } = await tune(plantedModel(1), asked, searchContext());
      expect(candidates.length, `device ${i}`).toBeGreaterThan(0);
    }
  });
});
