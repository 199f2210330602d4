import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelFile } from '../../cli/open-model.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { float, floatTensor, graph, model, node, valueInfo } from '../onnx/build.ts';
import { listWeights } from '../onnx/weights.ts';
import { calibrationOn } from '../testing/node-calibration.ts';
import { filesBelow, sharedDir } from '../testing/shared.ts';
import { reread } from '../testing/weight-models.ts';
import { syntheticSamples } from './synthetic.ts';

const wait = () => Promise.resolve();
const runner = createNodeRunner();

const relu = (batch: number | string) =>
  reread(
    model(
      graph({
        nodes: [node('Relu', ['x'], ['y'])],
        inputs: [valueInfo('x', 'float32', [batch, 3, 'H', 8])],
        outputs: [valueInfo('y', 'float32', [batch, 3, 'H', 8])],
      }),
    ),
  );

describe('made-up samples', () => {
  it('are the same for the same seed, and say what they are', async () => {
    const [a, b, c] = [1, 1, 2].map((seed) => syntheticSamples(relu('N'), { seed, count: 6, runner }));
    expect(a).toMatchObject({ origin: 'synthetic', count: 6, batches: 6, description: '6 made-up inputs' });
    expect(a.key).toBe(b.key);
    expect(a.key).not.toBe(c.key);
    expect(await a.batch(3)).toEqual(await b.batch(3));
    expect(await a.batch(3)).not.toEqual(await c.batch(3));
    expect(await a.batch(3)).not.toEqual(await a.batch(4));
  });

  it('fill a fixed batch', async () => {
    const samples = syntheticSamples(relu(4), { seed: 1, count: 6, runner });
    expect(samples).toMatchObject({ count: 8, batches: 2 });
    const { feeds, rows } = await samples.batch(0);
    expect(rows).toBe(4);
    expect(feeds.get('x')?.dims.slice(0, 2)).toEqual([4, 3]);
    const found = await calibrationOn(samples).statistics(relu(4), { of: 'floats', ranges: ['y'] }, wait);
    expect(found.samples).toBe(8);
  });

  it('find the span that a model answers to', async () => {
    // Values below 2 all give 1.
    const net = reread(
      model(
        graph({
          nodes: [
            node('ThresholdedRelu', ['x'], ['t'], { attrs: { alpha: float(2) } }),
            node('Add', ['t', 'one'], ['y']),
          ],
          initializers: [floatTensor('one', [], [1])],
          inputs: [valueInfo('x', 'float32', ['N', 3, 8, 8])],
          outputs: [valueInfo('y', 'float32', ['N', 3, 8, 8])],
        }),
      ),
    );
    const found = await calibrationOn(syntheticSamples(net, { seed: 1, count: 4, runner })).statistics(
      net,
      { of: 'floats', ranges: ['x', 'y'] },
      wait,
    );
    expect(found.ranges.get('x')?.max).toBeGreaterThan(100);
    expect(found.ranges.get('y')?.max).toBeGreaterThan(100);
  });

  it('cannot be made of texts', () => {
    const net = reread(
      model(
        graph({
          nodes: [node('Identity', ['x'], ['y'])],
          inputs: [valueInfo('x', 'string', [1])],
          outputs: [valueInfo('y', 'string', [1])],
        }),
      ),
    );
    expect(() => syntheticSamples(net, { seed: 1, count: 4 })).toThrow('it takes string');
  });
});

describe('real models on made-up samples', () => {
  const folder = sharedDir();
  const files = folder === undefined ? [] : filesBelow(join(folder, 'models'), '.onnx');
  if (folder === undefined) {
    console.warn('No real models: the folder shared is not there.');
    it.skip('all figures are there, or the reason why not');
  }
  it.each(files.map((path) => [basename(path), path]))(
    '%s: all figures are there, or the reason why not',
    async (_, path) => {
      const opened = openModelFile(path);
      const calibration = calibrationOn(
        syntheticSamples(opened.model, { seed: 1, count: 2, runner }),
        runner,
      );
      const all = opened.model.graph.nodes.flatMap((n) => n.outputs.filter((name) => name !== ''));
      // From all over the graph.
      const names = all.filter((_, i) => i % Math.ceil(all.length / 60) === 0);
      const request = {
        of: 'floats',
        ranges: names,
        histograms: names.slice(0, 8),
        channels: names.map((value) => ({ value, axis: -1 })),
      } as const;
      const found = await calibration.statistics(opened.model, request, wait);
      for (const name of names) expect(found.ranges.has(name) || found.missing.has(name)).toBe(true);
      for (const { value } of request.channels) {
        expect(found.channels.has(value) || found.missing.has(value)).toBe(true);
      }
      const reasons = [...found.missing.values()].filter((reason) => reason.includes('runtime'));
      expect(reasons).toEqual([]);
      const layers = listWeights(opened.model)
        .map(({ id }) => id)
        .slice(0, 6);
      const visited: string[] = [];
      await calibration.grams(opened.model, layers, 'floats', wait, (layer, gram) => {
        visited.push(layer);
        if (typeof gram === 'string') expect(gram).toMatch(/^LSTM does not multiply/);
        else {
          expect(gram.rows).toBeGreaterThan(0);
          expect(gram.values.every(Number.isFinite)).toBe(true);
          expect(gram.values.length).toBe(gram.groups * gram.columns ** 2);
        }
        return Promise.resolve();
      });
      expect(visited).toEqual(layers);
      opened.dispose();
    },
    120_000,
  );
});
