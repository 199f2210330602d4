/**
 * Where integers are faster on a target, by a cost model of its kernels: products saved, against rounding each result to a
 * code, and against the borders where values become codes and floats again. A layer that does not pay on its own may pay
 * between neighbours, and one that pays on its own may not pay for its borders. It must not know ranges.
 */
import type { Node } from '../../onnx/ir.ts';
import type { Target } from '../../targets/types.ts';
import type { IntegerLayer, LayerNode } from './layers.ts';
import { planValues } from './plan.ts';
import type { PlanContext } from './plan.ts';

/** Nanoseconds of one thread. */
interface KernelCosts {
  /** A multiply-accumulate that is done in integers instead of floats saves this much. */
  readonly savedPerProduct: number;
  /** Rounding a sum to a code (convolution), or scaling it to a float (product). */
  readonly convolutionResult: number;
  readonly productResult: number;
  readonly quantize: number;
  readonly dequantize: number;
  /** By operator, what an element costs more in codes than in floats. */
  readonly carried: Readonly<Partial<Record<string, number>>>;
  /** Rows from which a product is faster; with fewer, reading the weight is all there is to it. */
  readonly minRows: number;
}

/**
 * onnxruntime-web 1.30, WASM, one thread: floats 15, integers 40 multiply-accumulates a nanosecond. Fitted to whole
 * convolutions: fan-in 96 → 0.78 ×, 144 → 1.03 ×, 288 → 1.46 ×, 576 → 1.86 ×; borders with their transposes.
 */
const WASM: KernelCosts = {
  savedPerProduct: 1 / 15 - 1 / 40,
  convolutionResult: 5.7,
  productResult: 1.5,
  quantize: 0.55,
  dequantize: 0.3,
  carried: {
    Add: 0.4,
    Mul: 0.8,
    AveragePool: 0.5,
    GlobalAveragePool: 0.4,
    Softmax: 1,
    Sigmoid: -2,
    LeakyRelu: -0.5,
  },
  minRows: 4,
};

/** Targets without an entry have fast integer kernels for whatever they list. */
const COSTS: Readonly<Partial<Record<Target['id'], KernelCosts>>> = { 'ort-wasm': WASM };

/** Elements of a value for one sample; a guess where sizes are free. */
export type SizeOf = (value: string) => number;
/** Rows of the left factor of a product. */
export type RowsOf = (value: string) => number;

export interface Payoff {
  readonly paying: readonly IntegerLayer[];
  /** By layer id. */
  readonly reasons: ReadonlyMap<string, string>;
}

/**
 * @param asked layers for which integers are an option; `decided` ones compute in integers anyway.
 * @param pause called before each set that is tried.
 */
export async function payingLayers(
  asked: readonly IntegerLayer[],
  decided: readonly IntegerLayer[],
  context: PlanContext,
  sizes: { readonly elements: SizeOf; readonly rows: RowsOf },
  pause: () => Promise<void>,
): Promise<Payoff> {
  const costs = COSTS[context.target.id];
  if (costs === undefined) return { paying: asked, reasons: new Map() };
  const reasons = new Map<string, string>();
  let paying = asked.filter((layer) => {
    const reason = neverPays(layer, costs, sizes.rows, context.target.label);
    if (reason !== undefined) reasons.set(layer.weight.id, reason);
    return reason === undefined;
  });
  const gainOf = (set: readonly IntegerLayer[]): number =>
    set.reduce((sum, layer) => sum + layerGain(layer, costs, sizes.elements), 0) -
    borders([...decided, ...set], context, costs, sizes.elements);
  // The least useful first: without it, its neighbours have other borders.
  const order = [...paying].sort(
    (a, b) => layerGain(a, costs, sizes.elements) - layerGain(b, costs, sizes.elements),
  );
  let gain = gainOf(paying);
  for (const layer of order) {
    await pause();
    const without = paying.filter((other) => other !== layer);
    const rest = gainOf(without);
    if (rest <= gain) continue;
    paying = without;
    gain = rest;
    reasons.set(
      layer.weight.id,
      `turning its values into codes and back would take longer on ${context.target.label} than integer products save`,
    );
  }
  return { paying, reasons };
}

function neverPays(layer: IntegerLayer, costs: KernelCosts, rows: RowsOf, label: string): string | undefined {
  const { group, fanIn, nodes } = layer;
  if (group > 1) {
    const kind = layer.weight.tensor.dims[1] === 1 ? 'depthwise' : 'grouped';
    return `a ${kind} convolution has no fast integer kernel on ${label}`;
  }
  const breakEven = Math.round(costs.convolutionResult / costs.savedPerProduct);
  if (nodes.some(isConvolution) && fanIn < breakEven) {
    return `each output is a sum of ${fanIn} products; on ${label} integers pay from about ${breakEven} on`;
  }
  const few = nodes.find((node) => !isConvolution(node) && rows(node.input) < costs.minRows);
  if (few !== undefined) {
    return `its input has ${rows(few.input)} row${rows(few.input) === 1 ? '' : 's'} a sample; on ${label} integer products pay from ${costs.minRows} on`;
  }
  return undefined;
}

const isConvolution = ({ op }: LayerNode): boolean => op === 'Conv' || op === 'ConvTranspose';

/** Without its borders. */
function layerGain({ nodes, fanIn }: IntegerLayer, costs: KernelCosts, elements: SizeOf): number {
  return nodes.reduce((sum, node) => {
    const result = isConvolution(node) ? costs.convolutionResult : costs.productResult;
    return sum + elements(node.output) * (fanIn * costs.savedPerProduct - result);
  }, 0);
}

function borders(
  layers: readonly IntegerLayer[],
  context: PlanContext,
  costs: KernelCosts,
  elements: SizeOf,
): number {
  const { main } = context;
  const { values, carried } = planValues(layers, context);
  let nanos = 0;
  for (const { name, kind, reads } of values) {
    const count = elements(name);
    if (kind === 'source') nanos += costs.quantize * count;
    else if (main.isGraphOutput(name) || main.uses(name).length > reads.length) {
      nanos += costs.dequantize * count;
    }
  }
  for (const node of carried) nanos += carriedCost(node, costs, elements);
  return nanos;
}

function carriedCost(node: Node, costs: KernelCosts, elements: SizeOf): number {
  const more = costs.carried[node.opType];
  return more === undefined ? 0 : more * elements(node.inputs[0]);
}
