/** Whole measurements in Node on models of one or two nodes, whose right answers can be worked out by hand. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import type { MeasureRequest } from './contract.ts';
import { measure } from './measure.ts';
import { measureInNode } from './node-measure.ts';
import { ELEMENT, tinyModel } from './testing/tiny-model.ts';
import type { TinyModel, TinyValue } from './testing/tiny-model.ts';

const float = (name: string, ...dims: (number | string)[]): TinyValue => ({
  name,
  element: ELEMENT.float32,
  dims,
});

/** y = x · weights, by any operator of two inputs. */
function weighted(
  op: string,
  dims: readonly number[],
  values: readonly number[],
  input: readonly (number | string)[] = ['N', 4],
  output: readonly (number | string)[] = input,
): TinyModel {
  return {
    nodes: [{ op, inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [float('x', ...input)],
    outputs: [float('y', ...output)],
    weights: { w: { dims, values } },
  };
}

const file = (model: TinyModel) => [{ name: 'tiny.onnx', parts: [tinyModel(model)] }];

function request(
  original: TinyModel,
  variant: TinyModel,
  more: Partial<MeasureRequest> = {},
): MeasureRequest {
  return {
    original: file(original),
    variant: file(variant),
    provider: 'wasm',
    threads: 1,
    seed: 1,
    dimensions: {},
    budgetMillis: 100,
    ...more,
  };
}

/** Half a millisecond passes at each look, whatever the machine is doing. */
function tickingClock() {
  let time = 0;
  return { now: () => (time += 0.5) };
}

const measured = (what: MeasureRequest, checkpoint?: (fraction: number, doing: string) => Promise<void>) =>
  measureInNode(what, { clock: tickingClock(), ...(checkpoint === undefined ? {} : { checkpoint }) });

const reasons = (result: Awaited<ReturnType<typeof measureInNode>>): Record<string, string> =>
  Object.fromEntries(result.notMeasured.map(({ what, reason }) => [what, reason]));

/** A sample [1, n] with a 1 at `c`. */
const hot = (c: number, n = 4) =>
  new Map([
    [
      'x',
      {
        dataType: 'float32' as const,
        dims: [1, n],
        bytes: new Uint8Array(Float32Array.from({ length: n }, (_, i) => (i === c ? 1 : 0)).buffer),
      },
    ],
  ]);

describe('measure', () => {
  it('finds a known error: every output is off by a twentieth', async () => {
    const result = await measured(
      request(weighted('Mul', [1], [2], [1, 3, 4, 4]), weighted('Mul', [1], [2.1], [1, 3, 4, 4])),
    );
    // 20·log10(2 / 0.1) = 26.0206 dB; the direction is the same
    expect(result.agreement?.sqnrDb).toBeCloseTo(26.0206, 3);
    expect(result.agreement?.cosine).toBeCloseTo(1, 9);
    expect(result.agreement).toMatchObject({ source: 'measured', inputs: 'synthetic' });
    expect(result.agreement?.top1).toBeUndefined();
    expect(result.latency).toMatchObject({ source: 'measured', provider: 'wasm', threads: 1 });
    expect(result.latency?.runs).toBeGreaterThanOrEqual(6);
    expect(result.latency?.discarded).toBeGreaterThanOrEqual(10);
    // Half a millisecond passes at each look at the clock: before and after.
    expect(result.latency?.firstRunMillis).toEqual({ original: 0.5, variant: 0.5 });
    expect(reasons(result)).toEqual({});
  });

  it('finds the same winners where the order of the classes is kept, none where it is turned round', async () => {
    const same = await measured(
      request(weighted('Mul', [4], [1, 1, 1, 1]), weighted('Mul', [4], [3, 3, 3, 3])),
    );
    expect(same.agreement?.top1).toBe(1);
    const turned = await measured(
      request(weighted('Mul', [4], [1, 1, 1, 1]), weighted('Mul', [4], [-1, -1, -1, -1])),
    );
    expect(turned.agreement?.top1).toBe(0);
    expect(turned.agreement?.cosine).toBeCloseTo(-1, 9);
  });

  it("compares on the user's own samples where there are some", async () => {
    // One-hot inputs: the original answers the position of the 1; the variant mixes up classes 2 and 3.
    const swap = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0];
    const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const asked: number[] = [];
    const result = await measureInNode(
      request(weighted('MatMul', [4, 4], identity), weighted('MatMul', [4, 4], swap)),
      {
        clock: tickingClock(),
        samples: (count) => {
          asked.push(count);
          return Promise.resolve(Array.from({ length: Math.min(count, 40) }, (_, i) => hot(i % 4)));
        },
      },
    );
    expect(asked).toEqual([1, 64]);
    // Half of the 40 samples are of classes 0 and 1, which the variant leaves alone.
    expect(result.agreement).toMatchObject({ inputs: 'data', samples: 40, top1: 0.5, dimensions: { N: 1 } });
    expect(result.agreement?.range).toBeUndefined();
    // Those outputs are distributions already. In the other half p = 1 meets 0, which counts as 2⁻¹²⁶.
    expect(result.agreement?.divergenceNats).toBeCloseTo((126 * Math.LN2) / 2, 9);
    expect(result.latency).toMatchObject({ inputs: 'data' });
  });

  it('says why samples cannot be used, and times made-up inputs', async () => {
    const model = weighted('Mul', [4], [1, 1, 1, 1]);
    const withSamples = (samples: NonNullable<Parameters<typeof measureInNode>[1]>['samples'] & object) =>
      measureInNode(request(model, model), { clock: tickingClock(), samples });
    const wide = await withSamples(() => Promise.resolve([hot(0, 5)]));
    expect(wide.agreement).toBeNull();
    expect(reasons(wide)['agreement']).toMatch(/does not run on your samples.*Got: 5 Expected: 4/);
    expect(wide.latency).not.toBeNull();
    const none = await withSamples(() => Promise.resolve([]));
    expect(reasons(none)['agreement']).toMatch(/no sample that can be read/);
    const broken = await withSamples(() =>
      Promise.reject(new PareError('data-invalid', 'None of the first samples can be fed.')),
    );
    expect(reasons(broken)['agreement']).toMatch(/None of the first samples/);
    const stopped = withSamples(() => Promise.reject(new PareError('cancelled', 'Cancelled.')));
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('refuses everything with the reason when the variant does not load', async () => {
    const good = weighted('Mul', [4], [1, 1, 1, 1]);
    const bad: TinyModel = { ...good, nodes: [{ op: 'NoSuchOp', inputs: ['x', 'w'], outputs: ['y'] }] };
    const result = await measured(request(good, bad));
    expect(result).toMatchObject({ latency: null, agreement: null, memory: null });
    expect(result.notMeasured.map(({ what }) => what).sort()).toEqual(['agreement', 'latency', 'memory']);
    expect(reasons(result)['latency']).toMatch(/could not load the variant.*NoSuchOp/);
  });

  it('does not call a broken output an agreement', async () => {
    const result = await measured(
      request(weighted('Mul', [4], [1, 1, 1, 1]), weighted('Mul', [4], [1, 1, 1, NaN])),
    );
    expect(result.agreement).toBeNull();
    expect(reasons(result)['agreement']).toMatch(/NaN or infinity in output 'y' for 16 of 64 numbers/);
    expect(result.latency).not.toBeNull();
  });

  it('finds the sizes that a model accepts, and says when there are none', async () => {
    // x [N, F] must have 80 columns, which the graph does not say.
    const hidden = weighted('MatMul', [80, 2], new Array<number>(160).fill(0.01), ['N', 'F'], ['N', 2]);
    const found = await measured(request(hidden, hidden));
    expect(found.agreement?.dimensions).toEqual({ N: 1, F: 80 });
    const odd = weighted('MatMul', [81, 2], new Array<number>(162).fill(0.01), ['N', 'F'], ['N', 2]);
    const none = await measured(request(odd, odd));
    expect(reasons(none)['agreement']).toMatch(/None of 11 sets of sizes worked.*by hand/);
    expect(reasons(none)['latency']).toBe(reasons(none)['agreement']);
    const set = await measured(request(odd, odd, { dimensions: { F: 81 } }));
    expect(set.agreement?.cosine).toBe(1);
  });

  it('cannot make up text', async () => {
    const text: TinyModel = {
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', element: ELEMENT.string, dims: [1] }],
      outputs: [{ name: 'y', element: ELEMENT.string, dims: [1] }],
    };
    expect(reasons(await measured(request(text, text)))['agreement']).toMatch(/takes text/);
  });

  it('says that there is no GPU in Node', async () => {
    const model = weighted('Mul', [4], [1, 1, 1, 1]);
    const result = await measured(request(model, model, { provider: 'webgpu' }));
    expect(reasons(result)['latency']).toMatch(/Node has no WebGPU/);
  });

  it('reads weights from the files beside the model', async () => {
    const inside = weighted('Mul', [4], [1, 2, 3, 4]);
    const beside: TinyModel = {
      ...inside,
      weights: { w: { dims: [4], values: [1, 2, 3, 4], location: 'tiny.onnx.data' } },
    };
    const data = { name: 'tiny.onnx.data', parts: [Float32Array.of(1, 2, 3, 4)] };
    const result = await measured({
      ...request(inside, inside),
      variant: [{ name: 'tiny.onnx', parts: [tinyModel(beside)] }, data],
    });
    expect(result.agreement?.sqnrDb).toBe(Infinity);
    const missing = await measured({
      ...request(inside, inside),
      variant: [{ name: 'tiny.onnx', parts: [tinyModel(beside)] }],
    });
    expect(reasons(missing)['agreement']).toMatch(/could not load the variant/);
  });

  it('keeps what it has and gives the reason for the rest when the runtime breaks down', async () => {
    const metadata = [{ name: 'x', isTensor: true, type: 'float32', shape: [1, 2] }];
    let runs = 0;
    const session = {
      inputMetadata: metadata,
      outputNames: ['y'],
      run: () => {
        // 1 run to find the sizes, 4 to pick a range, 16 pairs for the agreement, then the timing begins.
        if (++runs > 37) throw new WebAssembly.RuntimeError('memory access out of bounds');
        return Promise.resolve({ y: { type: 'float32', dims: [1, 2], data: Float32Array.of(runs % 7, 1) } });
      },
      release: () => {
        throw new Error('the heap is gone');
      },
    };
    let created = 0;
    // The first session only starts the runtime and is let go at once.
    const create = () =>
      Promise.resolve(++created === 1 ? { ...session, release: () => Promise.resolve() } : session);
    const ort = { InferenceSession: { create }, Tensor: Object };
    const result = await measure(
      {
        ort: ort as never,
        providers: { wasm: true, webgpu: 'none' },
        memory: { usedBytes: () => 0 },
        clock: tickingClock(),
        threads: 1,
        machine: { cores: 1, userAgent: 'test', runtime: 'broken', crossOriginIsolated: true },
        checkpoint: () => Promise.resolve(),
      },
      request(weighted('Mul', [1], [1]), weighted('Mul', [1], [1])),
    );
    expect(result.agreement?.samples).toBe(16);
    expect(result.latency).toBeNull();
    expect(reasons(result)['latency']).toMatch(/broke down and could not run the original.*out of bounds/);
    expect(reasons(result)['memory']).toBe(reasons(result)['latency']);
  });

  it('stops when it is cancelled', async () => {
    const model = weighted('Mul', [4], [1, 1, 1, 1]);
    let steps = 0;
    const checkpoint = () => {
      if (++steps === 5) throw new PareError('cancelled', 'The work was cancelled.');
      return Promise.resolve();
    };
    await expect(measured(request(model, model), checkpoint)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
