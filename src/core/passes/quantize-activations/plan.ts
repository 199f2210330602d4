/**
 * Where codes flow: which values get Q/DQ when a set of layers computes in integers. A layer reads codes; a convolution
 * writes codes; what stands between integer layers (pooling, residual sums, concatenation, reshapes) works on codes where
 * the target has a kernel for it and its result is wanted as codes again. Each value is quantized once, however many
 * read it. It must not know ranges.
 */
import type { ValueRange } from '../../calibration/types.ts';
import type { CodeGrid } from '../../calibration/ranges.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import type { Target } from '../../targets/types.ts';
import type { IntegerLayer, LayerNode } from './layers.ts';
import { isOnnxruntime } from './onnxruntime.ts';
import { carriedOperator, prescribedGrid, resultOf } from './operators.ts';
import type { OperatorResult } from './operators.ts';

export interface PlannedValue {
  readonly name: string;
  /** `result`: an integer operator writes it, and everything reads its codes. `source`: made in floats; only `reads` take codes. */
  readonly kind: 'source' | 'result';
  readonly reads: readonly { readonly node: Node; readonly input: number }[];
  /** Of a Relu or Clip that its grid takes over. */
  readonly bounds?: ValueRange;
  /** Prescribed by the target. */
  readonly grid?: CodeGrid;
  /** Values with the same number have the same grid. */
  readonly group: number;
}

export interface ValuePlan {
  readonly values: readonly PlannedValue[];
  /** Operators without weights that work on codes. */
  readonly carried: readonly Node[];
}

/** What does not depend on the set of layers, so that many sets can be tried. */
export interface PlanContext {
  readonly main: GraphEditor;
  readonly target: Target;
}

interface Flow {
  readonly node: Node;
  readonly inputs: readonly string[];
  readonly results: readonly { readonly value: string; readonly bounds?: ValueRange }[];
  readonly keepsGrid: boolean;
}

/** @param layers those that compute in integers with calibrated ranges. */
export function planValues(layers: readonly IntegerLayer[], context: PlanContext): ValuePlan {
  const nodes = layers.flatMap((layer) => layer.nodes);
  const inFloats = new Set<Node>();
  for (;;) {
    const kept = wantedFlows(nodes, flowsFrom(nodes, context, inFloats), context);
    const apart = joinsApart(kept, context);
    if (apart.length === 0) return describeValues(nodes, kept, context);
    for (const node of apart) inFloats.add(node);
  }
}

/**
 * Operators that join values on one grid although the target prescribes different ones for them, or one for some of them
 * only, be it through operators that move values. They compute in floats.
 */
function joinsApart(flows: readonly Flow[], { main, target }: PlanContext): readonly Node[] {
  const groups = groupsOf(flows);
  const moved = new Set(
    flows.flatMap(({ keepsGrid, results }) => (keepsGrid ? results.map(({ value }) => value) : [])),
  );
  const grids = new Map<number, Set<string>>();
  for (const [name, group] of groups) {
    // Moved values are made of the others.
    if (moved.has(name)) continue;
    const grid = prescribedGrid(main.producer(name), target);
    const key = grid === undefined ? '' : `${grid.type} ${grid.scale} ${grid.zeroPoint}`;
    grids.set(group, (grids.get(group) ?? new Set()).add(key));
  }
  return flows.flatMap(({ node, inputs, keepsGrid }) => {
    const group = keepsGrid && new Set(inputs).size > 1 ? groups.get(inputs[0]) : undefined;
    return group !== undefined && (grids.get(group)?.size ?? 0) > 1 ? [node] : [];
  });
}

/** Convolutions are fused only with a quantized result; products can give floats. */
const alwaysQuantized = (layer: LayerNode): boolean => layer.op === 'Conv' || layer.op === 'ConvTranspose';

/**
 * What a layer writes as codes, if it is wanted. In onnxruntime a product gives floats, to which its bias is added; only
 * codes that are made of the bare product are a part of it.
 */
function resultOfLayer(
  { node, op, bias }: LayerNode,
  { main, target }: PlanContext,
): OperatorResult | undefined {
  if (op === 'Conv' || op === 'ConvTranspose' || !isOnnxruntime(target)) return resultOf(node, main);
  return bias === undefined ? { value: node.outputs[0] } : undefined;
}

