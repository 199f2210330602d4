// The rules of shape inference against the oracle: one run of each shared model with every value as an output.
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { graph, int, model, node, valueInfo } from './build.ts';
import { executeForShapes, inferByRule, inferShapes } from './shapes.ts';
import { feedsFor, openModel, REAL_MODEL_TIMEOUT_MILLIS, realModels } from './shapes/testing/real-models.ts';

const runner = createNodeRunner();

describe.each(realModels('shapes'))('shapes of %s', (file) => {
  it(
    'agree with the oracle',
    async () => {
      const opened = openModel(file);
      const truth = await executeForShapes(opened, runner, { ...feedsFor(file), otherDims: 2 });
      const facts = inferByRule(opened).of(opened.graph);
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

describe('what no rule knows', () => {
  // Unique sorts and deduplicates: its size depends on the data, and it has no rule.
  const main = graph({
    nodes: [
      node('Unique', ['x'], ['u']),
      node('Relu', ['x'], ['r']),
      node('Concat', ['u', 'r'], ['y'], { attrs: { axis: int(0) } }),
    ],
    inputs: [valueInfo('x', 'float32', ['N'])],
    outputs: [valueInfo('y', 'float32')],
  });
  it('stays unknown without a runner', async () => {
    const facts = (await inferShapes(model(main), undefined)).of(main);
    expect(facts.get('u')).toEqual({});
    expect(facts.get('r')).toEqual({ type: 'float32', shape: ['N'] });
  });
  it('is found by running, with sizes that follow a free dimension left open', async () => {
    // All zeros: Unique gives one element, whatever N is; y has N + 1.
    const facts = (await inferShapes(model(main), runner)).of(main);
    expect(facts.get('u')).toEqual({ type: 'float32', shape: [1] });
    expect(facts.get('y')?.shape).toEqual([null]);
  });
  it('a declaration is believed only where no rule knows', async () => {
    const declared = {
      ...main,
      valueInfos: [valueInfo('u', 'float32', ['U']), valueInfo('r', 'float32', [7])],
    };
    const facts = (await inferShapes(model(declared), undefined)).of(declared);
    expect(facts.get('u')?.shape).toEqual(['U']);
    expect(facts.get('r')?.shape).toEqual(['N']);
  });
});
