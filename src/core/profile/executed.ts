/**
 * Which kernels really computed the weight layers, by the runtime's own profile, and which of those that were meant for
 * integers did not get them. It must not know how the profile was made, or what a graph looks like.
 */
import type { NodeTime } from './types.ts';

/** onnxruntime's integer kernels for operators with weights. */
const INTEGER_KERNELS: ReadonlySet<string> = new Set([
  'QLinearConv',
  'QLinearMatMul',
  'QGemm',
  'ConvInteger',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'DynamicQuantizeMatMul',
]);
/** What the same operators are in floats. */
const FLOAT_KERNELS: ReadonlySet<string> = new Set([
  'Conv',
  'FusedConv',
  'NhwcFusedConv',
  'ConvTranspose',
  'MatMul',
  'FusedMatMul',
  'Gemm',
  'FusedGemm',
  'MatMulNBits',
]);

export interface ExecutedLayer {
  /** Name of the runtime's operator; the slowest one where a layer has several. */
  readonly kernel: string;
  readonly integer: boolean;
}

/** By layer id. Layers that the profile does not name are missing. */
export function executedLayers(
  nodes: readonly Pick<NodeTime, 'op' | 'layerId' | 'micros'>[],
): ReadonlyMap<string, ExecutedLayer> {
  const found = new Map<string, ExecutedLayer & { readonly micros: number }>();
  for (const { op, layerId, micros } of nodes) {
    const integer = INTEGER_KERNELS.has(op);
    if (layerId === null || (!integer && !FLOAT_KERNELS.has(op))) continue;
    const known = found.get(layerId);
    if (known !== undefined && known.integer && !integer) {
      // One of several operators stayed in floats: the layer is not an integer layer.
      found.set(layerId, { kernel: op, integer, micros });
    } else if (known === undefined || (known.integer === integer && known.micros < micros)) {
      found.set(layerId, { kernel: op, integer, micros });
    }
  }
  return new Map([...found].map(([layer, { kernel, integer }]) => [layer, { kernel, integer }]));
}

export interface StayedFloat {
  readonly layer: string;
  /** Undefined: the profile does not name it. */
  readonly kernel: string | undefined;
  readonly why: string;
}

/** Layers that were to compute in integers and did not, in the order in which they were asked. */
export function stayedFloat(
  asked: readonly string[],
  executed: ReadonlyMap<string, ExecutedLayer>,
): readonly StayedFloat[] {
  return asked.flatMap((layer): StayedFloat[] => {
    const found = executed.get(layer);
    if (found?.integer === true) return [];
    return [{ layer, kernel: found?.kernel, why: whyFloat(found?.kernel) }];
  });
}

function whyFloat(kernel: string | undefined): string {
  switch (kernel) {
    case undefined:
      return 'the profile has no operator by its name: the runtime merged it with another one';
    case 'Gemm':
    case 'FusedGemm':
      return 'the runtime made it a Gemm, which it does not fuse with codes';
    case 'MatMulNBits':
      return 'the runtime saw codes of its weight only, and unpacks them at every run';
    default:
      return 'the runtime did not fuse it: its result is read by something that takes no codes, or the codes reach beyond the Relu or Clip behind it';
  }
}
