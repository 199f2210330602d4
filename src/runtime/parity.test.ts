/** Original and variant through the runtime in Node, where there is a CPU only; the GPU is tested in the browser. */
import { describe, expect, it } from 'vitest';
import { loadNodeRuntime } from './node-ort.ts';
import { measureParity } from './parity.ts';
import type { ParityHost } from './parity.ts';
import { ELEMENT, tinyModel } from './testing/tiny-model.ts';

const file = (weight: number, op = 'Mul') => [
  {
    name: 'tiny.onnx',
    parts: [
      tinyModel({
        nodes: [{ op, inputs: ['x', 'w'], outputs: ['y'] }],
        inputs: [{ name: 'x', element: ELEMENT.float32, dims: ['N', 4] }],
        outputs: [{ name: 'y', element: ELEMENT.float32, dims: ['N', 4] }],
        weights: { w: { dims: [1], values: [weight] } },
      }),
    ],
  },
];

async function host(more: Partial<ParityHost> = {}): Promise<ParityHost> {
  const { ort } = await loadNodeRuntime(1);
  return {
    ort,
    providers: { wasm: true, webgpu: 'Node has no WebGPU.' },
    clock: performance,
    checkpoint: () => Promise.resolve(),
    ...more,
  };
}

const request = (original: number, variant: number, op?: string) => ({
  original: file(original),
  variant: file(variant, op),
  dimensions: {},
  seed: 1,
});

describe('measureParity', () => {
  it('the same model gives the same', async () => {
    const rows = await measureParity(await host(), request(2, 2));
    expect(rows).toEqual([
      {
        who: 'variant on WASM',
        against: 'original on WASM',
        sqnrDb: Infinity,
        maxError: 0,
        notFinite: 0,
        samples: 4,
      },
    ]);
  });

  it('finds a known error', async () => {
    // 2.1 against 2: the noise is a twentieth of the signal, 20 · log₁₀ 20 = 26.02 dB.
    const [row] = await measureParity(await host(), request(2, 2.1));
    expect(row.sqnrDb).toBeCloseTo(26.02, 1);
    expect(row.finding).toBeUndefined();
  });

  it('runs on the samples that it is given', async () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const samples = () =>
      Promise.resolve([new Map([['x', { dataType: 'float32' as const, dims: [1, 4], bytes }]])]);
    const [row] = await measureParity(await host({ samples }), request(2, 3));
    expect(row).toMatchObject({ samples: 1, maxError: 4 });
  });

  it('a variant that is refused is a row in the words of the runtime', async () => {
    const [row] = await measureParity(await host(), request(2, 2, 'NoSuchOperator'));
    expect(row).toMatchObject({ who: 'variant on WASM', sqnrDb: null, samples: 0 });
    expect(row.failed).toContain('NoSuchOperator');
    expect(row.finding?.severity).toBe('error');
  });

  it('stops when it is cancelled', async () => {
    const stop = new Error('cancelled');
    const stopping = await host({ checkpoint: () => Promise.reject(stop) });
    await expect(measureParity(stopping, request(2, 2))).rejects.toBe(stop);
  });
});
