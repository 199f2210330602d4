/** onnxruntime-web in Node: the judge of what the page saved. It must not know the page. */
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import type { DroppedFile } from './studio-page.ts';

env.wasm.numThreads = 1;

export type Inputs = Readonly<
  Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>
>;

/** Runs a model once; float32 outputs by name. */
export async function outputsOf(
  model: Uint8Array,
  inputs: Inputs,
  data: readonly DroppedFile[] = [],
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await InferenceSession.create(model, {
    externalData: data.map(({ name, bytes }) => ({ path: name, data: bytes })),
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, t]) => [name, new Tensor('float32', t.data, t.dims)]),
  );
  const outputs = await session.run(feeds);
  const result = Object.fromEntries(
    session.outputNames.map((name) => [name, Float32Array.from(outputs[name].data as Float32Array)]),
  );
  await session.release();
  return result;
}
