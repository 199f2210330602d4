/** Whole profiles in Node, on models of a few nodes, with the real runtime's own printing. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import type { ProfileRequest } from './contract.ts';
import { profileInNode } from './node-profile.ts';
import { ELEMENT, tinyModel } from './testing/tiny-model.ts';
import type { TinyModel, TinyNode } from './testing/tiny-model.ts';

const float = (name: string, ...dims: (number | string)[]) => ({ name, element: ELEMENT.float32, dims });

/** A chain of nodes from x to y. */
const chain = (...nodes: readonly Pick<TinyNode, 'op' | 'name'>[]): TinyModel => ({
  nodes: nodes.map(({ op, name }, i) => ({
    op,
    ...(name === undefined ? {} : { name }),
    inputs: [i === 0 ? 'x' : `v${i}`, ...(op === 'MatMul' ? ['w'] : [])],
    outputs: [i === nodes.length - 1 ? 'y' : `v${i + 1}`],
  })),
  inputs: [float('x', 'N', 4)],
  outputs: [float('y', 'N', 4)],
  weights: { w: { dims: [4, 4], values: Array.from({ length: 16 }, (_, i) => i) } },
});

const request = (model: TinyModel, more: Partial<ProfileRequest> = {}): ProfileRequest => ({
  model: [{ name: 'tiny.onnx', parts: [tinyModel(model)] }],
  provider: 'wasm',
  threads: 1,
  seed: 1,
  dimensions: {},
  budgetMillis: 500,
  layerNodes: { w: ['multiply'] },
  ...more,
});

describe('profile in Node', () => {
  it('gives every node its operator, share and layer', async () => {
    const result = await profileInNode(
      request(chain({ op: 'MatMul', name: 'multiply' }, { op: 'Exp', name: 'raise' }), {
        dimensions: { N: 7 },
      }),
    );
    expect(result).toMatchObject({ source: 'measured', provider: 'wasm', dimensions: { N: 7 } });
    expect(result.nodes.map(({ node, op, provider, layerId }) => [node, op, provider, layerId])).toEqual([
      ['multiply', 'MatMul', 'CPUExecutionProvider', 'w'],
      ['raise', 'Exp', 'CPUExecutionProvider', null],
    ]);
    expect(result.runs).toBeGreaterThan(0);
    // What nodes take is inside the run: rounding gains at most a microsecond a node.
    expect(result.nodesMicros).toBeLessThanOrEqual(result.runMicros + 2);
    expect(Object.keys(result.layers).toSorted()).toEqual(['', 'w']);
    expect(result.events.filter(({ category }) => category === 'node')).toHaveLength(2);
  });

  it('reads names that break the printed JSON', async () => {
    const names = ['a "quoted" name', 'two\nlines', '"},\n]', 'back\\slash'];
    const result = await profileInNode(request(chain(...names.map((name) => ({ op: 'Exp', name })))));
    expect(result.nodes.map(({ node }) => node)).toEqual(names);
  });

  it('knows nodes without a name by operator and place', async () => {
    const result = await profileInNode(
      request(chain({ op: 'Exp' }, { op: 'MatMul' }), { layerNodes: { w: ['MatMul_1'] } }),
    );
    expect(result.nodes.map(({ node, layerId }) => [node, layerId])).toEqual([
      ['Exp_0', null],
      ['MatMul_1', 'w'],
    ]);
  });

  it('leaves standard output as it was, also when the model is refused', async () => {
    const { writeSync } = fs;
    await profileInNode(request(chain({ op: 'Exp' })));
    await expect(profileInNode(request(chain({ op: 'NoSuchOp' })))).rejects.toMatchObject({
      code: 'runtime-refused',
    });
    expect(fs.writeSync).toBe(writeSync);
  });

  it('says why: no GPU, text inputs, sizes that do not fit', async () => {
    await expect(profileInNode(request(chain({ op: 'Exp' }), { provider: 'webgpu' }))).rejects.toThrow(
      /Node has no WebGPU/,
    );
    const text = {
      ...chain({ op: 'Identity' }),
      inputs: [{ name: 'x', element: ELEMENT.string, dims: [1] }],
      outputs: [{ name: 'y', element: ELEMENT.string, dims: [1] }],
      weights: {},
    };
    await expect(profileInNode(request(text))).rejects.toThrow(/takes text/);
  });

  it('stops when told to', async () => {
    const cancelled = new PareError('cancelled', 'Cancelled.');
    const checkpoint = (fraction: number): Promise<void> =>
      fraction > 0.3 ? Promise.reject(cancelled) : Promise.resolve();
    const { writeSync } = fs;
    await expect(profileInNode(request(chain({ op: 'Exp' })), { checkpoint })).rejects.toBe(cancelled);
    expect(fs.writeSync).toBe(writeSync);
  });
});
