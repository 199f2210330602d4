/**
 * The promise behind "decode at load": when onnxruntime-web makes a session it computes every decode chain, as operators
 * and as function calls, in the main graph, in branches and in function bodies. What runs afterwards is what ran before.
 */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatParts } from '../core/bytes/spans.ts';
import type { Model } from '../core/onnx/ir.ts';
import { writeModel } from '../core/onnx/write.ts';
import { applyRecipe } from '../core/passes/manager.ts';
import type { PassStep } from '../core/passes/types.ts';
import {
  functionModel,
  mixedModel,
  noise,
  oneWeight,
  reads,
  testContext,
  weight,
} from '../core/testing/weight-models.ts';
import { loadNodeRuntime } from './node-ort.ts';
import type { Ort, OrtTensor } from './ort.ts';

/** Operators that were run, sorted. The runtime prints its profile to file descriptor 1 (onnxruntime-web 1.30.0, Node). */
async function operatorsRun(made: Model, feeds: (ort: Ort) => Record<string, OrtTensor>): Promise<string[]> {
  const { ort } = await loadNodeRuntime();
  const session = await ort.InferenceSession.create(concatParts(writeModel(made).model), {
    executionProviders: ['wasm'],
    enableProfiling: true,
    logSeverityLevel: 4,
  });
  await session.run(feeds(ort));
  const printed: string[] = [];
  const original = fs.writeSync;
  const capture = (fd: number, data: unknown, offset = 0, length?: number): number => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
    const end = typeof data === 'string' ? bytes.length : offset + (length ?? bytes.length - offset);
    if (fd === 1 || fd === 2) printed.push(Buffer.from(bytes.subarray(offset, end)).toString());
    return end - offset;
  };
  Object.assign(fs, { writeSync: capture });
  try {
    session.endProfiling();
  } finally {
    Object.assign(fs, { writeSync: original });
  }
  await session.release();
  const operators: string[] = [];
  for (const line of printed.join('').split('\n')) {
    const text = line.trim().replace(/,$/, '').replace(/\]$/, '');
    if (!text.startsWith('{') || !text.includes('_kernel_time')) continue;
    const event = JSON.parse(text) as { cat: string; args: { op_name: string } };
    if (event.cat === 'Node') operators.push(event.args.op_name);
  }
  return operators.sort();
}

const step = (pass: string, params: PassStep['params'] & object): PassStep => ({ pass, params });
const sparse = step('prune-magnitude', { sparsity: 0.8 });
const RECIPES: readonly { name: string; steps: readonly PassStep[] }[] = [
  { name: 'fp16', steps: [step('quantize-weights', { precision: 'fp16' })] },
  { name: 'int8', steps: [step('quantize-weights', { precision: 'int8' })] },
  { name: 'int4', steps: [step('quantize-weights', { precision: 'int4' })] },
  { name: 'int4, asymmetric', steps: [step('quantize-weights', { precision: 'int4', symmetric: false })] },
  { name: 'sparse', steps: [sparse] },
  { name: 'sparse int8', steps: [sparse, step('quantize-weights', { precision: 'int8' })] },
  { name: 'sparse int4', steps: [sparse, step('quantize-weights', { precision: 'int4' })] },
];

const floats = (ort: Ort, dims: number[]): OrtTensor =>
  new ort.Tensor('float32', noise(dims.reduce((a, b) => a * b, 1)), dims);

const MODELS: readonly { name: string; make: () => Model; feeds: (ort: Ort) => Record<string, OrtTensor> }[] =
  [
    {
      name: 'Conv, Gemm, MatMul in branches',
      make: mixedModel,
      feeds: (ort) => ({ x: floats(ort, [1, 3, 12, 12]), cond: new ort.Tensor('bool', [true], []) }),
    },
    { name: 'a function body', make: functionModel, feeds: (ort) => ({ x: floats(ort, [1, 16]) }) },
    {
      name: 'LSTM',
      make: () => oneWeight({ tensor: weight('w', [1, 32, 20]), consumer: reads.lstm() }),
      feeds: (ort) => ({ x: floats(ort, [3, 1, 20]), r: floats(ort, [1, 32, 8]) }),
    },
    {
      name: 'ConvTranspose, old operator set',
      make: () =>
        oneWeight({ tensor: weight('w', [10, 6, 3, 3]), consumer: reads.convTranspose(), opset: 9 }),
      feeds: (ort) => ({ x: floats(ort, [1, 10, 5, 5]) }),
    },
    {
      name: 'Gather',
      make: () => oneWeight({ tensor: weight('w', [60, 20]), consumer: reads.gather() }),
      feeds: (ort) => ({ x: new ort.Tensor('int64', BigInt64Array.of(3n, 1n), [2]) }),
    },
  ];

describe.each(MODELS)('$name', ({ make, feeds }) => {
  it.each(RECIPES)('$name: no decoding is left to run', async ({ steps }) => {
    const made = make();
    const { model } = await applyRecipe(made, { seed: 1, steps }, testContext());
    const before = await operatorsRun(made, feeds);
    expect(before.length).toBeGreaterThan(0);
    expect(await operatorsRun(model, feeds)).toEqual(before);
  });
});
