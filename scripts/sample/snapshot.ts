/**
 * A trained network as one flat float32 file, so that the export can be repeated without training again.
 * It must not know ONNX.
 */
import type { Floats } from './gemm.ts';
import type { Network } from './network.ts';

/** Every number that inference needs, in a fixed order. */
function arraysOf(network: Network): readonly Floats[] {
  return [
    ...network.parameters.map((p) => p.value),
    ...network.stages.flatMap(({ norm }) => [norm.runningMean, norm.runningVariance]),
  ];
}

export function saveNetwork(network: Network): Uint8Array {
  const arrays = arraysOf(network);
  const flat = new Float32Array(arrays.reduce((sum, a) => sum + a.length, 0));
  let at = 0;
  for (const a of arrays) {
    flat.set(a, at);
    at += a.length;
  }
  return new Uint8Array(flat.buffer);
}

export function loadNetwork(network: Network, bytes: Uint8Array): void {
  const flat = new Float32Array(bytes.slice().buffer);
  const arrays = arraysOf(network);
  const expected = arrays.reduce((sum, a) => sum + a.length, 0);
  if (flat.length !== expected) {
    throw new Error(`the snapshot has ${flat.length} numbers, this network ${expected}: train again`);
  }
  let at = 0;
  for (const a of arrays) {
    a.set(flat.subarray(at, at + a.length));
    at += a.length;
  }
}
