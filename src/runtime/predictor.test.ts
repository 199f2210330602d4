/** The predictor on models of one or two nodes: ports, values, order of calls, refusals in the runtime's words. */
import { describe, expect, it } from 'vitest';
import { loadNodeRuntime } from './node-ort.ts';
import { createPredictor } from './predictor.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { ELEMENT, tinyModel } from './testing/tiny-model.ts';
import type { TinyModel } from './testing/tiny-model.ts';

const { ort } = await loadNodeRuntime();

async function sessionOf(model: TinyModel): Promise<Session> {
  const bytes = { model: tinyModel(model), external: [] };
  return openSession(ort, bytes, 'wasm', 'the model', () => 0);
}

const float = (name: string, ...dims: (number | string)[]) => ({ name, element: ELEMENT.float32, dims });
const floats = (dims: readonly number[], ...values: number[]) => ({
  dataType: 'float32' as const,
  dims,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const numbers = (bytes: Uint8Array): number[] => [
  ...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
];

const doubled: TinyModel = {
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [float('x', 'N', 2)],
  outputs: [float('y', 'N', 2)],
};

describe('predictor', () => {
  it('names its ports, free sizes by name or as null', async () => {
    const { inputs, outputs } = createPredictor(
      await sessionOf({ ...doubled, inputs: [float('x', 'N', -1)], outputs: [float('y', 'N', '')] }),
    );
    expect(inputs).toEqual([{ name: 'x', dataType: 'float32', shape: ['N', null] }]);
    expect(outputs).toEqual([{ name: 'y', dataType: 'float32', shape: ['N', null] }]);
  });

  it('runs a batch, from bytes at an odd address too', async () => {
    const predictor = createPredictor(await sessionOf(doubled));
    const odd = new Uint8Array(17);
    odd.set(floats([2, 2], 1, 2, 3, 4).bytes, 1);
    const out = await predictor.run(
      new Map([['x', { dataType: 'float32', dims: [2, 2], bytes: odd.subarray(1) }]]),
    );
    expect(out.get('y')).toMatchObject({ dataType: 'float32', dims: [2, 2] });
    expect(numbers(out.get('y')!.bytes)).toEqual([2, 4, 6, 8]);
  });

  it('gives each run its own output, and queues what is asked at once', async () => {
    const predictor = createPredictor(await sessionOf(doubled));
    const runs = await Promise.all(
      [1, 10, 100].map((k) => predictor.run(new Map([['x', floats([1, 2], k, -k)]]))),
    );
    expect(runs.map((out) => numbers(out.get('y')!.bytes))).toEqual([
      [2, -2],
      [20, -20],
      [200, -200],
    ]);
  });

  it('says what the runtime says about a wrong shape or a missing input, and goes on', async () => {
    const predictor = createPredictor(await sessionOf(doubled));
    await expect(predictor.run(new Map([['x', floats([1, 3], 1, 2, 3)]]))).rejects.toMatchObject({
      code: 'runtime-refused',
      message: expect.stringMatching(/Got: 3 Expected: 2/) as unknown,
    });
    await expect(predictor.run(new Map())).rejects.toMatchObject({ code: 'runtime-refused' });
    const out = await predictor.run(new Map([['x', floats([1, 2], 1, 1)]]));
    expect(numbers(out.get('y')!.bytes)).toEqual([2, 2]);
  });

  it('refuses text, and leaves text outputs out', async () => {
    const text = (name: string) => ({ name, element: ELEMENT.string, dims: [1] });
    const takesText = await sessionOf({
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
      inputs: [text('x')],
      outputs: [text('y')],
    });
    expect(() => createPredictor(takesText)).toThrow(/takes text/);
    const predictor = createPredictor(
      await sessionOf({
        nodes: [
          { op: 'Cast', inputs: ['x'], outputs: ['t'], attributes: { to: ELEMENT.string } },
          { op: 'Add', inputs: ['x', 'x'], outputs: ['y'] },
        ],
        inputs: [float('x', 1)],
        outputs: [text('t'), float('y', 1)],
      }),
    );
    expect(predictor.outputs.map(({ name }) => name)).toEqual(['y']);
    const out = await predictor.run(new Map([['x', floats([1], 4)]]));
    expect([...out.keys()]).toEqual(['y']);
    expect(numbers(out.get('y')!.bytes)).toEqual([8]);
  });
});