/** All operators that could work on codes, found forward from the layers. */
function flowsFrom(
  nodes: readonly LayerNode[],
  context: PlanContext,
  inFloats: ReadonlySet<Node>,
): ReadonlyMap<Node, Flow> {
  const { main, target } = context;
  const available = new Set(nodes.map(({ input }) => input));
  const results = new Set<string>();
  const flows = new Map<Node, Flow>();
  const pending: string[] = [];
  const layerNodes = new Set(nodes.map(({ node }) => node));
  const add = (value: string): void => {
    if (results.has(value)) return;
    results.add(value);
    available.add(value);
    pending.push(value);
  };
  for (const layer of nodes) {
    const result = resultOfLayer(layer, context);
    if (result !== undefined) add(result.value);
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    for (const { scope, node } of main.uses(value)) {
      if (scope !== main || flows.has(node) || layerNodes.has(node) || inFloats.has(node)) continue;
      const carried = carriedOperator(node, main, target);
      if (carried === undefined) continue;
      const missing = carried.inputs.filter((name) => !available.has(name));
      // The other side of a residual sum is quantized for its sake.
      const residual = node.opType === 'Add' && target.quantizeResidual && missing.length === 1;
      if (missing.length > 0 && !residual) continue;
      const own = node.outputs.filter((name) => name !== '');
      const flow: Flow = {
        node,
        inputs: carried.inputs,
        results:
          own.length === 1 && !carried.keepsGrid
            ? [resultOf(node, main)]
            : own.map((name) => ({ value: name })),
        keepsGrid: carried.keepsGrid,
      };
      flows.set(node, flow);
      for (const result of flow.results) add(result.value);
    }
  }
  return flows;
}

/** Those whose results are read as codes, found backward from the layers. */
function wantedFlows(
  nodes: readonly LayerNode[],
  flows: ReadonlyMap<Node, Flow>,
  { main }: PlanContext,
): readonly Flow[] {
  const byResult = new Map<string, Flow>();
  for (const flow of flows.values()) for (const { value } of flow.results) byResult.set(value, flow);
  const kept = new Set<Flow>();
  const pending = nodes.map(({ input }) => input);
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const flow = byResult.get(value);
    if (flow === undefined || kept.has(flow)) continue;
    // A part of a Split that nothing reads as codes would be turned back at once.
    kept.add(flow);
    pending.push(...flow.inputs);
  }
  return main.nodes.flatMap((node) => {
    const flow = flows.get(node);
    return flow !== undefined && kept.has(flow) ? [flow] : [];
  });
}

interface Draft {
  kind: 'source' | 'result';
  readonly reads: { node: Node; input: number }[];
  bounds?: ValueRange;
}

function describeValues(
  nodes: readonly LayerNode[],
  flows: readonly Flow[],
  context: PlanContext,
): ValuePlan {
  const { main, target } = context;
  const values = new Map<string, Draft>();
  const at = (name: string): Draft => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const made: Draft = { kind: 'source', reads: [] };
    values.set(name, made);
    return made;
  };
  const read = (name: string, node: Node): void => {
    const value = at(name);
    node.inputs.forEach((input, i) => {
      if (input === name) value.reads.push({ node, input: i });
    });
  };
  for (const { input, node } of nodes) if (!at(input).reads.some((r) => r.node === node)) read(input, node);
  for (const { inputs, node } of flows) for (const name of new Set(inputs)) read(name, node);
  const write = (result: { value: string; bounds?: ValueRange }): void => {
    const value = at(result.value);
    value.kind = 'result';
    if (result.bounds !== undefined) value.bounds = result.bounds;
  };
  for (const layer of nodes) {
    const result = resultOfLayer(layer, context);
    if (result !== undefined && (alwaysQuantized(layer) || values.has(result.value))) write(result);
  }
  for (const flow of flows) flow.results.forEach(write);
  const groups = groupsOf(flows);
  const planned = [...values].map(([name, { kind, reads, bounds }], i): PlannedValue => {
    const grid = prescribedGrid(main.producer(name), target);
    return {
      name,
      kind,
      reads,
      group: groups.get(name) ?? -1 - i,
      ...(bounds === undefined ? {} : { bounds }),
      ...(grid === undefined ? {} : { grid }),
    };
  });
  return { values: planned, carried: flows.map(({ node }) => node) };
}

/** Values on both sides of operators that keep the grid, joined. */
function groupsOf(flows: readonly Flow[]): ReadonlyMap<string, number> {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  for (const { inputs, results, keepsGrid } of flows) {
    if (!keepsGrid) continue;
    const [first, ...rest] = [...inputs, ...results.map(({ value }) => value)];
    const to = root(first);
    parent.set(to, to);
    for (const name of rest) parent.set(root(name), to);
  }
  const numbers = new Map<string, number>();
  const groups = new Map<string, number>();
  for (const name of parent.keys()) {
    const top = root(name);
    const number = numbers.get(top) ?? numbers.size;
    numbers.set(top, number);
    groups.set(name, number);
  }
  return groups;
}
