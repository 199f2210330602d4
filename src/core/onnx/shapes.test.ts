// The rules of shape inference against the oracle: one run of each shared model with every value as an output.
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { executeForShapes, inferByRule } from './shapes.ts';
import { feedsFor, openModel, REAL_MODEL_TIMEOUT_MILLIS, realModels } from './shapes/testing/real-models.ts';

const runner = createNodeRunner();

describe.each(realModels('shapes'))('shapes of %s', (file) => {
  it(
    'agree with the oracle',
    async () => {
      const model = openModel(file);
      const truth = await executeForShapes(model, runner, { ...feedsFor(file), otherDims: 2 });
      const facts = inferByRule(model).of(model.graph);
      expect(truth.size).toBeGreaterThan(0);
      const wrong: string[] = [];
      let known = 0;
      for (const [name, value] of truth) {
        const found = facts.get(name);
        if (found?.type !== value.dataType)
          wrong.push(`${name}: ${found?.type ?? 'no type'}, truth ${value.dataType}`);
        const shape = found?.shape;
        if (shape === undefined) continue;
        known++;
        const fits =
          shape.length === value.dims.length &&
          shape.every((dim, i) => typeof dim !== 'number' || dim === value.dims[i]);
        if (!fits) wrong.push(`${name}: [${shape.join(',')}], truth [${value.dims.join(',')}]`);
      }
      expect(wrong).toEqual([]);
      // Every operator of these models has a rule, so that at least the rank of every value is found; the exception is
      // the silero models, whose main graph is one If over branches that may differ in rank.
      if (!basename(file).startsWith('silero')) expect(known).toBe(truth.size);
    },
    REAL_MODEL_TIMEOUT_MILLIS,
  );
});
